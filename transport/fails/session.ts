import { setTimeout } from "node:timers";
import { QUIET_MS } from "../http3/session.ts";
import { AsyncQueue } from "../moq/queue.ts";
import {
	type BidiStream,
	type CloseInfo,
	type RecvStream,
	type SendStream,
	type Session,
	StreamError,
} from "../port.ts";
import { cutReason } from "../tcp/frames.ts";
import { type HalfOwner, RecvHalf, SendHalf } from "./halves.ts";
import type { NativeSession, SessionEvents, StreamEvents } from "./native.ts";

/** What a session is about, as its server or client knows it. */
export interface FailsFacts {
	path: string;
	query: URLSearchParams;
	remoteAddress: string | undefined;
	server: boolean;
}

interface Halves {
	send: SendHalf;
	recv: RecvHalf | undefined;
}
/** A stream that this side asked for. */
interface Ordered {
	done: (stream: Halves) => void;
	fail: (error: Error) => void;
}

/** A session of `@fails-components/webtransport` in the port's shape. */
export class FailsSession implements Session {
	readonly transport = "fails";
	readonly path: string;
	readonly query: URLSearchParams;
	readonly remoteAddress: string | undefined;
	readonly closed: Promise<CloseInfo>;
	/** Resolves when the session began; rejects where it did not. */
	readonly ready: Promise<void>;
	#native: NativeSession;
	#events: SessionEvents;
	#owner: HalfOwner;
	#server: boolean;
	/** Nothing is sent any more: the session is over, or about to be. */
	#over = false;
	#resolveClosed: (info: CloseInfo) => void = () => {};
	#began: { done: () => void; fail: (error: Error) => void } = { done: () => {}, fail: () => {} };
	/** Halves that did not end; those of streams that are sent on alone apart. */
	#halves = new Set<SendHalf | RecvHalf>();
	#sending = new Set<SendHalf>();
	#ordered: { uni: Ordered[]; bidi: Ordered[] } = { uni: [], bidi: [] };
	#unis = new AsyncQueue<RecvStream>();
	#bidis = new AsyncQueue<BidiStream>();

