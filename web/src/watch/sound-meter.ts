/** A loudness is of this long: longer than the pause between two words, shorter than a person waits. */
const WINDOW_MS = 1000;

/** What came out of one camera's sound decoder: how much of it, and how loud it was of late. */
export class SoundMeter {
	#now: () => number;
	#sinceMs = Number.NEGATIVE_INFINITY;
	#peak = 0;
	#peakBefore = 0;
	/** Pieces that were decoded, since the view began. */
	decoded = 0;

	/** `now` is monotonic, ms. */
	constructor(now: () => number) {
		this.#now = now;
	}
	/** A decoded piece, one plane a channel. */
	heard(planes: readonly Float32Array[]): void {
		this.#turn();
		this.decoded += 1;
		for (const plane of planes) for (const sample of plane) this.#peak = Math.max(this.#peak, Math.abs(sample));
	}
	/** The loudest sample of the last second or two, 0 to 1; 0 where nothing came. */
	get peak(): number {
		this.#turn();
		return Math.max(this.#peak, this.#peakBefore);
	}
	#turn(): void {
		const now = this.#now();
		const elapsed = now - this.#sinceMs;
		if (elapsed < WINDOW_MS) return;
		this.#peakBefore = elapsed < 2 * WINDOW_MS ? this.#peak : 0;
		this.#peak = 0;
		this.#sinceMs = now;
	}
}
