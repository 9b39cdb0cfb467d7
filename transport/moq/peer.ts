import { WIRE_ERROR_CODES, WireError } from "@mivisus/wire/errors";
import { MAX_CONTROL_BYTES } from "@mivisus/wire/limits";
import {
	ANNOUNCE_STREAM,
	decodeAnnounce,
	decodeAnnounceInit,
	decodeAnnounceRequest,
	encodeAnnounceRequest,
} from "@mivisus/wire/moq/announce";
import { GroupDecoder } from "@mivisus/wire/moq/group";
import { decodeSubscribe, decodeSubscribeUpdate, encodeSubscribe, SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { encodeVarint } from "@mivisus/wire/moq/varint";
import { type BidiStream, type CloseInfo, type RecvStream, type Session, StreamError } from "../port.ts";
import { within } from "../within.ts";
import { GroupReader, OutgoingSubscription } from "./incoming.ts";
import { LATE_MS, MAX_LATE_STREAMS } from "./limits.ts";
import { AnnounceWriter, IncomingSubscription } from "./outgoing.ts";
import { AsyncQueue } from "./queue.ts";
import { StreamReader } from "./reader.ts";
import { answerSetup, offerSetup } from "./setup.ts";

/** What this side does when the other asks. Without a handler the request is refused. */
export interface PeerHandlers {
	/** Call `init` once, then `announce`, until `closed`. */
	onAnnounceRequest?: (stream: AnnounceWriter) => void;
	/** Answer with `accept` or `refuse`. */
	onSubscribe?: (subscription: IncomingSubscription) => void;
}
/** A broadcast came or went. `suffix` is relative to the prefix asked for. */
export interface Announcement {
	active: boolean;
	suffix: string;
}

/**
 * moq-lite-02 over one session. The two sides are alike once the handshake is done: each may announce, subscribe and
 * send groups. The caller owns the session; `close` ends it.
 */
export class MoqPeer {
	readonly session: Session;
	#handlers: PeerHandlers;
	/** Held so that the native streams are not collected while they live (wire notes: a stream without a reference closes). */
	#held = new Set<unknown>();
	#subscriptions = new Map<number, OutgoingSubscription>();
	#incoming = new Set<IncomingSubscription | AnnounceWriter>();
	/** Ids of the peer's subscriptions that it holds now: groups are told apart by nothing else. */
	#incomingIds = new Set<number>();
	#late = 0;
	#nextId = 0;

	private constructor(session: Session, setup: BidiStream, handlers: PeerHandlers) {
		this.session = session;
		this.#handlers = handlers;
		this.#held.add(setup);
		void this.#acceptBidis();
		void this.#acceptUnis();
		void session.closed.then(() => {
			for (const subscription of [...this.#subscriptions.values()]) subscription.settle();
			for (const stream of this.#incoming) stream.settle();
			this.#held.clear();
		});
	}
	/** Does the client's handshake. Rejects when the server does not speak the version or is silent for 10 s. */
	static async client(session: Session, handlers: PeerHandlers = {}): Promise<MoqPeer> {
		return new MoqPeer(session, await offerSetup(session), handlers);
	}
	/** Does the server's handshake. */
	static async server(session: Session, handlers: PeerHandlers = {}): Promise<MoqPeer> {
		return new MoqPeer(session, await answerSetup(session), handlers);
	}
	get closed(): Promise<CloseInfo> {
		return this.session.closed;
	}
	close(code = 0, reason = ""): void {
		this.session.close(code, reason);
	}

	/** Broadcasts under `prefix`, those active now first. Ends when the peer stops answering or the session is over. */
	async announced(prefix: string): Promise<AsyncQueue<Announcement>> {
		const stream = await this.session.openBidi();
		this.#held.add(stream);
		await stream.send.write(encodeVarint(ANNOUNCE_STREAM));
		await stream.send.write(encodeAnnounceRequest({ prefix }));
		const announcements = new AsyncQueue<Announcement>();
		void this.#readAnnouncements(stream, announcements);
		return announcements;
	}
	async #readAnnouncements(stream: BidiStream, announcements: AsyncQueue<Announcement>): Promise<void> {
		const reader = new StreamReader(stream.recv);
		try {
			// An init may list many broadcasts: its bound is the count in wire/limits, not the size of one control message.
			const init = await reader.message(MAX_CONTROL_BYTES * 64);
			if (init) for (const suffix of decodeAnnounceInit(init).suffixes) announcements.push({ active: true, suffix });
			for (
				let message = await reader.message(MAX_CONTROL_BYTES);
				message;
				message = await reader.message(MAX_CONTROL_BYTES)
			) {
				announcements.push(decodeAnnounce(message));
			}
			await stream.send.finish();
		} catch (error) {
			this.#refuse(stream, error);
		}
		announcements.end();
		this.#held.delete(stream);
	}

	/**
	 * Subscribes; resolves once the peer said OK, rejects with StreamError when it refused, with WireError `timeout` when it
	 * said nothing for `timeoutMs`. One that does not even grant a stream for so long is closed: it can be asked nothing.
	 */
	async subscribe(
		broadcast: string,
		track: string,
		priority: number,
		timeoutMs?: number,
	): Promise<OutgoingSubscription> {
		const stream = await within(timeoutMs, this.session.openBidi(), () => {
			this.close(WIRE_ERROR_CODES.timeout, "no stream is granted");
			return new WireError("timeout", "the peer grants no stream");
		});
		const id = this.#nextId++;
		const subscription = new OutgoingSubscription(broadcast, track, stream, () => {
			this.#subscriptions.delete(id);
			this.#held.delete(stream);
		});
		// Known before the request leaves: the first group may overtake the OK.
		this.#subscriptions.set(id, subscription);
		this.#held.add(stream);
		const reader = new StreamReader(stream.recv);
		const ask = async () => {
			await stream.send.write(encodeVarint(SUBSCRIBE_STREAM));
			await stream.send.write(encodeSubscribe({ id, broadcast, track, priority }));
			if ((await reader.message(MAX_CONTROL_BYTES)) === null)
				throw new StreamError("reset", WIRE_ERROR_CODES["not-found"]);
		};
		try {
			await within(timeoutMs, ask(), () => new WireError("timeout", "the peer does not answer"));
		} catch (error) {
			// This half too: a refusal that is not taken leave of would stay with both sides as long as the session.
			this.#refuse(stream, error);
			subscription.settle();
			throw error;
		}
		void this.#watchSubscription(reader, subscription);
		return subscription;
	}
	async #watchSubscription(reader: StreamReader, subscription: OutgoingSubscription): Promise<void> {
		try {
			while ((await reader.message(MAX_CONTROL_BYTES)) !== null);
			subscription.close();
		} catch {
			subscription.settle();
		}
	}

	async #acceptUnis(): Promise<void> {
		for (let stream = await this.session.acceptUni(); stream; stream = await this.session.acceptUni()) {
			void this.#readGroup(stream);
		}
	}
	async #readGroup(stream: RecvStream): Promise<void> {
		const reader = new StreamReader(stream);
		const decoder = new GroupDecoder(reader.incoming);
		try {
			const header = await this.#inTime(reader.next(() => decoder.header()));
			const subscription = header && this.#subscriptions.get(header.subscribeId);
			// Late groups of a subscription that we left are normal; they close their own stream and nothing else.
			if (!header || !subscription) return stream.stop(WIRE_ERROR_CODES["not-found"]);
			subscription.deliver(new GroupReader(header.sequence, reader, decoder));
		} catch (error) {
			stream.stop(codeOf(error));
		}
	}

	async #acceptBidis(): Promise<void> {
		for (let stream = await this.session.acceptBidi(); stream; stream = await this.session.acceptBidi()) {
			void this.#serve(stream);
		}
	}
	async #serve(stream: BidiStream): Promise<void> {
		this.#held.add(stream);
		const reader = new StreamReader(stream.recv);
		try {
			const { type, message } = await this.#inTime(readRequest(reader));
			if (type === ANNOUNCE_STREAM) await this.#serveAnnounce(stream, reader, message);
			else await this.#serveSubscribe(stream, reader, message);
			stream.recv.stop(WIRE_ERROR_CODES.cancelled);
			await stream.send.finish().catch(() => {});
		} catch (error) {
			this.#refuse(stream, error);
		}
		this.#held.delete(stream);
	}
	/** What opens a stream has to come soon. A peer that leaves many unfinished is closed: not each transport can end one. */
	#inTime<T>(work: Promise<T>): Promise<T> {
		return within(LATE_MS, work, () => {
			this.#late += 1;
			if (this.#late > MAX_LATE_STREAMS) this.close(WIRE_ERROR_CODES.timeout, "unfinished streams");
			return new WireError("timeout", `a stream says nothing whole within ${LATE_MS / 1000} s`);
		});
	}
	async #serveAnnounce(stream: BidiStream, reader: StreamReader, message: Uint8Array): Promise<void> {
		const { prefix } = decodeAnnounceRequest(message);
		if (!this.#handlers.onAnnounceRequest) throw new WireError("not-found", "nothing is announced here");
		const writer = new AnnounceWriter(prefix, stream.send);
		await this.#untilGone(reader, writer, () => this.#handlers.onAnnounceRequest?.(writer));
	}
	async #serveSubscribe(stream: BidiStream, reader: StreamReader, message: Uint8Array): Promise<void> {
		const request = decodeSubscribe(message);
		if (!this.#handlers.onSubscribe) throw new WireError("not-found", "nothing is published here");
		if (this.#incomingIds.has(request.id)) {
			throw new WireError("protocol-violation", `subscribe id ${request.id} is that of another subscription`);
		}
		const subscription = new IncomingSubscription(this.session, stream.send, request);
		const update = (bytes: Uint8Array) => {
			subscription.priority = decodeSubscribeUpdate(bytes).priority;
		};
		this.#incomingIds.add(request.id);
		try {
			await this.#untilGone(reader, subscription, () => this.#handlers.onSubscribe?.(subscription), update);
		} finally {
			this.#incomingIds.delete(request.id);
		}
		await subscription.end();
	}
	/** Runs `begin`, then reads what the peer says on the stream until either side leaves; settles `stream` then. */
	async #untilGone(
		reader: StreamReader,
		stream: IncomingSubscription | AnnounceWriter,
		begin: () => void,
		onMessage: (bytes: Uint8Array) => void = () => {},
	): Promise<void> {
		this.#incoming.add(stream);
		const listen = async () => {
			for (let next = await reader.message(MAX_CONTROL_BYTES); next; next = await reader.message(MAX_CONTROL_BYTES))
				onMessage(next);
		};
		try {
			begin();
			await Promise.race([listen(), stream.closed]);
		} finally {
			this.#incoming.delete(stream);
			stream.settle();
		}
	}
	#refuse(stream: BidiStream, error: unknown): void {
		const code = codeOf(error);
		stream.send.reset(code);
		stream.recv.stop(code);
	}
}

const codeOf = (error: unknown) => (error instanceof WireError ? error.code : WIRE_ERROR_CODES.cancelled);

/** The type of a stream that the peer opened and its first message. Rejects with WireError where it is not a request. */
async function readRequest(reader: StreamReader): Promise<{ type: number; message: Uint8Array }> {
	const type = await reader.varint();
	if (type !== null && type !== ANNOUNCE_STREAM && type !== SUBSCRIBE_STREAM) {
		throw new WireError("protocol-violation", `bidirectional stream of type ${type}`);
	}
	const message = type === null ? null : await reader.message(MAX_CONTROL_BYTES);
	if (type === null || !message) throw new WireError("protocol-violation", "the stream ends before its request");
	return { type, message };
}