	/** Takes `native` over at once: what it tells before that is lost. */
	constructor(native: NativeSession, { path, query, remoteAddress, server }: FailsFacts) {
		this.#native = native;
		this.path = path;
		this.query = query;
		this.remoteAddress = remoteAddress;
		this.#server = server;
		this.#owner = {
			ended: (half) => {
				this.#halves.delete(half);
				this.#sending.delete(half as SendHalf);
			},
		};
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
		this.ready = new Promise((done, fail) => {
			this.#began = { done, fail };
		});
		this.#events = this.#handlers();
		native.jsobj = this.#events;
		native.sendInitialParameters?.();
		// The library takes the server's first stream, number 0, for none, and loses what arrives on it in pieces.
		if (server) native.streamIdMngrBi?.getNextOutgoingStreamId();
	}
	async openUni(): Promise<SendStream> {
		return (await this.#order("uni")).send;
	}
	async openBidi(): Promise<BidiStream> {
		const { send, recv } = await this.#order("bidi");
		return { send, recv: recv as RecvHalf };
	}
	acceptUni(): Promise<RecvStream | null> {
		return this.#unis.take();
	}
	acceptBidi(): Promise<BidiStream | null> {
		return this.#bidis.take();
	}
	close(code: number, reason: string): void {
		if (this.#over) return;
		const sending = [...this.#sending];
		this.#settle();
		const end = () => {
			if (this.#events.state === "closed") return;
			this.#native.close({ code, reason: cutReason(reason) });
			this.#end({ code, reason });
		};
		if (!this.#server) {
			end();
			return;
		}
		// Chromium crashes where a session ends while bytes of it arrive (decision 0016).
		for (const half of sending) half.cut();
		setTimeout(end, QUIET_MS);
	}

	#handlers(): SessionEvents {
		const nothing = () => {};
		return {
			state: "connecting",
			objint: this.#native,
			onReady: () => {
				this.#events.state = "connected";
				this.#began.done();
			},
			onClose: ({ errorcode = 0, error = "" }) => {
				this.#began.fail(new Error(`the session was refused (${errorcode})`));
				this.#end({ code: errorcode, reason: error });
			},
			onStream: (opened) => this.#opened(opened),
			onDatagramReceived: nothing,
			onGoAwayReceived: nothing,
			onSessionStats: nothing,
			onDatagramStats: nothing,
		};
	}
	#order(kind: "uni" | "bidi"): Promise<Halves> {
		if (this.#over) return Promise.reject(new StreamError("session-closed"));
		return new Promise((done, fail) => {
			this.#ordered[kind].push({ done, fail });
			const order = { sendGroup: null, sendOrder: 0, waitUntilAvailable: true } as const;
			if (kind === "uni") this.#native.orderUnidiStream(order);
			else this.#native.orderBidiStream(order);
		});
	}
	#opened({ stream, bidirectional, incoming }: Parameters<SessionEvents["onStream"]>[0]): void {
		const send = bidirectional || !incoming ? new SendHalf(stream, this.#owner) : undefined;
		const recv = bidirectional || incoming ? new RecvHalf(stream, this.#owner) : undefined;
		for (const half of [send, recv]) if (half) this.#halves.add(half);
		if (send && !recv) this.#sending.add(send);
		// Always, also in a session that is over: the library calls it without looking.
		stream.jsobj = streamEvents(this.#events, send, recv, () => this.#over);
		stream.sendInitialParameters?.();
		// Over HTTP/3 a stream is read from its start.
		if (recv) stream.stopReading();
		const kind = bidirectional ? "bidi" : "uni";
		if (this.#over) for (const half of [send, recv]) half?.fail(new StreamError("session-closed"));
		else if (!incoming && send) this.#ordered[kind].shift()?.done({ send, recv });
		else if (recv && send) this.#bidis.push({ send, recv });
		else if (recv) this.#unis.push(recv);
	}
	/** From now on nothing can be done on the session. */
	#settle(): void {
		if (this.#over) return;
		this.#over = true;
		const error = new StreamError("session-closed");
		for (const half of [...this.#halves]) half.fail(error);
		for (const kind of ["uni", "bidi"] as const) for (const { fail } of this.#ordered[kind].splice(0)) fail(error);
		this.#unis.end();
		this.#bidis.end();
	}
	#end(info: CloseInfo): void {
		if (this.#events.state === "closed") return;
		this.#settle();
		this.#events.state = "closed";
		this.#resolveClosed(info);
		this.#events.closeHook?.();
	}
}

/** What a stream of the library tells its halves. */
function streamEvents(
	parentobj: SessionEvents,
	send: SendHalf | undefined,
	recv: RecvHalf | undefined,
	over: () => boolean,
): StreamEvents {
	/** Over HTTP/3 code 0 is also said of every stream whose session is lost, just before that is told. */
	const unlessOver = (code: number, then: () => void) => {
		if (code !== 0) then();
		else queueMicrotask(() => void (over() || then()));
	};
	return {
		parentobj,
		getReadBuffer: ({ byteSize }) => ({ buffer: new Uint8Array(byteSize), readBytes: 0, fin: false }),
		commitReadBuffer: (filled) => recv?.arrived(filled) ?? {},
		onStreamRecvSignal: ({ nettask, code = 0 }) => {
			if (nettask === "resetStream") unlessOver(code, () => recv?.reset(code));
			if (nettask === "stopSending") unlessOver(code, () => send?.fail(new StreamError("stopped", code)));
		},
		onStreamWrite: ({ success = true }) => send?.taken(success),
		onStreamNetworkFinish: ({ nettask }) => {
			if (nettask === "streamFinal") send?.taken(true);
		},
	};
}
