import type { BroadcastClock } from "./publish/broadcast.ts";

/** This machine's own clock. */
export const systemClock: BroadcastClock = {
	now: Date.now,
	after: (ms, callback) => {
		const timer = setTimeout(callback, ms);
		return () => clearTimeout(timer);
	},
};
