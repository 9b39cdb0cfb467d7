import { setTimeout } from "node:timers";
import {
	type BidiStream,
	type CloseInfo,
	type RecvStream,
	type SendStream,
	type Session,
	StreamError,
} from "../port.ts";
import type { NativeRecvStream, NativeSendStream, NativeSession } from "./native.ts";

/** Bytes asked for at once; the addon answers with about one packet anyway. */
const READ_BYTES = 65536;
/**
 * Between a server's last byte and the end of its session, ms. Chromium 156 crashes, page and all, where a server ends a
 * session while bytes of a stream are still arriving (seen with one in thirty ends, and none in five hundred after such a
 * pause, also with both cores busy; decision 0016).
 */
export const QUIET_MS = 80;

/** What keeps the streams that were not collected yet. */
interface Holder {
	add(stream: SendStream): unknown;
	delete(stream: SendStream): unknown;
}

/** A session of the native addon in the port's shape. */
export class Http3Session implements Session {
	readonly transport = "http3";
	readonly path: string;
	readonly query: URLSearchParams;
	readonly remoteAddress = undefined;
	readonly closed: Promise<CloseInfo>;
	#native: NativeSession;
	/** Nothing is sent any more: the session is over, or about to be. */
	#over = false;
	#quietMs: number;
	/** The addon closes a stream whose object is collected: each is held until it ends; what is sent on its own apart. */
	#held = new Set<object>();
	#unis = new Set<SendStream>();

