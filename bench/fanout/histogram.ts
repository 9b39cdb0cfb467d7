/** Of one entry, ms. */
const STEP_MS = 0.1;
/** Longer ones count as this long, ms. */
const MOST_MS = 20_000;

/** Times counted in steps of 0.1 ms: costs the same whatever comes, and several can be added up. */
export class Histogram {
	#counts = new Uint32Array(MOST_MS / STEP_MS + 1);
	#total = 0;

	get total(): number {
		return this.#total;
	}
	add(ms: number): void {
		const step = Math.min(Math.max(0, Math.floor(ms / STEP_MS)), this.#counts.length - 1);
		this.#counts[step]! += 1;
		this.#total += 1;
	}
	/** Pairs of step and count, where there is a count: what goes from process to process. */
	get entries(): [step: number, count: number][] {
		const entries: [number, number][] = [];
		this.#counts.forEach((count, step) => {
			if (count > 0) entries.push([step, count]);
		});
		return entries;
	}
	/** Adds another one's {@link entries}. */
	addAll(entries: readonly (readonly [step: number, count: number])[]): void {
		for (const [step, count] of entries) {
			this.#counts[step]! += count;
			this.#total += count;
		}
	}
	/** The time that `share` of all stay below or at, ms, to the end of its step; 0 without any. */
	percentile(share: number): number {
		let left = Math.ceil(this.#total * share);
		if (left === 0) return 0;
		const step = this.#counts.findIndex((count) => {
			left -= count;
			return left <= 0;
		});
		return (step + 1) * STEP_MS;
	}
}
