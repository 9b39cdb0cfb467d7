/** Waiting times between tries of one kind. */
export interface BackoffOptions {
	/** First wait, ms. */
	baseMs: number;
	/** Longest wait, ms. */
	capMs: number;
	/** Returns 0..1. */
	random: () => number;
}

/**
 * Exponential back-off with full jitter between half and all of each step, so that many agents do not come back in one
 * beat after an outage. `reset` after a success.
 */
export class Backoff {
	#options: BackoffOptions;
	#tries = 0;
	constructor(options: BackoffOptions) {
		this.#options = options;
	}
	/** The next wait in ms. */
	next(): number {
		const { baseMs, capMs, random } = this.#options;
		const step = Math.min(capMs, baseMs * 2 ** this.#tries);
		this.#tries += 1;
		return Math.round(step / 2 + (step / 2) * random());
	}
	reset(): void {
		this.#tries = 0;
	}
}

/** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		if (signal.aborted) return resolve();
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener("abort", done);
			resolve();
		};
		const timer = setTimeout(done, ms);
		signal.addEventListener("abort", done);
	});
}
