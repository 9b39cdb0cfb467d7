import { MAX_CACHED_BYTES, MAX_CACHED_FRAMES } from "./limits.ts";

/**
 * One group on its way through the relay. Frames are encoded once and shared by everyone who receives them. The newest
 * group is kept whole for those who come late, as long as it stays below the caps.
 */
export class RelayGroup {
	readonly sequence: number;
	/** Frames as they go out, from the first on; emptied when the group is too large to keep. */
	#frames: Uint8Array[] = [];
	#bytes = 0;
	#kept = true;
	#finished = false;

	constructor(sequence: number) {
		this.sequence = sequence;
	}
	/** Whether a late subscriber can have it from its first frame on. */
	get replayable(): boolean {
		return this.#kept;
	}
	get finished(): boolean {
		return this.#finished;
	}
	get frames(): readonly Uint8Array[] {
		return this.#frames;
	}
	/** Keeps an encoded frame. */
	push(frame: Uint8Array): void {
		if (!this.#kept) return;
		this.#bytes += frame.length;
		if (this.#bytes > MAX_CACHED_BYTES || this.#frames.length >= MAX_CACHED_FRAMES) {
			this.drop();
			return;
		}
		this.#frames.push(frame);
	}
	finish(): void {
		this.#finished = true;
	}
	/** Too large to keep, or given up by the publisher: a late subscriber must not start in it. */
	drop(): void {
		this.#kept = false;
		this.#frames = [];
	}
}
