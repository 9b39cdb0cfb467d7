import type { AnnounceWriter, IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { RelayClock } from "@mivisus/transport/moq/relay-clock";
import type { Session } from "@mivisus/transport/port";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { suffixOf } from "@mivisus/wire/moq/path";
import { CLOCK_MISSING_MS, peerBroadcastOf } from "@mivisus/wire/relay-tracks";
import type { Subscription } from "./broadcast.ts";

/** What a link publishes. */
export interface Published {
	/** Ids of the cameras announced. */
	readonly cameras: readonly string[];
	/** Serves a subscription to a camera's track; false when there is no such track. */
	serve(camera: string, subscription: Subscription): boolean;
	/** Agent clock minus relay clock, ms, whenever it is known anew. */
	clockOffset(offsetMs: number): void;
}

/**
 * One relay session of the agent: announces its cameras, serves subscriptions, answers the relay's clock with reports.
 * `ended` resolves when the session is over or the relay has been silent for {@link CLOCK_MISSING_MS}, `leaving` when the
 * relay says that it is about to end.
 */
export class RelayLink {
	readonly ended: Promise<"closed" | "silent">;
	readonly leaving: Promise<"leaving">;
	#peer: MoqPeer;
	#published: Published;
	#clock: RelayClock;
	#announcers = new Set<AnnounceWriter>();
	#silence: ReturnType<typeof setTimeout> | undefined;
	#resolveSilent: () => void = () => {};
	#resolveLeaving: () => void = () => {};

	private constructor(peer: MoqPeer, token: string, published: Published) {
		this.#peer = peer;
		this.#published = published;
		this.#clock = new RelayClock(peerBroadcastOf(token), { tracks: () => ({}), beat: () => this.#beat() });
		this.leaving = new Promise((resolve) => {
			this.#resolveLeaving = () => resolve("leaving");
		});
		const silent = new Promise<"silent">((resolve) => {
			this.#resolveSilent = () => resolve("silent");
		});
		this.ended = Promise.race([peer.closed.then(() => "closed" as const), silent]).finally(() =>
			clearTimeout(this.#silence),
		);
	}
	/** Does the handshake on `session` and begins to publish. */
	static async open(session: Session, token: string, published: Published): Promise<RelayLink> {
		let link: RelayLink | undefined;
		const waiting: (() => void)[] = [];
		// The relay may ask before the handshake's answer reaches us; such requests wait for the link to exist.
		const withLink = (use: (link: RelayLink) => void) => (link ? use(link) : waiting.push(() => link && use(link)));
		const peer = await MoqPeer.client(session, {
			onAnnounceRequest: (stream) => void withLink((it) => it.#announce(stream)),
			onSubscribe: (subscription) => void withLink((it) => void it.#serve(subscription)),
		});
		link = new RelayLink(peer, token, published);
		for (const run of waiting) run();
		void link.#clock.follow(peer);
		return link;
	}
	/** Ends the session. With `announce`, the relay hears first that the broadcasts ended. */
	close(): void {
		for (const stream of this.#announcers) {
			for (const camera of this.#published.cameras) {
				const suffix = suffixOf(camera, stream.prefix);
				if (suffix !== undefined) stream.announce(false, suffix);
			}
		}
		this.#peer.close(WIRE_ERROR_CODES.cancelled, "");
	}
	#announce(stream: AnnounceWriter): void {
		const names = [...this.#published.cameras, ...(this.#clock.broadcast ? [this.#clock.broadcast] : [])];
		stream.init(names.flatMap((name) => suffixOf(name, stream.prefix) ?? []));
		this.#announcers.add(stream);
		void stream.closed.then(() => this.#announcers.delete(stream));
	}
	async #serve(subscription: IncomingSubscription): Promise<void> {
		if (this.#clock.serve(subscription)) return;
		const { broadcast } = subscription;
		try {
			// Refused, not accepted and ended: sound that is off is no track at all, to whoever asks.
			const served = this.#published.cameras.includes(broadcast) && this.#published.serve(broadcast, subscription);
			if (served) await subscription.accept();
			else subscription.refuse(WIRE_ERROR_CODES["not-found"]);
		} catch {
			// The session ended meanwhile; `ended` says so.
		}
	}
	#beat(): void {
		if (this.#clock.leaving) this.#resolveLeaving();
		clearTimeout(this.#silence);
		this.#silence = setTimeout(this.#resolveSilent, CLOCK_MISSING_MS);
		if (this.#clock.offsetMs !== undefined) this.#published.clockOffset(this.#clock.offsetMs);
	}
}
