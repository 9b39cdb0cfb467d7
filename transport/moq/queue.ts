/** Values handed from a producer to one async consumer, in order. Ends once; what was queued before is still delivered. */
export class AsyncQueue<T> implements AsyncIterable<T> {
	#values: T[] = [];
	#waiting: ((result: IteratorResult<T>) => void) | undefined;
	#ended = false;

	get length(): number {
		return this.#values.length;
	}
	push(value: T): void {
		if (this.#ended) return;
		const waiting = this.#waiting;
		this.#waiting = undefined;
		if (waiting) waiting({ value, done: false });
		else this.#values.push(value);
	}
	/** Takes the oldest value back, for a producer that bounds what waits. */
	shift(): T | undefined {
		return this.#values.shift();
	}
	end(): void {
		this.#ended = true;
		this.#waiting?.({ value: undefined, done: true });
		this.#waiting = undefined;
	}
	/** The next value, or `null` once the queue has ended. */
	async take(): Promise<T | null> {
		const { value, done } = await this.next();
		return done ? null : value;
	}
	next(): Promise<IteratorResult<T>> {
		const value = this.#values.shift();
		if (value !== undefined) return Promise.resolve({ value, done: false });
		if (this.#ended) return Promise.resolve({ value: undefined, done: true });
		return new Promise((resolve) => {
			this.#waiting = resolve;
		});
	}
	[Symbol.asyncIterator](): AsyncIterator<T> {
		return { next: () => this.next() };
	}
}
