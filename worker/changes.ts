import type { After } from "./clock.ts";

/** Somebody who waits for news of an account. Whoever has one must `stop` it. */
export class Listener {
	/** Called with the listener's own end. */
	readonly stop: () => void;
	#heard = false;
	#wake: (() => void) | undefined;
	constructor(stop: (listener: Listener) => void) {
		this.stop = () => stop(this);
	}
	/**
	 * News. Only wakes: it may be called on behalf of another request, and on Workers one request must not touch timers or
	 * signals of another.
	 */
	notify(): void {
		this.#heard = true;
		this.#wake?.();
	}
	/** Resolves at news since the last wait, after `ms`, or when `signal` aborts. `after` schedules; it returns how to cancel. */
	async wait(ms: number, signal: AbortSignal, after: After): Promise<void> {
		if (!this.#heard && !signal.aborted) {
			const woken = new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
			const wake = () => this.#wake?.();
			const cancel = after(ms, wake);
			signal.addEventListener("abort", wake);
			await woken;
			cancel();
			signal.removeEventListener("abort", wake);
		}
		this.#heard = false;
	}
}

/** Wakes those who wait for news of an account. In this process; a waiter elsewhere finds out at its next look. */
export class Changes {
	/** How long a waiter relies on being told, ms: for ever where there is one process, less where there are several. */
	readonly lookAgainMs: number;
	#listeners = new Map<string, Set<Listener>>();
	constructor(lookAgainMs = Number.POSITIVE_INFINITY) {
		this.lookAgainMs = lookAgainMs;
	}
	notify(accountId: string): void {
		for (const listener of this.#listeners.get(accountId) ?? []) listener.notify();
	}
	listen(accountId: string): Listener {
		const set = this.#listeners.get(accountId) ?? new Set();
		this.#listeners.set(accountId, set);
		const listener = new Listener((gone) => {
			set.delete(gone);
			if (set.size === 0 && this.#listeners.get(accountId) === set) this.#listeners.delete(accountId);
		});
		set.add(listener);
		return listener;
	}
}
