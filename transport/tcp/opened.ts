/**
 * Which streams of one kind the peer opened. Opening one opens all of lower number (RFC 9000, section 2.1), whose first
 * bytes may come later: one of those is new, but one that ended must not come to life again.
 */
export class Opened {
	#limit: number;
	/** The peer may open those below. */
	#max: number;
	#told: number;
	#next = 0;
	#unseen = new Set<number>();

	/** `limit`: so many may be open at a time. */
	constructor(limit: number) {
		this.#limit = limit;
		this.#max = limit;
		this.#told = limit;
	}
	/** A frame for the stream of this index, which is not open. */
	open(index: number): "new" | "ended" | "too-many" {
		if (index >= this.#told) return "too-many";
		if (index < this.#next) return this.#unseen.delete(index) ? "new" : "ended";
		for (let unseen = this.#next; unseen < index; unseen++) this.#unseen.add(unseen);
		this.#next = index + 1;
		return "new";
	}
	/** One ended. Returns how many may be opened from now on, where it is time to tell. */
	close(): number | undefined {
		this.#max += 1;
		if (this.#max - this.#told < this.#limit / 2) return undefined;
		this.#told = this.#max;
		return this.#told;
	}
}
