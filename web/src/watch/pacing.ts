import { MAX_JITTER_MS } from "./limits.ts";

/** Timestamps that go back, or forward by more than this against the clock, begin a new timeline. */
const DISCONTINUITY_MS = 5000;
/** The best transit time is the best of this long: routes change, clocks drift. */
const WINDOW_MS = 10_000;
/** How fast the buffer shrinks when the network is calm, per second. */
const DECAY = 0.9;

/**
 * Decides when a picture is due. The best transit time seen lately is the network's floor; the jitter above it, up to a
 * small bound, is taken away by waiting. Real time comes first: nothing waits longer than {@link MAX_JITTER_MS}.
 */
export class Pacer {
	#best = Number.POSITIVE_INFINITY;
	#bestBefore = Number.POSITIVE_INFINITY;
	#bucketStartMs = 0;
	#jitterMs = 0;
	#lastTimestampMs: number | undefined;
	#lastNowMs = 0;
	/** How late the newest arrival was, compared with the best, ms. */
	behindMs = 0;

	/** A frame arrived at `nowMs` (monotonic). */
	arrived(timestampUs: number, nowMs: number): void {
		const timestampMs = timestampUs / 1000;
		const last = this.#lastTimestampMs;
		if (last !== undefined) {
			const ahead = timestampMs - last - (nowMs - this.#lastNowMs);
			if (timestampMs <= last || ahead > DISCONTINUITY_MS) this.reset();
		}
		const transit = nowMs - timestampMs;
		if (nowMs - this.#bucketStartMs > WINDOW_MS / 2) {
			this.#bestBefore = this.#best;
			this.#best = Number.POSITIVE_INFINITY;
			this.#bucketStartMs = nowMs;
		}
		this.#best = Math.min(this.#best, transit);
		this.behindMs = transit - this.#floor();
		const calm = DECAY ** (Math.max(0, nowMs - this.#lastNowMs) / 1000);
		// What is far behind is a backlog being caught up, not jitter to be smoothed.
		const jitter = this.behindMs <= MAX_JITTER_MS ? this.behindMs : 0;
		this.#jitterMs = Math.max(jitter, this.#lastTimestampMs === undefined ? 0 : this.#jitterMs * calm);
		this.#lastTimestampMs = timestampMs;
		this.#lastNowMs = nowMs;
	}
	/** When to show it, on the monotonic clock. */
	dueMs(timestampUs: number): number {
		return timestampUs / 1000 + this.#floor() + this.#jitterMs;
	}
	reset(): void {
		this.#best = Number.POSITIVE_INFINITY;
		this.#bestBefore = Number.POSITIVE_INFINITY;
		this.#jitterMs = 0;
		this.#lastTimestampMs = undefined;
		this.behindMs = 0;
	}
	#floor(): number {
		return Math.min(this.#best, this.#bestBefore);
	}
}
