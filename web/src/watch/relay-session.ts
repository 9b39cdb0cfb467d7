import { MoqPeer } from "@mivisus/transport/moq/peer";
import { RelayClock } from "@mivisus/transport/moq/relay-clock";
import type { Session } from "@mivisus/transport/port";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { suffixOf } from "@mivisus/wire/moq/path";
import { CLOCK_MISSING_MS, peerBroadcastOf, type ReportFrame } from "@mivisus/wire/relay-tracks";
import type { LinkSession } from "./link.ts";

/** A camera that is not announced this long after asking is not there. */
const ABSENT_MS = 1000;

/** One relay session of the viewer: follows the relay's clock, reports on each tick of it, and gives the peer to feeds. */
export class RelaySession implements LinkSession {
	readonly peer: MoqPeer;
	readonly untilMs: number;
	ended = false;
	#clock: RelayClock;
	#heardMs: number | undefined;
	#active = new Set<string>();
	#announcing = false;
	#followers = new Map<string, Set<(active: boolean) => void>>();

	private constructor(peer: MoqPeer, untilMs: number, own: string | undefined, tracks: () => ReportFrame["tracks"]) {
		this.peer = peer;
		this.untilMs = untilMs;
		this.#clock = new RelayClock(own, {
			tracks,
			beat: () => {
				this.#heardMs = performance.now();
			},
		});
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
				void ready.then((it) => {
					if (!it.#clock.serve(subscription)) subscription.refuse(WIRE_ERROR_CODES["not-found"]);
				});
			},
		});
		const relay = new RelaySession(peer, untilMs, own, tracks);
		opened?.(relay);
		void relay.#clock.follow(peer);
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
	/** This browser's clock minus the relay's, ms; unknown before the first echo. */
	get offsetMs(): number | undefined {
		return this.#clock.offsetMs;
	}
	get leaving(): boolean {
		return this.#clock.leaving;
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
}
