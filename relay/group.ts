import { Budget } from "./budget.ts";
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
	#budget: Budget;

	/** `budget`: what this group may keep is shared with others. */
	constructor(sequence: number, budget = new Budget(Number.POSITIVE_INFINITY)) {
		this.sequence = sequence;
		this.#budget = budget;
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
		const fits = this.#bytes + frame.length <= MAX_CACHED_BYTES && this.#frames.length < MAX_CACHED_FRAMES;
		if (!fits || !this.#budget.take(frame.length)) {
			this.drop();
			return;
		}
		this.#bytes += frame.length;
		this.#frames.push(frame);
	}
	finish(): void {
		this.#finished = true;
	}
	/** Too large to keep, given up by the publisher, or a newer one is there: a late subscriber must not start in it. */
	drop(): void {
		this.#kept = false;
		this.#frames = [];
		this.#budget.give(this.#bytes);
		this.#bytes = 0;
	}
}
