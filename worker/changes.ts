/** Wakes those who wait for news of an account. In this process; a waiter elsewhere finds out at its next look. */
export class Changes {
	#waiters = new Map<string, Set<() => void>>();
	notify(accountId: string): void {
		for (const wake of this.#waiters.get(accountId) ?? []) wake();
	}
	/** Resolves at the next `notify`, after `ms`, or when `signal` aborts. `after` schedules; it returns how to cancel. */
	wait(
		accountId: string,
		ms: number,
		signal: AbortSignal,
		after: (ms: number, run: () => void) => () => void,
	): Promise<void> {
		return new Promise((resolve) => {
			const set = this.#waiters.get(accountId) ?? new Set();
			this.#waiters.set(accountId, set);
			const done = () => {
				cancel();
				set.delete(done);
				if (set.size === 0 && this.#waiters.get(accountId) === set) this.#waiters.delete(accountId);
				signal.removeEventListener("abort", done);
				resolve();
			};
			const cancel = after(ms, done);
			set.add(done);
			signal.addEventListener("abort", done);
			if (signal.aborted) done();
		});
	}
}
