import type { Unit } from "./gop.ts";

/** How far apart a camera's key pictures are: some send one in minutes only (P06, "smart codec"). */
export class KeyInterval {
	#keyUs: number | undefined;
	#lastUs = 0;
	#intervalUs = 0;

	push({ key, timestampUs }: Unit): void {
		this.#lastUs = timestampUs;
		if (!key) return;
		if (this.#keyUs !== undefined) this.#intervalUs = timestampUs - this.#keyUs;
		this.#keyUs = timestampUs;
	}
	/** The last one, or the one that is not over yet where that is longer; seconds, at least 1. */
	get seconds(): number {
		const openUs = this.#lastUs - (this.#keyUs ?? this.#lastUs);
		return Math.max(1, Math.round(Math.max(this.#intervalUs, openUs) / 1e6));
	}
}
