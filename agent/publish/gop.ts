import { MAX_GOP_BYTES, MAX_GOP_FRAMES } from "../limits.ts";

/** One encoded unit as it goes into a frame. */
export interface Unit {
	/** Agent wall clock, µs since 1970, strictly increasing within a track. */
	timestampUs: number;
	/** Whether a group begins here; a decoder can start at it. */
	key: boolean;
	data: Uint8Array;
}

/**
 * The current group of pictures, kept at home so that a viewer who comes between two keyframes has a picture at once.
 * Above the cap the cache empties itself until the next keyframe; forwarding goes on undisturbed.
 */
export class GopCache {
	#units: Unit[] = [];
	#bytes = 0;
	#sequence: number;
	#overflowed = false;

	/** `firstSequence`: number of the first group; grows by one at each keyframe. */
	constructor(firstSequence: number) {
		this.#sequence = firstSequence - 1;
	}
	/** Number of the current group; meaningful once a keyframe was seen. */
	get sequence(): number {
		return this.#sequence;
	}
	/** Units from the keyframe on, or none when there is no whole group to start from. */
	get units(): readonly Unit[] {
		return this.#units;
	}
	/** Whether the group is longer than what is kept: who comes now waits for the next keyframe (P06). */
	get overflowed(): boolean {
		return this.#overflowed;
	}
	/** Takes a unit in; returns false for one that no decoder could use, because no keyframe came before. */
	push(unit: Unit): boolean {
		if (unit.key) {
			this.#sequence += 1;
			this.#units = [];
			this.#bytes = 0;
			this.#overflowed = false;
		} else if (this.#units.length === 0 && !this.#overflowed) return false;
		if (this.#overflowed) return true;
		if (this.#units.length + 1 > MAX_GOP_FRAMES || this.#bytes + unit.data.length > MAX_GOP_BYTES) {
			this.#overflowed = true;
			this.#units = [];
			this.#bytes = 0;
			return true;
		}
		this.#units.push(unit);
		this.#bytes += unit.data.length;
		return true;
	}
	/** Forgets the pictures: after the camera's session ended they are the past, not live. */
	clear(): void {
		this.#units = [];
		this.#bytes = 0;
		this.#overflowed = false;
	}
}
