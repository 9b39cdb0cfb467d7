import type { BroadcastClock } from "./publish/media.ts";

/** The clock of this machine. */
export const machineClock: BroadcastClock = {
	now: Date.now,
	after: (ms, callback) => {
		const timer = setTimeout(callback, ms);
		return () => clearTimeout(timer);
	},
};
