import { Priority } from "@mivisus/wire/moq/subscribe";
import {
	CLOCK,
	ClockFrame,
	clockOffset,
	decodeJson,
	encodeJson,
	REPORT_TRACK,
	type ReportFrame,
} from "@mivisus/wire/relay-tracks";
import type { GroupWriter, IncomingSubscription } from "./outgoing.ts";
import type { MoqPeer } from "./peer.ts";

/** Offsets remembered; the one measured over the shortest way is the best. */
const OFFSETS = 8;

/**
 * A peer's side of the relay's clock: hears it once a second and answers each beat with a report on the peer's own
 * broadcast, which shows both that the way is open and how far the clocks are apart. A foreign relay has no such clock;
 * liveness is then the transport's own.
 */
export class RelayClock {
	/** This peer's clock minus the relay's, ms; unknown before the first echo. */
	offsetMs: number | undefined;
	/** The relay is about to end: another session is due, and this one is to be left then. */
	leaving = false;
	/** The token's own broadcast, on which reports go; undefined where the token offers none. */
	readonly broadcast: string | undefined;
	#offsets: { offsetMs: number; roundTripMs: number }[] = [];
	#report: GroupWriter | undefined;
	#tracks: () => ReportFrame["tracks"];
	#beat: () => void;

	/** `tracks` is asked for each report; `beat` is called at each beat, after `offsetMs` was renewed. */
	constructor(broadcast: string | undefined, options: { tracks: () => ReportFrame["tracks"]; beat: () => void }) {
		this.broadcast = broadcast;
		this.#tracks = options.tracks;
		this.#beat = options.beat;
	}
	/** Takes a subscription to the reports; false when it asks for something else. */
	serve(subscription: IncomingSubscription): boolean {
		if (subscription.broadcast !== this.broadcast || subscription.track !== REPORT_TRACK) return false;
		void this.#serve(subscription);
		return true;
	}
	async #serve(subscription: IncomingSubscription): Promise<void> {
		try {
			await subscription.accept();
			this.#report = await subscription.openGroup(0);
		} catch {
			// The session ended meanwhile.
		}
	}
	/** Hears the clock until the session ends or the relay has none. */
	async follow(peer: MoqPeer): Promise<void> {
		const clock = await peer.subscribe(CLOCK.broadcast, CLOCK.track, Priority.relay).catch(() => undefined);
		if (!clock) return;
		try {
			for await (const group of clock.groups) {
				for (let frame = await group.next(); frame; frame = await group.next()) await this.#hear(frame);
			}
		} catch {
			// A reset group or the session's end; silence will tell.
		}
	}
	async #hear(bytes: Uint8Array): Promise<void> {
		const receivedMs = Date.now();
		const frame = decodeJson(ClockFrame, bytes);
		if (!frame) return;
		const offsetMs = clockOffset(frame, receivedMs);
		if (offsetMs !== undefined && frame.echo) {
			const roundTripMs = receivedMs - frame.echo.sentMs - (frame.wallMs - frame.echo.receivedMs);
			this.#offsets = [...this.#offsets, { offsetMs, roundTripMs }].slice(-OFFSETS);
			this.offsetMs = this.#offsets.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a)).offsetMs;
		}
		if (frame.leaving) this.leaving = true;
		this.#beat();
		const report: ReportFrame = { v: 1, sentMs: Date.now(), clockSeq: frame.seq, tracks: this.#tracks() };
		await this.#report?.write(encodeJson(report)).catch(() => {
			this.#report = undefined;
		});
	}
}
