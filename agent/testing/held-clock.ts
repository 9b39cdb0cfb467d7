import type { BroadcastClock } from "../publish/media.ts";

/** Wall clock in the test's hand, for everything that the agent waits for. */
export class HeldClock implements BroadcastClock {
	ms = 1_790_000_000_000;
	timers = new Set<{ at: number; callback: () => void }>();
	/** The wall clock was set by so much; timers do not care. */
	setByMs = 0;
	now = () => this.ms + this.setByMs;
	after = (ms: number, callback: () => void) => {
		const timer = { at: this.ms + ms, callback };
		this.timers.add(timer);
		return () => void this.timers.delete(timer);
	};
	/** The longest that anything waits now, ms: between two tries, for the next one. */
	get longestWaitMs(): number {
		return Math.max(...[...this.timers].map(({ at }) => at)) - this.ms;
	}
	/** Moves on, calling what falls due in its order. */
	advance(ms: number): void {
		this.advanceTo(this.ms + ms);
	}
	advanceTo(end: number): void {
		for (;;) {
			const next = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
			if (!next) break;
			this.ms = next.at;
			this.timers.delete(next);
			next.callback();
		}
		this.ms = end;
	}
}
