/** Numbers in [0, 1); a seed makes them the same again. */
export type Random = () => number;

export const below = (random: Random, limit: number) => Math.floor(random() * limit);
export function oneOf<T>(random: Random, values: readonly T[]): T {
	return values[below(random, values.length)]!;
}
/** Bytes without a meaning, made once: drawing each anew would take most of a fuzz's time. */
const NOISE = new Uint8Array(65_536).map((_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);
const noise = (random: Random, length: number) => {
	const at = below(random, NOISE.length - length);
	return NOISE.subarray(at, at + length);
};

/** What stands where a varint or a length is read: the largest ones, ones that a number cannot hold, ones cut short. */
const HUGE = ["ffffffffffffffff", "c01fffffffffffff", "c020000000000000", "bfffffff", "80400001", "7fff", "c0"].map(
	(text) => new Uint8Array(Buffer.from(text, "hex")),
);

/** Each gives a changed copy; `at` and `to` are places in the message, in order. */
const CHANGES: readonly ((bytes: Uint8Array, at: number, to: number, random: Random) => readonly Uint8Array[])[] = [
	(bytes, at) => [bytes.subarray(0, at)],
	(bytes, _at, _to, random) => [bytes, noise(random, 1 + below(random, 20))],
	(bytes, _at, _to, random) => [bytes, noise(random, below(random, 6000))],
	(bytes) => [bytes, bytes],
	(bytes, at, to) => [bytes.subarray(0, to), bytes.subarray(at)],
	(bytes, at, to) => [bytes.subarray(0, at), bytes.subarray(to)],
	(bytes, at) => [bytes.subarray(at), bytes.subarray(0, at)],
	(bytes, at, _to, random) => [bytes.subarray(0, at), oneOf(random, HUGE), bytes.subarray(at)],
	(bytes, at, _to, random) => [bytes.subarray(0, at), oneOf(random, HUGE), bytes.subarray(at + 1)],
	(bytes, at, to, random) => [bytes.subarray(0, at), noise(random, to - at), bytes.subarray(to)],
	(bytes, at, to) => [bytes.subarray(0, at), new Uint8Array(to - at), bytes.subarray(to)],
	(bytes, at, _to, random) => {
		const flipped = Uint8Array.from(bytes);
		if (flipped.length > 0) flipped[at % flipped.length] = flipped[at % flipped.length]! ^ (1 << below(random, 8));
		return [flipped];
	},
];

/** `message` with one to three structured faults. */
export function mutate(random: Random, message: Uint8Array): Uint8Array {
	let bytes = message;
	for (let left = 1 + below(random, 3); left > 0; left--) {
		const [a, b] = [below(random, bytes.length + 1), below(random, bytes.length + 1)];
		bytes = Buffer.concat(oneOf(random, CHANGES)(bytes, Math.min(a, b), Math.max(a, b), random));
	}
	return bytes;
}
