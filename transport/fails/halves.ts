import { type RecvStream, type SendStream, StreamError } from "../port.ts";
import type { NativeStream, ReadBuffer } from "./native.ts";

/** What a half asks of its session. */
export interface HalfOwner {
	/** The half ended, however. */
	ended(half: SendHalf | RecvHalf): void;
}

/** Somebody waits for this. */
interface Waiting<T> {
	done: (value: T) => void;
	fail: (error: Error) => void;
}

/** The sending half of a stream. */
export class SendHalf implements SendStream {
	#native: NativeStream;
	#owner: HalfOwner;
	/** Until the caller of the last write had its turn: who writes again before that did not wait. */
	#writing = false;
	/** A write, or the FIN after the last one. */
	#pending: Waiting<void> | undefined;
	#finished = false;
	#failure: StreamError | undefined;

	constructor(native: NativeStream, owner: HalfOwner) {
		this.#native = native;
		this.#owner = owner;
	}
	write(bytes: Uint8Array): Promise<void> {
		if (this.#writing) return Promise.reject(new TypeError("a write is in flight on this stream"));
		if (this.#failure) return Promise.reject(this.#failure);
		if (this.#finished) return Promise.reject(new StreamError("reset"));
		// The library has no answer to nothing.
		if (bytes.length === 0) return Promise.resolve();
		this.#writing = true;
		return new Promise<void>((done, fail) => {
			this.#pending = { done, fail };
			this.#native.writeChunk(bytes);
		}).finally(() => {
			this.#writing = false;
		});
	}
	finish(): Promise<void> {
		if (this.#writing) return Promise.reject(new TypeError("finish while a write is in flight"));
		if (this.#failure) return this.#failure.kind === "reset" ? Promise.resolve() : Promise.reject(this.#failure);
		if (this.#finished) return Promise.resolve();
		this.#finished = true;
		return new Promise<void>((done, fail) => {
			this.#pending = { done, fail };
			this.#native.streamFinal();
		});
	}
	reset(code: number): void {
		if (this.#failure) return;
		// After FIN too: what waits for the network must not be sent any more.
		this.fail(new StreamError("reset", code));
		this.#native.resetStream(code);
	}
	setPriority(priority: number): void {
		if (this.#failure || this.#finished) return;
		this.#native.updateSendOrderAndGroup({ sendOrder: priority, sendGroupId: 0n });
	}
	/** The library took what it was given last; of a FIN it may say so twice. */
	taken(success: boolean): void {
		const pending = this.#pending;
		if (!pending) return;
		this.#pending = undefined;
		if (success) pending.done();
		else pending.fail(new StreamError("session-closed"));
		if (!this.#finished) return;
		// Over HTTP/2 the library forgets to count a FIN as the end of this half: the peer would run out of streams.
		this.#native.closeOutgoing?.();
		this.#owner.ended(this);
	}
	/** The session is about to end: nothing of this stream may be on its way then. */
	cut(): void {
		this.#native.resetStream(0);
	}
	/** Nothing more goes out: the stream was reset or stopped, or the session is over. */
	fail(error: StreamError): void {
		if (this.#failure) return;
		this.#failure = error;
		this.#pending?.fail(error);
		this.#pending = undefined;
		this.#owner.ended(this);
	}
}

/** The receiving half of a stream. */
export class RecvHalf implements RecvStream {
	#native: NativeStream;
	#owner: HalfOwner;
	#chunks: Uint8Array[] = [];
	#finished = false;
	#failure: StreamError | undefined;
	#reader: Waiting<Uint8Array | null> | undefined;

	constructor(native: NativeStream, owner: HalfOwner) {
		this.#native = native;
		this.#owner = owner;
	}
	read(): Promise<Uint8Array | null> {
		if (this.#reader) return Promise.reject(new TypeError("a read is in flight on this stream"));
		if (this.#failure) return Promise.reject(this.#failure);
		const chunk = this.#chunks.shift();
		if (chunk) return Promise.resolve(chunk);
		if (this.#finished) return Promise.resolve(null);
		return new Promise((done, fail) => {
			this.#reader = { done, fail };
			this.#native.startReading();
		});
	}
	stop(code: number): void {
		if (this.#failure || this.#finished) return;
		this.#native.stopSending(code);
		this.fail(new StreamError("stopped", code));
		// What is on its way has taken credit of the whole session: it is read for nobody.
		this.#native.drainReads();
		this.#native.startReading();
	}
	/** Bytes or FIN arrived. Nothing more is taken than somebody waits for: this is the back-pressure to the sender. */
	arrived({ buffer, readBytes = 0, fin }: ReadBuffer): { stopReading?: boolean } {
		if (this.#failure) return {};
		if (buffer && readBytes > 0) this.#chunks.push(buffer.subarray(0, readBytes));
		if (fin) this.#finished = true;
		const next = this.#chunks[0] ?? (this.#finished ? null : undefined);
		const reader = next === undefined ? undefined : this.#reader;
		if (reader) {
			this.#chunks.shift();
			this.#reader = undefined;
			reader.done(next as Uint8Array | null);
		}
		if (this.#finished) this.#owner.ended(this);
		if (this.#reader) return {};
		this.#native.stopReading();
		return { stopReading: true };
	}
	/** The peer reset it. */
	reset(code: number): void {
		// With FIN everything is here; over HTTP/3 a stream that ended well is told as reset when it is thrown away.
		if (this.#finished || this.#failure) return;
		this.fail(new StreamError("reset", code));
		this.#native.drainReads();
	}
	/** Nothing more comes: it was reset or stopped, or the session is over. */
	fail(error: StreamError): void {
		if (this.#failure) return;
		this.#failure = error;
		this.#chunks = [];
		this.#reader?.fail(error);
		this.#reader = undefined;
		this.#owner.ended(this);
	}
}
