/** Somebody whose frames wait. */
export interface Holder {
	/** Bytes that wait for it. */
	readonly heldBytes: number;
	/** Gives up all but the newest `keep` groups. */
	lighten(keep: 0 | 1): void;
}

/** So much of the budget is in use after it was exceeded: whoever is over it is not looked for again at the next frame. */
const RELIEVED_SHARE = 7 / 8;

/**
 * What waits for all subscribers together. Frames that many wait for are shared in memory and counted for each, so the
 * sum is never too low. Past the budget those who have the most waiting lose groups, not whoever comes next: a viewer
 * that keeps up has next to nothing waiting.
 */
export class Queues {
	#most: number;
	#bytes = 0;
	#holders = new Set<Holder>();

	constructor(mostBytes = Number.POSITIVE_INFINITY) {
		this.#most = mostBytes;
	}
	get bytes(): number {
		return this.#bytes;
	}
	enter(holder: Holder): void {
		this.#holders.add(holder);
	}
	/** Whoever leaves has given its bytes back. */
	leave(holder: Holder): void {
		this.#holders.delete(holder);
	}
	/** So many bytes wait more, or fewer. */
	change(bytes: number): void {
		this.#bytes += bytes;
	}
	/** Drops where the most waits, until all is within the budget again. Called after bytes were added. */
	relieve(): void {
		if (this.#bytes <= this.#most) return;
		const enough = this.#most * RELIEVED_SHARE;
		for (const keep of [1, 0] as const) {
			const heaviest = [...this.#holders].sort((a, b) => b.heldBytes - a.heldBytes);
			for (const holder of heaviest) {
				if (this.#bytes <= enough) return;
				holder.lighten(keep);
			}
		}
	}
}
