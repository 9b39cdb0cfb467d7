import { MAX_OPEN_FRAMES } from "./limits.ts";

/** What the presenter needs of a `VideoFrame`. */
export interface Picture {
	readonly timestamp: number;
	close(): void;
}

/**
 * Holds decoded pictures until they are due and draws at most one per refresh: the newest that is due. Owns every
 * picture given to it and closes each exactly once.
 */
export class Presenter<P extends Picture> {
	#waiting: { picture: P; dueMs: number }[] = [];
	#draw: (picture: P) => void;
	/** Pictures closed unseen. */
	dropped = 0;
	shown = 0;
	/** Timestamp (µs) of the picture on the screen. */
	shownTimestampUs: number | undefined;

	constructor(draw: (picture: P) => void) {
		this.#draw = draw;
	}
	get open(): number {
		return this.#waiting.length;
	}
	give(picture: P, dueMs: number): void {
		this.#waiting.push({ picture, dueMs });
		while (this.#waiting.length > MAX_OPEN_FRAMES) this.#drop();
	}
	/** Called once per refresh. True when something was drawn. */
	refresh(nowMs: number): boolean {
		let due = 0;
		while (due < this.#waiting.length && (this.#waiting[due]?.dueMs ?? 0) <= nowMs) due += 1;
		for (; due > 1; due -= 1) this.#drop();
		if (due === 0) return false;
		const next = this.#waiting.shift();
		if (!next) return false;
		try {
			this.#draw(next.picture);
			this.shown += 1;
			this.shownTimestampUs = next.picture.timestamp;
		} finally {
			next.picture.close();
		}
		return true;
	}
	/** Closes what waits; what is on the screen stays. */
	clear(): void {
		for (const { picture } of this.#waiting) picture.close();
		this.#waiting = [];
	}
	#drop(): void {
		this.#waiting.shift()?.picture.close();
		this.dropped += 1;
	}
}
