import { WIRE_ERROR_CODES, WireError } from "@mivisus/wire/errors";
import { AsyncQueue } from "../moq/queue.ts";
import {
	type BidiStream,
	type CloseInfo,
	type RecvStream,
	type SendStream,
	type Session,
	StreamError,
} from "../port.ts";
import {
	cutReason,
	decodeRecord,
	encodeFrame,
	type Frame,
	joined,
	MAX_STREAM_HEADER_BYTES,
	MAX_STREAM_PAYLOAD_BYTES,
	type TransportParameters,
	USUAL_RECORD_BYTES,
	writeStreamHeader,
} from "./frames.ts";
import { RecvHalf, SendHalf } from "./halves.ts";
import { Opened } from "./opened.ts";

/** A connection that carries records: a WebSocket, whoever made it. The session owns it. */
export interface RecordSocket {
	/** Sends one record, in one piece or in two; the bytes are not changed afterwards. Nothing happens once it is closed. */
	send(record: Uint8Array, rest?: Uint8Array): void;
	/** Bytes handed over that did not leave this process yet. */
	readonly bufferedBytes: number;
	/** Ends it, after what was sent. */
	close(): void;
	/** Called once by the session, before anything arrives. `writable`: less is buffered than before. */
	listen(listener: { record(bytes: Uint8Array): void; writable(): void; closed(): void }): void;
}

/** Records that this side takes, bytes: the WebSocket's own limit. */
export const MAX_RECORD_BYTES = 65_536;
/** What the peer may send before it is read: of one stream, and of all. */
export const STREAM_WINDOW_BYTES = 1024 * 1024;
export const SESSION_WINDOW_BYTES = 2 * 1024 * 1024;
/** Streams of a kind that the peer may have open at a time. */
export const MAX_OPEN_STREAMS = 512;
/** What may wait in this process for the socket: beyond, streams wait, and the more urgent one goes first. */
export const SOCKET_BUFFER_BYTES = 128 * 1024;
/** Frames of control that wait for a peer that does not read, bytes: each of them answers what it sent. */
export const MAX_WAITING_CONTROL_BYTES = 64 * 1024;
/** A peer that sends nothing at all for so long is gone, ms. It is asked for a sign of life before. */
export const IDLE_MS = 30_000;
const PING_MS = IDLE_MS / 3;
const SLAB_BYTES = 2048;

const ours = (window: number, streamWindow: number): TransportParameters => ({
	maxIdleTimeout: IDLE_MS,
	maxData: window,
	maxStreamDataBidiLocal: streamWindow,
	maxStreamDataBidiRemote: streamWindow,
	maxStreamDataUni: streamWindow,
	maxStreamsBidi: MAX_OPEN_STREAMS,
	maxStreamsUni: MAX_OPEN_STREAMS,
	maxRecordSize: MAX_RECORD_BYTES,
});
/** A view of less than this share of its buffer is copied: a few bytes that wait must not hold a whole packet. */
const LEAST_SHARE_OF_BUFFER = 1 / 4;

const UNI_BIT = 2;
const isUni = (id: number) => (id & UNI_BIT) !== 0;
const violation = (detail: string) => new WireError("protocol-violation", detail);

/** Streams of one kind that this side opens: the next one's number, how many the peer allows, and who waits for more. */
interface Own {
	next: number;
	max: number;
	waiting: (() => void)[];
}

/** What a session is about, as its server or client knows it. */
export interface SessionFacts {
	server: boolean;
	path: string;
	query: URLSearchParams;
	remoteAddress: string | undefined;
	/** What the peer may send before it is read, of one stream and of all; at most and by default the usual. */
	windowBytes?: number | undefined;
}

/** A session over one WebSocket: QUIC's streams as QMux carries them (frames.ts). */
export class QmuxSession implements Session {
	readonly transport = "tcp";
	readonly path: string;
	readonly query: URLSearchParams;
	readonly remoteAddress: string | undefined;
	readonly closed: Promise<CloseInfo>;
	#socket: RecordSocket;
	/** The lowest bit of ids of streams that this side opens: 0 for the client's. */
	#side: 0 | 1;
	#peer: TransportParameters | undefined;
	#over = false;
	#resolveClosed: (info: CloseInfo) => void = () => {};

	#control: Uint8Array[];
	#controlBytes = 0;
	#sending = new Map<number, SendHalf>();
	/** Those that have something to send, in the order in which their turn comes. */
	#ready = new Set<SendHalf>();
	#sent = 0;
	/** Memory for headers; what is used of it is never used again. */
	#slab = new Uint8Array(0);
	#slabUsed = 0;
	#mayFlush = true;

