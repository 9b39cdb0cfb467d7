/** Bytes that several share, within what the larger budget above them has left. */
export class Budget {
	#left: number;
	#taken = 0;
	#above: Budget | undefined;
	/** Nothing more can be taken. */
	closed = false;

	constructor(bytes: number, above?: Budget) {
		this.#left = bytes;
		this.#above = above;
	}
	get taken(): number {
		return this.#taken;
	}
	/** False, and nothing is taken, where there is not so much left. */
	take(bytes: number): boolean {
		if (this.closed || bytes > this.#left || this.#above?.take(bytes) === false) return false;
		this.#left -= bytes;
		this.#taken += bytes;
		return true;
	}
	give(bytes: number): void {
		this.#left += bytes;
		this.#taken -= bytes;
		this.#above?.give(bytes);
	}
}
