import { NativeUnavailableError } from "../http3/native.ts";

/**
 * What `@fails-components/webtransport` has beneath its W3C objects, as far as it is used: the same shape over HTTP/3
 * (C++) and HTTP/2 (JavaScript). The W3C objects are passed by: they cut error codes off at 255 and give no back-pressure
 * to a sender (decision 0017).
 */

/** A stream of the library. What happens on it is told to its `jsobj`. */
export interface NativeStream {
	jsobj: StreamEvents;
	sendInitialParameters?(): void;
	/** Hands over what arrives, until told to stop. */
	startReading(): void;
	stopReading(): void;
	/** What arrives from now on is for nobody: it only counts as read. */
	drainReads(): void;
	stopSending(code: number): void;
	resetStream(code: number): void;
	/** One at a time; answered by `onStreamWrite`. */
	writeChunk(bytes: Uint8Array): void;
	streamFinal(): void;
	updateSendOrderAndGroup(order: { sendOrder: number; sendGroupId: bigint }): void;
	/** HTTP/2: counts the sending half as over. */
	closeOutgoing?(): void;
}
/** Bytes that arrived, or room for them. */
export interface ReadBuffer {
	buffer?: Uint8Array;
	readBytes?: number;
	fin?: boolean;
}
export interface StreamEvents {
	/** The library looks here whether the session lives. */
	readonly parentobj: SessionEvents;
	getReadBuffer(wanted: { byteSize: number }): ReadBuffer;
	commitReadBuffer(filled: ReadBuffer): { stopReading?: boolean };
	/** The peer's RESET_STREAM or STOP_SENDING; over HTTP/3 also, with code 0, when the stream is thrown away. */
	onStreamRecvSignal(signal: { nettask: "resetStream" | "stopSending" | "streamFinal"; code?: number }): void;
	onStreamWrite(written: { success?: boolean }): void;
	onStreamNetworkFinish(task: { nettask: "resetStream" | "stopSending" | "streamFinal" }): void;
}

/** A session of the library. */
export interface NativeSession {
	jsobj: SessionEvents;
	sendInitialParameters?(): void;
	/** Asks for a stream; it comes by `onStream`, when the peer allows one more. */
	orderUnidiStream(order: StreamOrder): boolean;
	orderBidiStream(order: StreamOrder): boolean;
	close(info: { code: number; reason: string }): void;
	/** HTTP/2: numbers the streams. */
	streamIdMngrBi?: { getNextOutgoingStreamId(): bigint };
}
interface StreamOrder {
	sendGroup: null;
	sendOrder: number;
	waitUntilAvailable: true;
}
export interface SessionEvents {
	state: "connecting" | "connected" | "closed";
	readonly objint: NativeSession;
	/** Set by the library's client: ends its connection. */
	closeHook?: (() => void) | null;
	onReady(): void;
	onClose(info: { errorcode?: number; error?: string }): void;
	onStream(opened: { stream: NativeStream; bidirectional: boolean; incoming: boolean }): void;
	onDatagramReceived(): void;
	onGoAwayReceived(): void;
	onSessionStats(): void;
	onDatagramStats(): void;
}

/** A request for a session, as it is handed back with the answer. */
export interface NativeRequest {
	header: Record<string, string | string[] | undefined>;
	/** Address and port. */
	peerAddress: string;
}
type NativeAnswer = NativeRequest & { status: number; path: string; userData?: object };

/** The library's server. Both handlers are ours: its own make W3C objects. */
export interface NativeServer {
	readonly ready: Promise<void>;
	readonly port: number | null;
	createTransportInt(): Promise<void>;
	readonly transportInt: {
		startServer?(): void;
		stopServer(): void;
		setJSRequestHandler(ours: boolean): void;
		/** HTTP/2 answers with a promise, which rejects where the peer has gone. */
		finishSessionRequest(answer: NativeAnswer): Promise<void> | undefined;
	};
	onSessionRequest(request: NativeRequest): void;
	onHttpWTSessionVisitor(begun: { session: NativeSession; userData?: object }): void;
}
export interface NativeServerOptions {
	host: string;
	port: number;
	cert: string;
	privKey: string;
	/** For QUIC's address tokens. */
	secret: string;
	initialBidirectionalStreams: number;
	initialUnidirectionalStreams: number;
	initialStreamFlowControlWindow: number;
	streamFlowControlWindowSizeLimit: number;
	initialSessionFlowControlWindow: number;
	sessionFlowControlWindowSizeLimit: number;
	/** Passed to `dgram.createSocket`. */
	quicheNodeSocketOptions: { reuseAddr: boolean };
}

/** The library's client, in its HTTP/2 mode. For tests. */
export interface NativeClient {
	readonly ready: Promise<void>;
	readonly closed: Promise<unknown>;
	/** Called once the session exists, before anything arrives on it. */
	readonly sessionint: { setSessionObj(session: NativeSession): void };
}

export interface Library {
	Http2Server: new (options: NativeServerOptions) => NativeServer;
	Http3Server: new (options: NativeServerOptions) => NativeServer;
	WebTransport: new (url: string, options: object) => NativeClient;
}

/** What HTTP/3 needs beside the library, in the one version that fits. It fetches its native part from a code host. */
const HTTP3_PACKAGE = "@fails-components/webtransport-transport-http3-quiche";
export const INSTALL_HTTP3 = `npm install --no-save ${HTTP3_PACKAGE}@1.6.8`;

/** The library. Only where it is used: without the native part its import writes to the console. */
export async function loadLibrary(): Promise<Library> {
	// @ts-expect-error: its types are under the condition `node` alone, which a bundler's resolution does not look at
	return (await import("@fails-components/webtransport")) as Library;
}

/** The library with HTTP/3. Throws NativeUnavailableError, which says what to install. */
export async function loadHttp3(): Promise<Library> {
	try {
		await import(/* @vite-ignore */ HTTP3_PACKAGE);
	} catch (cause) {
		const { code, message } = cause as NodeJS.ErrnoException;
		const why =
			code === "ERR_MODULE_NOT_FOUND"
				? "is not installed"
				: `is installed and does not load (${message.split("\n")[0]})`;
		throw new NativeUnavailableError(
			`the native part of @fails-components/webtransport ${why}: ${INSTALL_HTTP3} (its install script must be allowed to run)`,
			{ cause },
		);
	}
	return loadLibrary();
}
