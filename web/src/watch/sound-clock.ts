/** Sound begins this far ahead, so that a late piece does not tear. */
const LEAD_S = 0.12;
/** More than this in stock: the network gave back what it had held; skip to now. */
const MAX_STOCK_S = 0.5;

/** Where on the audio clock each decoded piece begins. One piece follows the other until something tears. */
export class SoundClock {
	#next = 0;

	/** Seconds on the audio clock at which to start a piece of `durationS`; `undefined`: throw it away. */
	place(durationS: number, nowS: number): number | undefined {
		if (this.#next - nowS > MAX_STOCK_S) return undefined;
		if (this.#next < nowS) this.#next = nowS + LEAD_S;
		const at = this.#next;
		this.#next += durationS;
		return at;
	}
	reset(): void {
		this.#next = 0;
	}
}
