import type { AnnounceWriter, IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { type Session, StreamError } from "@mivisus/transport/port";
import { within } from "@mivisus/transport/within";
import { WIRE_ERROR_CODES, WireError, type WireErrorReason } from "@mivisus/wire/errors";
import { MAX_ANNOUNCED, MAX_PATH_BYTES } from "@mivisus/wire/limits";
import { joinPath, suffixOf } from "@mivisus/wire/moq/path";
import { CLOCK, PEER_PREFIX } from "@mivisus/wire/relay-tracks";
import { allows, type RelayClaims } from "@mivisus/wire/token";
import type { Broadcast, Lease } from "./broadcast.ts";
import type { Directory } from "./directory.ts";
import {
	MAX_ANNOUNCE_STREAMS,
	MAX_BROADCASTS,
	MAX_PENDING_ANNOUNCEMENTS,
	MAX_SESSION_QUEUE_BYTES,
	MAX_SUBSCRIPTIONS,
	STALLED_MS,
	UPSTREAM_MS,
} from "./limits.ts";
import { Liveness } from "./liveness.ts";
import { Meter } from "./meter.ts";
import { Queues } from "./queues.ts";
import { Subscriber } from "./subscriber.ts";

const utf8 = new TextEncoder();

export interface RelaySessionOptions {
	session: Session;
	claims: RelayClaims;
	directory: Directory;
	/** Wall clock, ms since 1970. */
	now: () => number;
	/** Called when the peer first subscribes: it chose this transport. */
	onChosen: () => void;
	/** Of the whole data plane. */
	meter?: Meter;
	queues?: Queues;
}

/** One admitted peer: sees what its token's `get` names, publishes what `put` names, and nothing else. */
export class RelaySession {
	readonly claims: RelayClaims;
	#session: Session;
	#directory: Directory;
	#now: () => number;
	#onChosen: () => void;
	#shared: { meter: Meter; queues: Queues };
	#liveness: Liveness;
	#peer: MoqPeer | undefined;
	#published = new Map<string, Broadcast>();
	#subscribers = new Set<Subscriber>();
	#subscriptions = 0;
	#announceStreams = 0;
	#reporting = false;
	#endedAs: WireErrorReason | undefined;

	constructor({
		session,
		claims,
		directory,
		now,
		onChosen,
		meter = new Meter(),
		queues = new Queues(),
	}: RelaySessionOptions) {
		this.claims = claims;
		this.#session = session;
		this.#directory = directory;
		this.#now = now;
		this.#onChosen = onChosen;
		this.#shared = { meter, queues };
		this.#liveness = new Liveness(now);
	}
	/** Why the relay ended it; `undefined` when the peer did. */
	get endedAs(): WireErrorReason | undefined {
		return this.#endedAs;
	}
	/** Runs until the session is over; never rejects. */
	async run(): Promise<void> {
		try {
			this.#peer = await MoqPeer.server(this.#session, {
				onAnnounceRequest: (stream) => this.#announce(stream),
				onSubscribe: (subscription) => void this.#serve(subscription),
			});
			for (const prefix of outermost(this.claims.put)) void this.#follow(this.#peer, prefix);
		} catch (error) {
			// One that left before its setup broke nothing.
			const left = error instanceof StreamError && error.kind === "session-closed";
			if (!left) this.close(error instanceof WireError ? error.reason : "protocol-violation");
		}
		await this.#session.closed;
		for (const broadcast of this.#published.values()) this.#directory.withdraw(broadcast);
		this.#published.clear();
	}
	close(reason: WireErrorReason): void {
		this.#endedAs ??= reason;
		this.#session.close(WIRE_ERROR_CODES[reason], reason);
	}
	/** Tells the peer that the relay is about to end. */
	leave(): void {
		this.#liveness.leave();
	}
	/** Looks at deadlines and sends the clock; called every half second. */
	tick(): void {
		if (this.#now() >= this.claims.mivisus.until * 1000) this.close("expired");
		else if (this.#liveness.silent) this.close("timeout");
		else if (this.#lags()) this.close("lagging");
		else this.#liveness.tick();
	}

	#lags(): boolean {
		let queued = 0;
		for (const subscriber of this.#subscribers) {
			if (subscriber.stalled()) return true;
			queued += subscriber.queuedBytes;
		}
		if (this.#liveness.stalled) return true;
		return queued > MAX_SESSION_QUEUE_BYTES;
	}
	/** Tells which broadcasts there are, as far as the peer may see them. */
	#announce(stream: AnnounceWriter): void {
		const visible = (name: string) => (allows(this.claims.get, name) ? suffixOf(name, stream.prefix) : undefined);
		if (this.#announceStreams >= MAX_ANNOUNCE_STREAMS) {
			this.close("too-many");
			return;
		}
		this.#announceStreams += 1;
		const { active, stop } = this.#directory.watch(this.claims.root, (name, isActive) => {
			const suffix = visible(name);
			if (suffix === undefined) return;
			if (stream.pending >= MAX_PENDING_ANNOUNCEMENTS) this.close("lagging");
			else stream.announce(isActive, suffix);
		});
		void stream.closed.then(() => {
			this.#announceStreams -= 1;
			stop();
		});
		const suffixes = active.flatMap((name) => visible(name) ?? []);
		stream.init(suffixes.slice(0, MAX_ANNOUNCED));
		for (const suffix of suffixes.slice(MAX_ANNOUNCED)) stream.announce(true, suffix);
	}

	async #serve(subscription: IncomingSubscription): Promise<void> {
		this.#onChosen();
		if (this.#subscriptions >= MAX_SUBSCRIPTIONS) return subscription.refuse(WIRE_ERROR_CODES["too-many"]);
		this.#subscriptions += 1;
		void subscription.closed.then(() => {
			this.#subscriptions -= 1;
		});
		try {
			const { broadcast, track } = subscription;
			if (broadcast === CLOCK.broadcast && track === CLOCK.track)
				await this.#taken(this.#liveness.serveClock(subscription));
			else await this.#serveTrack(subscription);
		} catch (error) {
			subscription.refuse(codeOf(error));
		}
	}
	/** A peer that asks and does not take the answer holds a camera's stream for nobody: it is cut. */
	#taken<T>(answer: Promise<T>): Promise<T> {
		return within(STALLED_MS, answer, () => {
			this.close("lagging");
			return new WireError("lagging", "the peer does not take its answer");
		});
	}
	async #serveTrack(subscription: IncomingSubscription): Promise<void> {
		const { broadcast: name, track, priority } = subscription;
		const found = allows(this.claims.get, name) ? this.#directory.find(this.claims.root, name) : undefined;
		// The same answer for what does not exist and for what is not theirs: names cannot be probed.
		if (!found) throw new WireError("not-found", "no such broadcast");
		let gone = false;
		let lease: Lease | undefined;
		const subscriber = new Subscriber((sequence) => subscription.openGroup(sequence), this.#now, this.#shared);
		this.#subscribers.add(subscriber);
		void subscription.closed.then(() => {
			gone = true;
			subscriber.close();
			this.#subscribers.delete(subscriber);
			lease?.release();
		});
		lease = await found.lease(track, priority);
		if (gone) return lease.release();
		await this.#taken(subscription.accept());
		this.#shared.meter.joins += 1;
		lease.attach(subscriber, () => void subscriber.drained().then(() => subscription.end()));
	}

	/** Follows what the peer announces under a prefix of its `put`. */
	async #follow(peer: MoqPeer, prefix: string): Promise<void> {
		try {
			for await (const { active, suffix } of await peer.announced(prefix)) {
				const name = joinPath(prefix, suffix);
				if (suffixOf(name, PEER_PREFIX) !== undefined) this.#followReports(peer, name, active);
				else if (active) this.#publish(peer, name);
				else this.#withdraw(name);
			}
		} catch {
			// The session's end, or a peer that announces nothing.
		}
		// A peer that stopped announcing publishes nothing any more under this prefix.
		for (const name of [...this.#published.keys()]) {
			if (suffixOf(name, prefix) !== undefined) this.#withdraw(name);
		}
	}
	/** Reports are for the relay alone: nobody else finds or sees them. */
	#followReports(peer: MoqPeer, name: string, active: boolean): void {
		// One at a time: each asks the peer for a stream, and a peer that announces and grants none would make them pile up.
		if (!active || this.#reporting) return;
		this.#reporting = true;
		const over = () => {
			this.#reporting = false;
		};
		this.#liveness.readReports(peer, name).then(over, over);
	}
	#publish(peer: MoqPeer, name: string): void {
		// A name that no message can carry would end the announce streams of everybody who may see it.
		if (utf8.encode(name).length > MAX_PATH_BYTES) {
			this.close("too-large");
			return;
		}
		const before = this.#published.get(name);
		if (before) {
			this.#directory.withdraw(before);
		} else if (this.#published.size >= MAX_BROADCASTS) {
			this.close("too-many");
			return;
		}
		this.#published.set(
			name,
			this.#directory.publish(this.claims.root, name, (broadcast, track, priority) =>
				// A publisher that does not answer must not hold its viewers for ever.
				peer.subscribe(broadcast, track, priority, UPSTREAM_MS),
			),
		);
	}
	#withdraw(name: string): void {
		const broadcast = this.#published.get(name);
		this.#published.delete(name);
		if (broadcast) this.#directory.withdraw(broadcast);
	}
}

/** What to tell a subscriber: the publisher's own word where there is one. */
function codeOf(error: unknown): number {
	if (error instanceof WireError) return error.code;
	if (error instanceof StreamError && error.kind === "reset" && error.code !== undefined) return error.code;
	return WIRE_ERROR_CODES["not-found"];
}

/** Prefixes that no other of the list contains, so that nothing is followed twice. */
function outermost(prefixes: readonly string[]): string[] {
	const distinct = [...new Set(prefixes)];
	return distinct.filter(
		(prefix) => !distinct.some((other) => other !== prefix && suffixOf(prefix, other) !== undefined),
	);
}
