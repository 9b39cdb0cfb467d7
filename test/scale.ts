/** Set by `npm run fault` and `npm run fuzz`. */
const FULL = process.env["MIVISUS_FULL"] === "1";

/** How much a test of chance does: a little in `npm test`, all that was promised in `npm run fault` and `npm run fuzz`. */
export const scaled = (inTests: number, inFull: number): number => (FULL ? inFull : inTests);

/**
 * Where this run's chance begins; MIVISUS_SEED repeats one. `what` names the test in the line that says so, because a
 * failure that cannot be repeated is half a failure.
 */
export function seedOf(what: string): number {
	const seed = Number(process.env["MIVISUS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
	process.stdout.write(`${what}: MIVISUS_SEED=${seed}\n`);
	return seed;
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
