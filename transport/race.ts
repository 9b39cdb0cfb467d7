import { clearTimeout, setTimeout } from "node:timers";

/** A way to reach the relay. */
export interface Way<T> {
	/** Tries it; rejects where it does not lead there. Gives up when `signal` aborts, as far as it can. */
	connect(signal: AbortSignal): Promise<T>;
}

/** How long the second way waits for the first, ms: a way that is open answers within this time nearly everywhere. */
export const HEAD_START_MS = 500;

/**
 * Tries the ways in turn, each after {@link HEAD_START_MS} or as soon as the one before failed, and gives the first that
 * leads there, with its place in `ways`. What comes too late is handed to `discard`. Rejects with the last way's error where
 * none does, or as soon as `signal` aborts.
 */
export function race<T>(
	ways: readonly Way<T>[],
	discard: (late: T) => void,
	{ signal, headStartMs = HEAD_START_MS }: { signal?: AbortSignal; headStartMs?: number } = {},
): Promise<{ value: T; way: number }> {
	const losing = new AbortController();
	return new Promise((resolve, reject) => {
		let over = false;
		let trying = 0;
		let failed = 0;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const end = () => {
			over = true;
			clearTimeout(timer);
			signal?.removeEventListener("abort", abort);
			losing.abort();
		};
		const abort = () => {
			if (over) return;
			end();
			reject(signal?.reason);
		};
		const next = () => {
			clearTimeout(timer);
			const way = trying;
			const trial = ways[way];
			if (over || !trial) return;
			trying += 1;
			timer = setTimeout(next, headStartMs);
			trial.connect(losing.signal).then(
				(value) => {
					if (over) {
						discard(value);
						return;
					}
					end();
					resolve({ value, way });
				},
				(error: unknown) => {
					failed += 1;
					if (over) return;
					if (failed < ways.length) {
						next();
						return;
					}
					end();
					reject(error);
				},
			);
		};
		if (signal?.aborted) abort();
		else {
			signal?.addEventListener("abort", abort, { once: true });
			next();
		}
	});
}
