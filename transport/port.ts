/**
 * The one shape that every WebTransport backend has (HTTP/3, TCP, fake, the browser's own). It follows the W3C API in
 * meaning and is stricter where backends differ; the contract suite in `contract.ts` states it as tests.
 */

/** Why a session ended. `code` 0 with an empty reason is an orderly end. Backends cannot always tell; then code is 0. */
export interface CloseInfo {
	code: number;
	reason: string;
}

/** One end of a unidirectional stream, or half of a bidirectional one, to send on. */
export interface SendStream {
	/**
	 * Resolves when the bytes are buffered for sending: this is the back-pressure. The bytes may not be changed any more:
	 * others may share them, and they may still be on their way.
	 * A second write while one is in flight is a bug of the caller and rejects with TypeError. Rejects with StreamError
	 * when the peer stopped reading or the session ended.
	 */
	write(bytes: Uint8Array): Promise<void>;
	/** FIN after the last write. */
	finish(): Promise<void>;
	/** Abandons the stream; what was not delivered may be lost. Never waits, never throws. */
	reset(code: number): void;
	/** Higher goes first. A hint; never throws. */
	setPriority(priority: number): void;
}

/** The receiving end of a stream. */
export interface RecvStream {
	/** Some bytes (never zero), or `null` at FIN. One read at a time. Rejects with StreamError on reset or session end. */
	read(): Promise<Uint8Array | null>;
	/** Tells the peer to stop sending. Never waits, never throws. */
	stop(code: number): void;
}

export interface BidiStream {
	send: SendStream;
	recv: RecvStream;
}

/** One WebTransport session, either side. Whoever holds it closes it. */
export interface Session {
	/** Which backend carries it, for logs and for the person who looks. */
	readonly transport: "http3" | "tcp" | "fails" | "fake";
	/** Path of the URL in the CONNECT request, without query, e.g. `/acct`. On a client: of the URL it connected to. */
	readonly path: string;
	/** Query of that URL. It carries the relay token: never log it. */
	readonly query: URLSearchParams;
	/** The peer's address where the backend knows it. */
	readonly remoteAddress: string | undefined;
	openUni(): Promise<SendStream>;
	openBidi(): Promise<BidiStream>;
	/** The next stream that the peer opened, or `null` once the session is over. One call at a time. */
	acceptUni(): Promise<RecvStream | null>;
	acceptBidi(): Promise<BidiStream | null>;
	/** Ends the session; what was written and not yet sent may be lost, so finish and drain first. Idempotent. */
	close(code: number, reason: string): void;
	/** Resolves when the session is over, for whatever reason. Never rejects. */
	readonly closed: Promise<CloseInfo>;
}

/** A session that a client asks for and the server has not admitted yet. Answer it with exactly one of the two. */
export interface SessionRequest {
	readonly path: string;
	readonly query: URLSearchParams;
	readonly remoteAddress: string | undefined;
	/** `windowBytes`: what the peer may send before it is read, where the backend can be told; less than usual. */
	accept(options?: { windowBytes?: number }): Promise<Session>;
	/** `status` is an HTTP status; a browser's page cannot see it. */
	reject(status: number): Promise<void>;
}

/** A listening server. */
export interface SessionServer {
	readonly transport: Session["transport"];
	/** The UDP or TCP port it listens on. */
	readonly port: number;
	/** The next request, or `null` when the server is closed. */
	next(): Promise<SessionRequest | null>;
}

/** A stream ended otherwise than by FIN. */
export class StreamError extends Error {
	override name = "StreamError";
	readonly kind: "reset" | "stopped" | "session-closed";
	/** Application error code, where the backend tells it. */
	readonly code: number | undefined;
	constructor(kind: StreamError["kind"], code?: number, options?: ErrorOptions) {
		super(code === undefined ? kind : `${kind} (code ${code})`, options);
		this.kind = kind;
		this.code = code;
	}
}
