import { ReadableStream, WritableStream } from "node:stream/web";
import { type RecvStream, type SendStream, type Session, StreamError } from "@mivisus/transport/port";

/**
 * Our port in the shape of the W3C's `WebTransport`, as far as `@moq/net` uses it. It lets the field's own library run on
 * Node over real HTTP/3, without a change to either.
 */

/** What the W3C rejects with when a stream is reset; libraries look at the fields, not at the class. */
class WebTransportError extends Error {
	override name = "WebTransportError";
	readonly source: "stream" | "session";
	readonly streamErrorCode: number | null;
	constructor(cause: StreamError) {
		super(cause.message, { cause });
		this.source = cause.kind === "session-closed" ? "session" : "stream";
		this.streamErrorCode = cause.code ?? null;
	}
}
const toW3c = (error: unknown) => (error instanceof StreamError ? new WebTransportError(error) : error);
/** An abort's code stands in a WebTransportError; anything else is code 0. */
const codeOf = (reason: unknown) => (reason as { streamErrorCode?: number } | undefined)?.streamErrorCode ?? 0;

function readable(recv: RecvStream): ReadableStream<Uint8Array> {
	return new ReadableStream<Uint8Array>({
		async pull(controller) {
			try {
				const bytes = await recv.read();
				if (bytes) controller.enqueue(bytes);
				else controller.close();
			} catch (error) {
				controller.error(toW3c(error));
			}
		},
		cancel: (reason) => recv.stop(codeOf(reason)),
	});
}

class Writable extends WritableStream<Uint8Array> {
	#send: SendStream;
	constructor(send: SendStream) {
		super({
			write: (bytes) =>
				send.write(bytes).catch((error) => {
					throw toW3c(error);
				}),
			close: () => send.finish(),
			abort: (reason) => send.reset(codeOf(reason)),
		});
		this.#send = send;
	}
	set sendOrder(order: number) {
		this.#send.setPriority(order);
	}
}

function incoming<T>(accept: () => Promise<T | null>): ReadableStream<T> {
	return new ReadableStream<T>({
		async pull(controller) {
			const stream = await accept();
			if (stream) controller.enqueue(stream);
			else controller.close();
		},
	});
}

/** A client's session as a `WebTransport`. */
export class PortWebTransport {
	readonly ready = Promise.resolve();
	/** No sub-protocol was negotiated, as with Chromium against our relay. */
	readonly protocol = "";
	readonly closed: Promise<{ closeCode: number; reason: string }>;
	readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
	readonly incomingBidirectionalStreams: ReadableStream<{ readable: ReadableStream<Uint8Array>; writable: Writable }>;
	#session: Session;

	constructor(session: Session) {
		this.#session = session;
		this.closed = session.closed.then(({ code, reason }) => ({ closeCode: code, reason }));
		this.incomingUnidirectionalStreams = incoming(async () => {
			const recv = await session.acceptUni();
			return recv && readable(recv);
		});
		this.incomingBidirectionalStreams = incoming(async () => {
			const stream = await session.acceptBidi();
			return stream && { readable: readable(stream.recv), writable: new Writable(stream.send) };
		});
	}
	async createUnidirectionalStream(options?: { sendOrder?: number }): Promise<Writable> {
		const writable = new Writable(await this.#session.openUni());
		if (options?.sendOrder !== undefined) writable.sendOrder = options.sendOrder;
		return writable;
	}
	async createBidirectionalStream(): Promise<{ readable: ReadableStream<Uint8Array>; writable: Writable }> {
		const { send, recv } = await this.#session.openBidi();
		return { readable: readable(recv), writable: new Writable(send) };
	}
	close(info?: { closeCode?: number; reason?: string }): void {
		this.#session.close(info?.closeCode ?? 0, info?.reason ?? "");
	}
}
