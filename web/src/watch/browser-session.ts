import {
	type BidiStream,
	type CloseInfo,
	type RecvStream,
	type SendStream,
	type Session,
	StreamError,
} from "@mivisus/transport/port";
import { fromBase64Url } from "@mivisus/wire/ids";
import type { RelayGrant } from "../api/answers.ts";
import { CONNECT_TIMEOUT_MS } from "./limits.ts";

/** What the browser throws, as the port's error. */
function translate(error: unknown, kind: "reset" | "stopped"): StreamError {
	if (error instanceof WebTransportError && error.source === "stream") {
		return new StreamError(kind, error.streamErrorCode ?? undefined, { cause: error });
	}
	return new StreamError("session-closed", undefined, { cause: error });
}
/** An error that carries `code` to the peer. The draft's constructor took one object, and Chromium still wants it. */
function withCode(code: number): WebTransportError {
	try {
		return new WebTransportError("", { source: "stream", streamErrorCode: code });
	} catch {
		const Drafted = WebTransportError as unknown as new (init: { streamErrorCode: number }) => WebTransportError;
		return new Drafted({ streamErrorCode: code });
	}
}

class Sender implements SendStream {
	#stream: WritableStream<Uint8Array>;
	#writer: WritableStreamDefaultWriter<Uint8Array>;
	#writing = false;
	constructor(stream: WritableStream<Uint8Array>) {
		this.#stream = stream;
		this.#writer = stream.getWriter();
		this.#writer.closed.catch(() => {});
	}
	async write(bytes: Uint8Array): Promise<void> {
		if (this.#writing) throw new TypeError("a write is in flight on this stream");
		this.#writing = true;
		try {
			await this.#writer.ready;
			await this.#writer.write(bytes);
		} catch (error) {
			throw translate(error, "stopped");
		} finally {
			this.#writing = false;
		}
	}
	async finish(): Promise<void> {
		try {
			await this.#writer.close();
		} catch (error) {
			throw translate(error, "stopped");
		}
	}
	reset(code: number): void {
		this.#writer.abort(withCode(code)).catch(() => {});
	}
	setPriority(priority: number): void {
		if ("sendOrder" in this.#stream) this.#stream.sendOrder = priority;
	}
}

class Receiver implements RecvStream {
	#reader: ReadableStreamDefaultReader<Uint8Array>;
	constructor(stream: ReadableStream<Uint8Array>) {
		this.#reader = stream.getReader();
		this.#reader.closed.catch(() => {});
	}
	async read(): Promise<Uint8Array | null> {
		try {
			for (;;) {
				const { value, done } = await this.#reader.read();
				if (done) return null;
				if (value.length > 0) return value;
			}
		} catch (error) {
			throw translate(error, "reset");
		}
	}
	stop(code: number): void {
		this.#reader.cancel(withCode(code)).catch(() => {});
	}
}

/** The browser's own WebTransport behind the port that every backend has. */
class BrowserSession implements Session {
	readonly transport = "http3";
	readonly remoteAddress = undefined;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly closed: Promise<CloseInfo>;
	#transport: WebTransport;
	#unis: ReadableStreamDefaultReader<ReadableStream<Uint8Array>>;
	#bidis: ReadableStreamDefaultReader<WebTransportBidirectionalStream>;

	constructor(transport: WebTransport, url: URL) {
		this.#transport = transport;
		this.path = url.pathname;
		this.query = url.searchParams;
		this.#unis = transport.incomingUnidirectionalStreams.getReader();
		this.#bidis = transport.incomingBidirectionalStreams.getReader();
		this.closed = transport.closed.then(
			({ closeCode = 0, reason = "" }) => ({ code: closeCode, reason }),
			() => ({ code: 0, reason: "" }),
		);
	}
	async openUni(): Promise<SendStream> {
		return new Sender(await this.#transport.createUnidirectionalStream());
	}
	async openBidi(): Promise<BidiStream> {
		return both(await this.#transport.createBidirectionalStream());
	}
	async acceptUni(): Promise<RecvStream | null> {
		const { value } = await this.#unis.read().catch(() => ({ value: undefined }));
		return value ? new Receiver(value) : null;
	}
	async acceptBidi(): Promise<BidiStream | null> {
		const { value } = await this.#bidis.read().catch(() => ({ value: undefined }));
		return value ? both(value) : null;
	}
	close(code: number, reason: string): void {
		try {
			this.#transport.close({ closeCode: code, reason });
		} catch {
			// Already over.
		}
	}
}
const both = ({ readable, writable }: WebTransportBidirectionalStream): BidiStream => ({
	send: new Sender(writable),
	recv: new Receiver(readable),
});

/** Opens a session to the relay that a grant names. The token travels in the URL and is never logged. */
export async function openSession({ url, token, certificateHashes }: RelayGrant): Promise<Session> {
	const target = new URL(url);
	target.searchParams.set("jwt", token);
	const transport = new WebTransport(target.href, {
		congestionControl: "low-latency",
		...(certificateHashes.length > 0 && {
			serverCertificateHashes: certificateHashes.map((hash) => ({ algorithm: "sha-256", value: fromBase64Url(hash) })),
		}),
	});
	transport.closed.catch(() => {});
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error("the relay does not answer")), CONNECT_TIMEOUT_MS);
	});
	try {
		await Promise.race([transport.ready, late]);
	} catch (error) {
		try {
			transport.close();
		} catch {
			// It never was.
		}
		throw error;
	} finally {
		clearTimeout(timer);
	}
	return new BrowserSession(transport, target);
}
