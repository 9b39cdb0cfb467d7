import { type RecvStream, type SendStream, StreamError } from "../port.ts";
import { joined } from "./frames.ts";

/** What a sending half needs of its session. */
export interface SendingSession {
	/** Something waits to be sent on `half`, or its credit grew. */
	ready(half: SendHalf): void;
	/** Tells the peer that nothing more comes. */
	abandoned(half: SendHalf, code: number): void;
}

/** The sending half of a stream. The session takes from it what the peer and the socket have room for. */
export class SendHalf implements SendStream {
	readonly id: number;
	priority = 0;
	/** Bytes that the session took so far: the offset of the next one. */
	sent = 0;
	/** The peer takes so many, as last told. */
	max: number;
	#session: SendingSession;
	/** Until the caller of the last write had its turn: who writes again before that did not wait. */
	#writing = false;
	#pending: { bytes: Uint8Array; at: number; done: () => void; fail: (error: Error) => void } | undefined;
	#finishing: { done: () => void; fail: (error: Error) => void } | undefined;
	/** Set once nothing can be written any more. */
	#ended: StreamError | undefined;

	constructor(id: number, max: number, session: SendingSession) {
		this.id = id;
		this.max = max;
		this.#session = session;
	}
	write(bytes: Uint8Array): Promise<void> {
		if (this.#writing) return Promise.reject(new TypeError("a write is in flight on this stream"));
		if (this.#ended) return Promise.reject(this.#ended);
		if (bytes.length === 0) return Promise.resolve();
		this.#writing = true;
		return new Promise<void>((done, fail) => {
			this.#pending = { bytes, at: 0, done, fail };
			this.#session.ready(this);
		}).finally(() => {
			this.#writing = false;
		});
	}
	finish(): Promise<void> {
		if (this.#writing) return Promise.reject(new TypeError("finish while a write is in flight"));
		if (this.#ended) return this.#ended.kind === "reset" ? Promise.resolve() : Promise.reject(this.#ended);
		return new Promise((done, fail) => {
			this.#ended = new StreamError("reset");
			this.#finishing = { done, fail };
			this.#session.ready(this);
		});
	}
	reset(code: number): void {
		if (this.#ended && !this.#finishing) return;
		this.end(new StreamError("reset", code));
		this.#session.abandoned(this, code);
	}
	setPriority(priority: number): void {
		this.priority = priority;
	}
	/** Nothing more goes out: the stream was reset or stopped, or the session is over. */
	end(error: StreamError): void {
		this.#ended = error;
		this.#pending?.fail(error);
		this.#finishing?.fail(error);
		this.#pending = undefined;
		this.#finishing = undefined;
	}
	/** Bytes that wait and that the peer has room for; `undefined` where there is nothing to send, 0 for a FIN alone. */
	get waiting(): number | undefined {
		if (this.#pending) {
			const left = Math.min(this.#pending.bytes.length - this.#pending.at, this.max - this.sent);
			return left > 0 ? left : undefined;
		}
		return this.#finishing ? 0 : undefined;
	}
	/** The next bytes, at most `most`; a FIN has none. Only where {@link waiting} says that there are some. */
	take(most: number): { data: Uint8Array; fin: boolean } {
		const pending = this.#pending;
		if (!pending) {
			this.#finishing?.done();
			this.#finishing = undefined;
			return { data: new Uint8Array(0), fin: true };
		}
		const data = pending.bytes.subarray(pending.at, pending.at + most);
		pending.at += data.length;
		this.sent += data.length;
		if (pending.at === pending.bytes.length) {
			this.#pending = undefined;
			pending.done();
		}
		return { data, fin: false };
	}
}

/** Pieces in which unread bytes are held: a peer that sends single bytes must not make each cost an object. */
const MAX_CHUNKS = 1024;
/** A piece keeps the record in memory that it came in; one that is smaller by more than this is copied out of it. */
const MAX_KEPT_RATIO = 8;

/** What a receiving half needs of its session. */
export interface ReceivingSession {
	/** So many bytes were read, or will never be: the peer may send as many again. */
	consumed(half: RecvHalf, bytes: number): void;
	/** Tells the peer that nobody reads any more. */
	stopped(half: RecvHalf, code: number): void;
}

/** The receiving half of a stream. */
export class RecvHalf implements RecvStream {
	readonly id: number;
	/** Bytes that arrived so far. */
	received = 0;
	/** Bytes that the peer may send, as last told. */
	max: number;
	/** Bytes read. */
	consumed = 0;
	#session: ReceivingSession;
	#chunks: Uint8Array[] = [];
	#finished = false;
	#stopped = false;
	#failure: StreamError | undefined;
	#reader: { take: (bytes: Uint8Array | null) => void; fail: (error: Error) => void } | undefined;

	constructor(id: number, max: number, session: ReceivingSession) {
		this.id = id;
		this.max = max;
		this.#session = session;
	}
	read(): Promise<Uint8Array | null> {
		if (this.#reader) return Promise.reject(new TypeError("a read is in flight on this stream"));
		if (this.#failure) return Promise.reject(this.#failure);
		const chunk = this.#chunks.shift();
		if (chunk) {
			this.#session.consumed(this, chunk.length);
			return Promise.resolve(chunk);
		}
		if (this.#finished) return Promise.resolve(null);
		return new Promise((take, fail) => {
			this.#reader = { take, fail };
		});
	}
	stop(code: number): void {
		if (this.#stopped || this.#failure) return;
		this.#stopped = true;
		this.#drop(new StreamError("stopped", code));
		if (!this.#finished) this.#session.stopped(this, code);
	}
	/** Bytes arrived, and counted by the session. */
	push(data: Uint8Array): void {
		if (data.length === 0) return;
		const reader = this.#reader;
		if (!this.#stopped && !reader) {
			// Unread bytes are bounded by their number; what they cost beside has to be, too.
			if (this.#chunks.length >= MAX_CHUNKS) this.#chunks = [joined(this.#chunks)];
			this.#chunks.push(onItsOwn(data));
			return;
		}
		this.#reader = undefined;
		this.#session.consumed(this, data.length);
		reader?.take(onItsOwn(data));
	}
	/** FIN. */
	finish(): void {
		this.#finished = true;
		this.#reader?.take(null);
		this.#reader = undefined;
	}
	/** The peer reset it, or the session is over. */
	fail(error: StreamError): void {
		this.#drop(error);
	}
	#drop(error: StreamError): void {
		this.#failure ??= error;
		const left = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
		this.#chunks = [];
		this.#reader?.fail(this.#failure);
		this.#reader = undefined;
		if (left > 0) this.#session.consumed(this, left);
	}
}

const onItsOwn = (data: Uint8Array) =>
	data.length < data.buffer.byteLength / MAX_KEPT_RATIO ? new Uint8Array(data) : data;
