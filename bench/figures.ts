type Figure = number | string | readonly Figures[] | { [name: string]: Figure };
/** What a benchmark reports beside the machine. */
export type Figures = Record<string, Figure>;

/** A promise that a benchmark itself guards was not kept: what was measured is printed all the same, and the run fails. */
export class Failed extends Error {
	override name = "Failed";
	readonly figures: Figures;
	/** `why`: in words, one line for each. */
	constructor(why: readonly string[], figures: Figures) {
		super(why.join("\n"));
		this.figures = figures;
	}
}

/** Of values in order. */
export const percentile = (sorted: readonly number[], share: number) =>
	sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Median and 95th percentile of times in ms, as `<prefix>p50Ms` and `<prefix>p95Ms`. */
export function figuresOf(values: readonly number[], prefix: string): Figures {
	const sorted = [...values].sort((a, b) => a - b);
	return {
		[`${prefix}p50Ms`]: Math.round(percentile(sorted, 0.5)),
		[`${prefix}p95Ms`]: Math.round(percentile(sorted, 0.95)),
	};
}
