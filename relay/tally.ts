import { LOG_INTERVAL_MS } from "./limits.ts";
import type { Log } from "./log.ts";
import type { Meter } from "./meter.ts";

type Counts = Record<string, number>;
/** Everything that is told, as plain counts. */
type Kinds = Record<"begun" | "ended" | "refused" | "dropped" | "notTaken" | "lost", Counts>;

function read(meter: Meter): Kinds {
	return {
		begun: { ...meter.sessionsBegun },
		ended: { ...meter.sessionsEnded },
		refused: { ...meter.refused },
		dropped: { ...meter.groupsDropped },
		notTaken: { ...meter.acceptFailures },
		lost: { count: meter.enterFailures },
	};
}
/** What was added, without what was not; `undefined` where nothing was. */
function added(now: Counts, before: Counts): Counts | undefined {
	const entries = Object.entries(now).flatMap(([key, count]) => {
		const more = count - (before[key] ?? 0);
		return more > 0 ? [[key, more] as const] : [];
	});
	return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/**
 * What happened since the last time, as one line for each kind of event, and none where nothing happened: whoever floods
 * the relay must not flood its log.
 */
export class Tally {
	#meter: Meter;
	#log: Log;
	#before: Kinds;
	#dueMs: number;
	/** Why the last request could not be taken over. */
	#failure: string | undefined;

	constructor(meter: Meter, log: Log, nowMs: number) {
		this.#meter = meter;
		this.#log = log;
		this.#before = read(meter);
		this.#dueMs = nowMs + LOG_INTERVAL_MS;
	}
	/** Remembers the text of a failure for the line that tells how many there were. */
	failed(message: string): void {
		this.#failure = message;
	}
	/** Writes what there is, when it is time. */
	tick(nowMs: number): void {
		if (nowMs < this.#dueMs) return;
		this.#dueMs = nowMs + LOG_INTERVAL_MS;
		this.flush();
	}
	/** Writes it now: nothing may come after. */
	flush(): void {
		const [now, before] = [read(this.#meter), this.#before];
		this.#before = now;
		const [begun, ended] = [added(now.begun, before.begun), added(now.ended, before.ended)];
		if (begun || ended) this.#log.info({ begun, ended }, "sessions");
		if (ended?.["lagging"]) this.#log.warn({ count: ended["lagging"] }, "sessions cut that did not read");
		const refused = added(now.refused, before.refused);
		if (refused) this.#log.info(refused, "sessions refused");
		const dropped = added(now.dropped, before.dropped);
		if (dropped) this.#log.info(dropped, "groups dropped");
		const notTaken = added(now.notTaken, before.notTaken);
		if (notTaken) this.#log.warn({ ...notTaken, last: this.#failure }, "requests could not be taken");
		const lost = added(now.lost, before.lost);
		if (lost) this.#log.warn(lost, "sessions failed while they were admitted");
	}
}