	/** `quietMs`: how long nothing was sent when {@link close} tells the peer. */
	constructor(native: NativeSession, url: URL, quietMs = 0) {
		this.#native = native;
		this.#quietMs = quietMs;
		this.path = url.pathname;
		this.query = url.searchParams;
		this.closed = native
			.closed()
			.then(
				({ closeCode, reason }) => ({ code: closeCode, reason }),
				(error: Error) => ({ code: 0, reason: error.message }),
			)
			.then((info) => {
				this.#over = true;
				this.#held.clear();
				this.#unis.clear();
				return info;
			});
	}
	async openUni(): Promise<SendStream> {
		const stream = this.#send(await this.#open(() => this.#native.openUni()), this.#unis);
		// It may have ended meanwhile.
		if (this.#over) stream.reset(0);
		return stream;
	}
	async openBidi(): Promise<BidiStream> {
		const stream = await this.#open(() => this.#native.openBi());
		return { send: this.#send(stream.takeSend()), recv: this.#recv(stream.takeRecv()) };
	}
	async acceptUni(): Promise<RecvStream | null> {
		try {
			return this.#recv(await this.#native.acceptUni());
		} catch {
			return null;
		}
	}
	async acceptBidi(): Promise<BidiStream | null> {
		try {
			const stream = await this.#native.acceptBi();
			return { send: this.#send(stream.takeSend()), recv: this.#recv(stream.takeRecv()) };
		} catch {
			return null;
		}
	}
	close(code: number, reason: string): void {
		if (this.#over) return;
		this.#over = true;
		const end = () => this.#native.close(code, reason);
		if (this.#quietMs === 0) {
			end();
			return;
		}
		for (const stream of this.#unis) stream.reset(0);
		setTimeout(end, this.#quietMs);
	}
	async #open<T>(open: () => Promise<T>): Promise<T> {
		if (this.#over) throw new StreamError("session-closed");
		try {
			return await open();
		} catch (cause) {
			throw new StreamError("session-closed", undefined, { cause });
		}
	}
	#send(native: NativeSendStream, held: Holder = this.#held): SendStream {
		const stream = new Http3Send(
			native,
			() => this.#over,
			() => held.delete(stream),
		);
		held.add(stream);
		return stream;
	}
	#recv(native: NativeRecvStream): RecvStream {
		const stream = new Http3Recv(
			native,
			() => this.#over,
			() => this.#held.delete(stream),
		);
		this.#held.add(stream);
		return stream;
	}
}

/**
 * The addon tells what happened in words alone: `RESET_STREAM: 460`, `STOP_SENDING: 404`, `session error: …`,
 * `stream closed`. A stream of a lost session fails before the session's own promise settles, so the words decide.
 */
function toStreamError(cause: unknown, own: "reset" | "stopped"): StreamError {
	const text = String((cause as Error).message);
	const match = /^(RESET_STREAM|STOP_SENDING): (\d+)$/.exec(text);
	if (match) return new StreamError(match[1] === "RESET_STREAM" ? "reset" : "stopped", Number(match[2]), { cause });
	const lost = /session error|connection error|webtransport error/.test(text);
	return new StreamError(lost ? "session-closed" : own, undefined, { cause });
}

class Http3Send implements SendStream {
	#native: NativeSendStream;
	#over: () => boolean;
	#release: () => void;
	#writing = false;
	#ended = false;
	#abandoned = false;

	constructor(native: NativeSendStream, over: () => boolean, release: () => void) {
		this.#native = native;
		this.#over = over;
		this.#release = release;
	}
	// One for each frame and viewer: no closure of its own.
	write(bytes: Uint8Array): Promise<void> {
		// The addon reorders writes that are not awaited: found out here rather than in a picture.
		if (this.#writing) return Promise.reject(new TypeError("a write is in flight on this stream"));
		if (this.#over()) return Promise.reject(new StreamError("session-closed"));
		if (this.#ended) return Promise.reject(new StreamError("reset"));
		this.#writing = true;
		const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		return this.#native.write(buffer).then(this.#wrote, this.#failed);
	}
	#wrote = (): void => {
		this.#writing = false;
		if (this.#ended) throw new StreamError(this.#over() ? "session-closed" : "reset");
	};
	#failed = (cause: unknown): never => {
		this.#writing = false;
		this.#release();
		throw this.#over() ? new StreamError("session-closed", undefined, { cause }) : toStreamError(cause, "stopped");
	};
	async finish(): Promise<void> {
		if (this.#writing) throw new TypeError("finish while a write is in flight");
		if (this.#over()) throw new StreamError("session-closed");
		if (this.#ended) return;
		this.#ended = true;
		try {
			await this.#native.finish();
		} catch (cause) {
			throw this.#over() ? new StreamError("session-closed", undefined, { cause }) : toStreamError(cause, "stopped");
		} finally {
			this.#release();
		}
	}
	reset(code: number): void {
		if (this.#abandoned) return;
		this.#abandoned = true;
		this.#ended = true;
		// After FIN too: what waits for the network must not be sent any more (the addon's `finish` does not wait for it).
		// Waits inside the addon until a blocked write is through; nobody waits for it here.
		void this.#native.reset(code).then(this.#release, this.#release);
	}
	setPriority(priority: number): void {
		void this.#native.setPriority(priority).catch(() => {});
	}
}

class Http3Recv implements RecvStream {
	#native: NativeRecvStream;
	#over: () => boolean;
	#release: () => void;
	#failure: StreamError | undefined;

	constructor(native: NativeRecvStream, over: () => boolean, release: () => void) {
		this.#native = native;
		this.#over = over;
		this.#release = release;
	}
	async read(): Promise<Uint8Array | null> {
		// The addon tells a reset once and an ordinary end from then on: a cut stream would pass for a whole one.
		if (this.#failure) throw this.#failure;
		try {
			for (;;) {
				const chunk = await this.#native.read(READ_BYTES);
				if (!chunk) {
					this.#release();
					return null;
				}
				if (chunk.length > 0) return chunk;
			}
		} catch (cause) {
			this.#release();
			this.#failure = this.#over()
				? new StreamError("session-closed", undefined, { cause })
				: toStreamError(cause, "reset");
			throw this.#failure;
		}
	}
	stop(code: number): void {
		void this.#native.stop(code).then(this.#release, this.#release);
	}
}
