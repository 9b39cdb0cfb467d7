import type { GroupWriter, IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import type { MoqPeer } from "@mivisus/transport/moq/peer";
import { Priority } from "@mivisus/wire/moq/subscribe";
import { type ClockFrame, decodeJson, encodeJson, REPORT_TRACK, ReportFrame } from "@mivisus/wire/relay-tracks";
import { CLOCK_INTERVAL_MS, MAX_REPORT_BYTES, REPORT_MISSING_MS, STALLED_MS } from "./limits.ts";

interface Clock {
	group: GroupWriter;
	seq: number;
	dueMs: number;
	/** Since when a beat waits for the peer to take it. */
	writingSince: number | undefined;
}

/**
 * Whether a peer is still there: the relay's clock goes out, reports come back. The transport itself notices a vanished
 * peer after half a minute only.
 */
export class Liveness {
	#now: () => number;
	#clocks = new Set<Clock>();
	#leaving = false;
	#echo: ClockFrame["echo"];
	/** Since when a report is awaited; `undefined` as long as the peer announced none. */
	#awaitedSince: number | undefined;

	constructor(now: () => number) {
		this.#now = now;
	}
	/** The last report's latency and drops are the viewer's; the relay only needs that it came. */
	get silent(): boolean {
		return this.#awaitedSince !== undefined && this.#now() - this.#awaitedSince >= REPORT_MISSING_MS;
	}
	/** Whether a peer that asked for the clock has taken nothing of it for too long. */
	get stalled(): boolean {
		const since = this.#now() - STALLED_MS;
		return [...this.#clocks].some(({ writingSince }) => writingSince !== undefined && writingSince <= since);
	}
	/** Serves the clock track until the subscription ends. */
	async serveClock(subscription: IncomingSubscription): Promise<void> {
		await subscription.accept();
		const clock: Clock = {
			group: await subscription.openGroup(0),
			seq: 0,
			dueMs: this.#now(),
			writingSince: undefined,
		};
		this.#clocks.add(clock);
		void subscription.closed.then(() => this.#clocks.delete(clock));
		this.#write(clock);
	}
	/** Reads the peer's reports for as long as it sends them. */
	async readReports(peer: MoqPeer, broadcast: string): Promise<void> {
		this.#awaitedSince ??= this.#now();
		const reports = await peer.subscribe(broadcast, REPORT_TRACK, Priority.relay);
		for await (const group of reports.groups) {
			for (let bytes = await group.next(); bytes; bytes = await group.next()) {
				const report = bytes.length > MAX_REPORT_BYTES ? undefined : decodeJson(ReportFrame, bytes);
				if (!report) continue;
				this.#awaitedSince = this.#now();
				this.#echo = { sentMs: report.sentMs, receivedMs: this.#awaitedSince };
			}
		}
	}
	/** Says with each beat from now on, the first of which goes at once, that the relay is about to end. */
	leave(): void {
		this.#leaving = true;
		for (const clock of this.#clocks) clock.dueMs = 0;
		this.tick();
	}
	/** Sends what is due. */
	tick(): void {
		for (const clock of this.#clocks) this.#write(clock);
	}
	#write(clock: Clock): void {
		const now = this.#now();
		// A peer that does not read gets no queue of old clocks; the next one that fits is right again.
		if (clock.writingSince !== undefined || now < clock.dueMs) return;
		clock.dueMs = Math.max(clock.dueMs + CLOCK_INTERVAL_MS, now);
		clock.writingSince = now;
		const frame: ClockFrame = {
			v: 1,
			seq: clock.seq++,
			wallMs: now,
			...(this.#leaving && { leaving: true }),
			...(this.#echo && { echo: this.#echo }),
		};
		clock.group.write(encodeJson(frame)).then(
			() => {
				clock.writingSince = undefined;
			},
			() => this.#clocks.delete(clock),
		);
	}
}