	#receiving = new Map<number, RecvHalf>();
	#received = 0;
	#consumed = 0;
	#window: number;
	#streamWindow: number;
	#max: number;
	#unis = new AsyncQueue<RecvStream>();
	#bidis = new AsyncQueue<BidiStream>();
	/** Streams of either kind: [bidirectional, unidirectional]. */
	#opened = [new Opened(MAX_OPEN_STREAMS), new Opened(MAX_OPEN_STREAMS)] as const;
	#own: readonly [Own, Own] = [
		{ next: 0, max: 0, waiting: [] },
		{ next: 0, max: 0, waiting: [] },
	];
	#heardMs = Date.now();
	#pings = 0;
	#idle: ReturnType<typeof setInterval>;

	constructor(
		socket: RecordSocket,
		{ server, path, query, remoteAddress, windowBytes = SESSION_WINDOW_BYTES }: SessionFacts,
	) {
		this.#socket = socket;
		this.#side = server ? 1 : 0;
		this.path = path;
		this.query = query;
		this.remoteAddress = remoteAddress;
		this.#window = Math.min(windowBytes, SESSION_WINDOW_BYTES);
		this.#streamWindow = Math.min(windowBytes, STREAM_WINDOW_BYTES);
		this.#max = this.#window;
		this.#control = [encodeFrame({ type: "parameters", parameters: ours(this.#window, this.#streamWindow) })];
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
		this.#idle = setInterval(() => this.#lookForLife(), PING_MS);
		socket.listen({
			record: (bytes) => this.#take(bytes),
			writable: () => this.#flush(),
			closed: () => this.#end({ code: 0, reason: "the connection ended" }),
		});
		this.#flush();
	}

	async openUni(): Promise<SendStream> {
		const id = await this.#open(1);
		return this.#newSend(id, this.#peer?.maxStreamDataUni ?? 0);
	}
	async openBidi(): Promise<BidiStream> {
		const id = await this.#open(0);
		return {
			send: this.#newSend(id, this.#peer?.maxStreamDataBidiRemote ?? 0),
			recv: this.#newRecv(id),
		};
	}
	acceptUni(): Promise<RecvStream | null> {
		return this.#unis.take();
	}
	acceptBidi(): Promise<BidiStream | null> {
		return this.#bidis.take();
	}
	close(code: number, reason: string): void {
		if (this.#over) return;
		this.#sendControl([encodeFrame({ type: "close", application: true, code, reason: cutReason(reason) })]);
		this.#end({ code, reason });
	}

	/** The id of a new stream, once the peer allows one more. */
	async #open(kind: 0 | 1): Promise<number> {
		const own = this.#own[kind];
		while (!this.#over && own.next >= own.max) await new Promise<void>((resolve) => own.waiting.push(resolve));
		if (this.#over) throw new StreamError("session-closed");
		return own.next++ * 4 + kind * UNI_BIT + this.#side;
	}
	#newSend(id: number, max: number): SendHalf {
		const half = new SendHalf(id, max, {
			ready: () => this.#wake(half),
			abandoned: (_, code) => this.#reset(half, code),
		});
		// It may have ended meanwhile.
		if (this.#over) half.end(new StreamError("session-closed"));
		else this.#sending.set(id, half);
		return half;
	}
	#newRecv(id: number): RecvHalf {
		const half = new RecvHalf(id, this.#streamWindow, {
			consumed: (_, bytes) => this.#consume(half, bytes),
			stopped: (_, code) => this.#say({ type: "stop-sending", id, code }),
		});
		if (this.#over) half.fail(new StreamError("session-closed"));
		else this.#receiving.set(id, half);
		return half;
	}

	#wake(half: SendHalf): void {
		this.#ready.add(half);
		this.#flush();
	}
	#reset(half: SendHalf, code: number): void {
		this.#ready.delete(half);
		this.#say({ type: "reset-stream", id: half.id, code, finalSize: half.sent });
		this.#endSending(half);
	}
	#endSending({ id }: SendHalf): void {
		this.#sending.delete(id);
		this.#release(id);
	}
	#endReceiving({ id }: RecvHalf): void {
		this.#receiving.delete(id);
		this.#release(id);
	}
	/** A stream of the peer's that ended both ways makes room for another. */
	#release(id: number): void {
		if ((id & 1) === this.#side || this.#sending.has(id) || this.#receiving.has(id)) return;
		const max = this.#opened[isUni(id) ? 1 : 0].close();
		if (max !== undefined) this.#say({ type: "max-streams", bidi: !isUni(id), max });
	}
	#say(frame: Frame): void {
		if (this.#over) return;
		const bytes = encodeFrame(frame);
		this.#control.push(bytes);
		this.#controlBytes += bytes.length;
		this.#flush();
		if (this.#controlBytes > MAX_WAITING_CONTROL_BYTES) this.#fail(new WireError("too-many", "answers are not read"));
	}
	/** Sends what waits, as far as the socket takes it: control first, then the most urgent stream. */
	#flush(): void {
		// What is sent may call back in the middle of it.
		if (!this.#mayFlush || this.#over) return;
		this.#mayFlush = false;
		try {
			while (this.#socket.bufferedBytes < SOCKET_BUFFER_BYTES) {
				if (this.#control.length > 0) this.#sendControl();
				else if (!this.#sendNext()) return;
			}
		} finally {
			this.#mayFlush = true;
		}
	}
	/** Control frames share records, none of which is larger than what every peer takes. */
	#sendControl(more: readonly Uint8Array[] = []): void {
		const frames = [...this.#control, ...more];
		this.#control = [];
		this.#controlBytes = 0;
		while (frames.length > 0) {
			let bytes = 0;
			const fits = frames.findIndex((frame) => {
				bytes += frame.length;
				return bytes > USUAL_RECORD_BYTES;
			});
			this.#socket.send(joined(frames.splice(0, fits > 0 ? fits : frames.length)));
		}
	}
	/** Sends one record of the stream whose turn it is; false where there is none that may. */
	#sendNext(): boolean {
		const room = (this.#peer?.maxData ?? 0) - this.#sent;
		let next: SendHalf | undefined;
		for (const half of this.#ready) {
			const { waiting } = half;
			if (waiting === undefined) this.#ready.delete(half);
			else if ((waiting === 0 || room > 0) && (!next || half.priority > next.priority)) next = half;
		}
		if (!next) return false;
		const most = Math.min(next.waiting ?? 0, room, MAX_STREAM_PAYLOAD_BYTES);
		const { id, sent: offset } = next;
		const { data, fin } = next.take(most);
		this.#sent += data.length;
		const header = this.#header();
		const end = writeStreamHeader(header, 0, { id, offset, length: data.length, fin });
		// Not copied: the same frame goes to everybody who watches.
		if (data.length > 0) this.#socket.send(header.subarray(0, end), data);
		else this.#socket.send(header.subarray(0, end));
		// Its turn comes after that of the others that are as urgent.
		this.#ready.delete(next);
		if (next.waiting !== undefined) this.#ready.add(next);
		if (fin) this.#endSending(next);
		return true;
	}

	/** Room for one header: a memory of its own for each would keep the collector busy. */
	#header(): Uint8Array {
		if (this.#slabUsed + MAX_STREAM_HEADER_BYTES > this.#slab.length) {
			this.#slab = new Uint8Array(SLAB_BYTES);
			this.#slabUsed = 0;
		}
		this.#slabUsed += MAX_STREAM_HEADER_BYTES;
		return this.#slab.subarray(this.#slabUsed - MAX_STREAM_HEADER_BYTES, this.#slabUsed);
	}

	#take(record: Uint8Array): void {
		if (this.#over) return;
		this.#heardMs = Date.now();
		try {
			if (record.length > MAX_RECORD_BYTES) throw violation(`a record of ${record.length} bytes`);
			for (const frame of decodeRecord(record)) if (!this.#over) this.#hear(frame);
		} catch (error) {
			this.#fail(error);
		}
	}
	/** Ends it for a fault of the peer's, which is told. */
	#fail(error: unknown): void {
		if (this.#over) return;
		const { code, message } =
			error instanceof WireError ? error : { code: WIRE_ERROR_CODES["protocol-violation"], message: "" };
		this.#sendControl([encodeFrame({ type: "close", application: false, code, reason: cutReason(message) })]);
		this.#end({ code, reason: message });
	}
	#hear(frame: Frame): void {
		if ((frame.type === "parameters") === (this.#peer !== undefined)) throw violation("parameters come first, once");
		switch (frame.type) {
			case "parameters":
				this.#peer = frame.parameters;
				this.#allow(0, frame.parameters.maxStreamsBidi);
				this.#allow(1, frame.parameters.maxStreamsUni);
				break;
			case "stream":
				this.#data(frame);
				break;
			case "reset-stream":
				this.#resetByPeer(frame);
				break;
			case "stop-sending":
				this.#stoppedByPeer(frame);
				break;
			case "max-data":
				if (this.#peer) this.#peer.maxData = Math.max(this.#peer.maxData, frame.max);
				this.#flush();
				break;
			case "max-stream-data": {
				const half = this.#sending.get(frame.id);
				if (!half) break;
				half.max = Math.max(half.max, frame.max);
				this.#wake(half);
				break;
			}
			case "max-streams":
				this.#allow(frame.bidi ? 0 : 1, frame.max);
				break;
			case "close":
				this.#end({ code: frame.code, reason: frame.reason });
				break;
			case "ping":
				if (!frame.response) this.#say({ type: "ping", response: true, sequence: frame.sequence });
				break;
		}
	}
	#allow(kind: 0 | 1, max: number): void {
		const own = this.#own[kind];
		own.max = Math.max(own.max, max);
		for (const wake of own.waiting.splice(0)) wake();
	}
	/** The half that a frame of the peer's is for; nothing where the stream ended. A new one is handed out. */
	#incoming(id: number): RecvHalf | undefined {
		const known = this.#receiving.get(id);
		if (known) return known;
		const kind = isUni(id) ? 1 : 0;
		if ((id & 1) === this.#side) {
			// Of a stream that this side opened: it ended, or the other one answers what nobody asked.
			if (kind === 1 || id >> 2 >= this.#own[0].next) throw violation(`stream ${id} cannot be sent on`);
			return undefined;
		}
		const state = this.#opened[kind].open(id >> 2);
		if (state === "too-many") throw new WireError("too-many", "more streams than are allowed at a time");
		if (state === "ended") return undefined;
		const recv = this.#newRecv(id);
		if (kind === 1) this.#unis.push(recv);
		else this.#bidis.push({ recv, send: this.#newSend(id, this.#peer?.maxStreamDataBidiLocal ?? 0) });
		return recv;
	}
	#data({ id, offset, data, fin }: Extract<Frame, { type: "stream" }>): void {
		const half = this.#incoming(id);
		this.#count(half, data.length);
		if (!half) {
			this.#consume(undefined, data.length);
			return;
		}
		// The connection is in order, so bytes can neither overtake nor come twice.
		if (offset !== half.received - data.length) throw violation(`bytes of stream ${id} are out of order`);
		half.push(data.length < data.buffer.byteLength * LEAST_SHARE_OF_BUFFER ? new Uint8Array(data) : data);
		if (!fin) return;
		half.finish();
		this.#endReceiving(half);
	}
	/** Counts what arrived against what was allowed. */
	#count(half: RecvHalf | undefined, bytes: number): void {
		this.#received += bytes;
		if (half) half.received += bytes;
		if (this.#received > this.#max || (half && half.received > half.max)) {
			throw new WireError("too-large", "more bytes than were allowed");
		}
	}
	#consume(half: RecvHalf | undefined, bytes: number): void {
		this.#consumed += bytes;
		if (this.#max - this.#consumed <= this.#window / 2) {
			this.#max = this.#consumed + this.#window;
			this.#say({ type: "max-data", max: this.#max });
		}
		if (!half) return;
		half.consumed += bytes;
		if (half.max - half.consumed > this.#streamWindow / 2 || !this.#receiving.has(half.id)) return;
		half.max = half.consumed + this.#streamWindow;
		this.#say({ type: "max-stream-data", id: half.id, max: half.max });
	}
	#resetByPeer({ id, code, finalSize }: Extract<Frame, { type: "reset-stream" }>): void {
		const half = this.#incoming(id);
		if (!half) return;
		// Older peers of the field say 0 here; what never arrives counts as read.
		const missing = Math.max(0, finalSize - half.received);
		this.#count(half, missing);
		this.#consume(undefined, missing);
		half.fail(new StreamError("reset", code));
		this.#endReceiving(half);
	}
	#stoppedByPeer({ id, code }: Extract<Frame, { type: "stop-sending" }>): void {
		const half = this.#sending.get(id);
		if (!half) return;
		half.end(new StreamError("stopped", code));
		this.#reset(half, code);
	}
	#lookForLife(): void {
		if (Date.now() - this.#heardMs >= IDLE_MS) {
			this.#end({ code: 0, reason: "the peer is silent" });
			return;
		}
		if (this.#peer) this.#say({ type: "ping", response: false, sequence: this.#pings++ });
	}
	#end(info: CloseInfo): void {
		if (this.#over) return;
		this.#over = true;
		clearInterval(this.#idle);
		this.#socket.close();
		const error = new StreamError("session-closed");
		for (const half of this.#sending.values()) half.end(error);
		for (const half of this.#receiving.values()) half.fail(error);
		this.#sending.clear();
		this.#receiving.clear();
		this.#ready.clear();
		this.#control = [];
		this.#unis.end();
		this.#bidis.end();
		for (const { waiting } of this.#own) for (const wake of waiting.splice(0)) wake();
		this.#resolveClosed(info);
	}
}
