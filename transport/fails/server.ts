import { randomBytes } from "node:crypto";
import { AsyncQueue } from "../moq/queue.ts";
import type { SessionRequest, SessionServer } from "../port.ts";
import { MAX_WAITING } from "../tcp/server.ts";
import { MAX_OPEN_STREAMS, SESSION_WINDOW_BYTES, STREAM_WINDOW_BYTES } from "../tcp/session.ts";
import { loadHttp3, loadLibrary, type NativeRequest, type NativeServer, type NativeSession } from "./native.ts";
import { FailsSession } from "./session.ts";

/** Where, with which certificate and over which HTTP to listen. Port 0 takes a free one. */
export interface FailsServerOptions {
	/** 3 (the default) needs the library's native part; 2 is there everywhere, and good for tests alone (decision 0017). */
	http?: 2 | 3;
	/** Address to bind; `::` (the default) takes IPv4 too. */
	host?: string;
	port: number;
	certPem: string;
	keyPem: string;
}

/** What a peer may send and open before it is read, as over TCP. */
export const LIMITS = {
	initialBidirectionalStreams: MAX_OPEN_STREAMS,
	initialUnidirectionalStreams: MAX_OPEN_STREAMS,
	initialStreamFlowControlWindow: STREAM_WINDOW_BYTES,
	streamFlowControlWindowSizeLimit: STREAM_WINDOW_BYTES,
	initialSessionFlowControlWindow: SESSION_WINDOW_BYTES,
	sessionFlowControlWindowSizeLimit: SESSION_WINDOW_BYTES,
};

/** Listens for WebTransport sessions by `@fails-components/webtransport`. */
export class FailsServer implements SessionServer {
	readonly transport = "fails";
	#native: NativeServer;
	#requests = new AsyncQueue<SessionRequest>();

	private constructor(native: NativeServer) {
		this.#native = native;
		native.onSessionRequest = (request) => this.#take(request);
		native.onHttpWTSessionVisitor = ({ session, userData }) => (userData as Accepted | undefined)?.begin(session);
	}
	/**
	 * Rejects with NativeUnavailableError where HTTP/3 does not load, otherwise when the port is taken or the certificate
	 * is not usable.
	 */
	static async listen({ http = 3, host = "::", port, certPem, keyPem }: FailsServerOptions): Promise<FailsServer> {
		const { Http2Server, Http3Server } = await (http === 3 ? loadHttp3() : loadLibrary());
		const native = new (http === 3 ? Http3Server : Http2Server)({
			...LIMITS,
			host,
			port,
			cert: certPem,
			privKey: keyPem,
			secret: randomBytes(32).toString("hex"),
			// The library's own choice would share the port with another process, and lose half of the packets to it.
			quicheNodeSocketOptions: { reuseAddr: false },
		});
		const server = new FailsServer(native);
		await native.createTransportInt().catch((error: Error) => {
			// The library keeps the cause in the stack alone.
			const [why] = String(error.stack).split("\n");
			throw new Error(`the certificate or its key cannot be used: ${why}`);
		});
		native.transportInt.setJSRequestHandler(true);
		native.transportInt.startServer?.();
		await native.ready;
		return server;
	}
	get port(): number {
		return this.#native.port ?? 0;
	}
	next(): Promise<SessionRequest | null> {
		return this.#requests.take();
	}
	/** Stops listening. Over HTTP/3 this ends the sessions too, without telling them why. */
	close(): void {
		this.#requests.end();
		this.#native.transportInt.stopServer();
	}
	#take(request: NativeRequest): void {
		const text = String(request.header[":path"] ?? "");
		const url = URL.canParse(text, "https://localhost") ? new URL(text, "https://localhost") : undefined;
		const finish = async (status: number, userData?: Accepted) =>
			this.#native.transportInt.finishSessionRequest({
				...request,
				status,
				path: "/",
				...(userData && { userData }),
			});
		if (!url || this.#requests.length >= MAX_WAITING) {
			// A peer that went away meanwhile needs no answer.
			finish(url ? 503 : 400).catch(() => {});
			return;
		}
		const { pathname: path, searchParams: query } = url;
		const remoteAddress = hostOf(request.peerAddress);
		const facts = { path, query, remoteAddress, server: true };
		this.#requests.push({
			path,
			query,
			remoteAddress,
			reject: async (status) => {
				await finish(status);
			},
			accept: async () => {
				let session: FailsSession | undefined;
				const begin = (native: NativeSession) => {
					session = new FailsSession(native, facts);
				};
				await finish(200, { begin });
				if (!session) throw new Error("the connection ended before the session began");
				await session.ready;
				return session;
			},
		});
	}
}

/** Travels through the library with an answer, and comes back with the session. */
interface Accepted {
	begin(native: NativeSession): void;
}

/** The address in `127.0.0.1:4433`, `::1:4433` or `[::1]:4433`. */
const hostOf = (peerAddress: string) => peerAddress.slice(0, peerAddress.lastIndexOf(":")).replace(/^\[|\]$/g, "");
