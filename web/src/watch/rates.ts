/** Over which time a rate is taken, at least. */
const WINDOW_MS = 1000;

/** Data and pictures a second, of the last second. */
export class Rates {
	#sinceMs = 0;
	#bytes = 0;
	#shownBefore = 0;
	#bitsPerSecond = 0;
	#framesPerSecond = 0;

	arrived(bytes: number): void {
		this.#bytes += bytes;
	}
	/** `shown` counts all pictures so far; `nowMs` is monotonic. */
	at(nowMs: number, shown: number): { bitsPerSecond: number; framesPerSecond: number } {
		const elapsedMs = nowMs - this.#sinceMs;
		if (elapsedMs > WINDOW_MS) {
			this.#bitsPerSecond = (this.#bytes * 8000) / elapsedMs;
			this.#framesPerSecond = ((shown - this.#shownBefore) * 1000) / elapsedMs;
			this.#bytes = 0;
			this.#shownBefore = shown;
			this.#sinceMs = nowMs;
		}
		return { bitsPerSecond: this.#bitsPerSecond, framesPerSecond: this.#framesPerSecond };
	}
}
