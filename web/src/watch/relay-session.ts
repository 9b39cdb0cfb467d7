import type { GroupWriter, IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import type { Session } from "@mivisus/transport/port";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { suffixOf } from "@mivisus/wire/moq/path";
import { Priority } from "@mivisus/wire/moq/subscribe";
import {
	CLOCK,
	CLOCK_MISSING_MS,
	ClockFrame,
	clockOffset,
	decodeJson,
	encodeJson,
	peerBroadcastOf,
	REPORT_TRACK,
	type ReportFrame,
} from "@mivisus/wire/relay-tracks";
import type { LinkSession } from "./link.ts";

/** Offsets remembered; the one measured over the shortest way is the best. */
const OFFSETS = 8;
/** A camera that is not announced this long after asking is not there. */
const ABSENT_MS = 1000;

/** One relay session of the viewer: follows the relay's clock, reports on each tick of it, and gives the peer to feeds. */
export class RelaySession implements LinkSession {
	readonly peer: MoqPeer;
	readonly untilMs: number;
	ended = false;
	/** This browser's clock minus the relay's, ms; unknown before the first echo. */
	offsetMs: number | undefined;
	#offsets: { offsetMs: number; roundTripMs: number }[] = [];
	#heardMs: number | undefined;
	#report: GroupWriter | undefined;
	#tracks: () => ReportFrame["tracks"];
	#active = new Set<string>();
	#announcing = false;
	#followers = new Map<string, Set<(active: boolean) => void>>();

	private constructor(peer: MoqPeer, untilMs: number, tracks: () => ReportFrame["tracks"]) {
		this.peer = peer;
		this.untilMs = untilMs;
		this.#tracks = tracks;
		void peer.closed.then(() => {
			this.ended = true;
		});
	}
	/** Does the handshake. `tracks` is asked for each report. */
	static async open(
		session: Session,
		token: string,
		untilMs: number,
		tracks: () => ReportFrame["tracks"],
	): Promise<RelaySession> {
		const own = peerBroadcastOf(token);
		let opened: ((it: RelaySession) => void) | undefined;
		const ready = new Promise<RelaySession>((resolve) => {
			opened = resolve;
		});
		const peer = await MoqPeer.client(session, {
			onAnnounceRequest: (stream) => {
				const suffix = own === undefined ? undefined : suffixOf(own, stream.prefix);
				stream.init(suffix === undefined ? [] : [suffix]);
			},
			onSubscribe: (subscription) => {
				if (subscription.broadcast !== own || subscription.track !== REPORT_TRACK) {
					return subscription.refuse(WIRE_ERROR_CODES["not-found"]);
				}
				void ready.then((it) => it.#serveReport(subscription));
			},
		});
		const relay = new RelaySession(peer, untilMs, tracks);
		opened?.(relay);
		void relay.#followClock();
		void relay.#followAnnouncements();
		return relay;
	}
	/**
	 * Tells at once and from then on whether a camera's broadcast is there. One announce stream serves all cameras: the
	 * token bounds what it names. Returns the way to stop.
	 */
	follow(camera: string, tell: (active: boolean) => void): () => void {
		const followers = this.#followers.get(camera) ?? new Set();
		this.#followers.set(camera, followers.add(tell));
		if (this.#active.has(camera)) tell(true);
		else if (this.#announcing) tell(false);
		return () => followers.delete(tell);
	}
	silent(): boolean {
		return this.#heardMs !== undefined && performance.now() - this.#heardMs > CLOCK_MISSING_MS;
	}
	close(): void {
		this.ended = true;
		this.peer.close(WIRE_ERROR_CODES.cancelled, "");
	}
	async #followAnnouncements(): Promise<void> {
		while (!this.ended) {
			try {
				const announcements = await this.peer.announced("");
				// The first answer lists what is there and may be empty, which makes no event: absence shows by waiting.
				const quiet = setTimeout(() => this.#sayAbsent(), ABSENT_MS);
				for await (const { active, suffix } of announcements) {
					if (active) this.#active.add(suffix);
					else this.#active.delete(suffix);
					for (const tell of this.#followers.get(suffix) ?? []) tell(active);
				}
				clearTimeout(quiet);
			} catch {
				// The session's end, or a relay that does not announce now.
			}
			if (!this.ended) await new Promise((resolve) => setTimeout(resolve, ABSENT_MS));
		}
	}
	#sayAbsent(): void {
		this.#announcing = true;
		for (const [camera, followers] of this.#followers) {
			if (!this.#active.has(camera)) for (const tell of followers) tell(false);
		}
	}
	async #serveReport(subscription: IncomingSubscription): Promise<void> {
		try {
			await subscription.accept();
			this.#report = await subscription.openGroup(0);
		} catch {
			// The session ended meanwhile.
		}
	}
	async #followClock(): Promise<void> {
		// A foreign relay refuses the clock: liveness is then the transport's own.
		const clock = await this.peer.subscribe(CLOCK.broadcast, CLOCK.track, Priority.relay).catch(() => undefined);
		if (!clock) return;
		try {
			for await (const group of clock.groups) {
				for (let frame = await group.next(); frame; frame = await group.next()) await this.#tick(frame);
			}
		} catch {
			// A reset group or the session's end; silence will tell.
		}
	}
	async #tick(bytes: Uint8Array): Promise<void> {
		const receivedMs = Date.now();
		const frame = decodeJson(ClockFrame, bytes);
		if (!frame) return;
		this.#heardMs = performance.now();
		const offsetMs = clockOffset(frame, receivedMs);
		if (offsetMs !== undefined && frame.echo) {
			const roundTripMs = receivedMs - frame.echo.sentMs - (frame.wallMs - frame.echo.receivedMs);
			this.#offsets = [...this.#offsets, { offsetMs, roundTripMs }].slice(-OFFSETS);
			this.offsetMs = this.#offsets.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a)).offsetMs;
		}
		const report: ReportFrame = { v: 1, sentMs: Date.now(), clockSeq: frame.seq, tracks: this.#tracks() };
		await this.#report?.write(encodeJson(report)).catch(() => {
			this.#report = undefined;
		});
	}
}
