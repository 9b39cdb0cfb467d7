/** A view that began shorter ago is still coming to the present: the cached group is passed through fast on purpose. */
const SETTLE_MS = 2000;

/** Of the pictures that were not shown, those that somebody could have missed. Times are monotonic, ms. */
export class Drops {
	#firstMs: number | undefined;
	#seen = 0;
	#counted = 0;

	/** The view begins, or begins anew. */
	begin(): void {
		this.#firstMs = undefined;
	}
	arrived(nowMs: number): void {
		this.#firstMs ??= nowMs;
	}
	/** `total`: all that were not shown so far, whatever the reason. Called often, because it counts from call to call. */
	count(total: number, nowMs: number): number {
		if (this.#firstMs !== undefined && nowMs - this.#firstMs > SETTLE_MS) this.#counted += total - this.#seen;
		this.#seen = total;
		return this.#counted;
	}
}
