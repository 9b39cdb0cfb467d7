import { createSocket } from "node:dgram";
import type { SessionRequest, SessionServer } from "../port.ts";
import { loadNative, type NativeRequest, type NativeServer } from "./native.ts";
import { Http3Session, QUIET_MS } from "./session.ts";

/** Where and with which certificate to listen. Port 0 takes a free one. */
export interface Http3ServerOptions {
	/** Address to bind; `::` (the default) takes IPv4 too, because `localhost` may resolve to either. */
	host?: string;
	port: number;
	certPem: string;
	keyPem: string;
}

/** A UDP port that is free now: the addon does not tell which one it got. */
function freePort(host: string): Promise<number> {
	return new Promise((resolve, reject) => {
		const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
		socket.once("error", reject);
		socket.bind(0, host, () => {
			const { port } = socket.address();
			socket.close(() => resolve(port));
		});
	});
}

/**
 * Listens for WebTransport sessions over HTTP/3. There is no close: in the addon it would block the event loop while an
 * accept is pending. A server ends with its process (decision: data plane as a child of a supervisor).
 */
export class Http3Server implements SessionServer {
	readonly transport = "http3";
	readonly port: number;
	#native: NativeServer;

	private constructor(native: NativeServer, port: number) {
		this.#native = native;
		this.port = port;
	}
	/** Rejects when the port is taken or the certificate is not usable. */
	static async listen({ host = "::", port, certPem, keyPem }: Http3ServerOptions): Promise<Http3Server> {
		const { NapiServer } = loadNative();
		const chosen = port === 0 ? await freePort(host) : port;
		const address = host.includes(":") ? `[${host}]:${chosen}` : `${host}:${chosen}`;
		return new Http3Server(NapiServer.bind(address, Buffer.from(certPem), Buffer.from(keyPem)), chosen);
	}
	async next(): Promise<SessionRequest | null> {
		for (;;) {
			const request = await this.#native.accept();
			if (!request) return null;
			const url = await request.url.then(
				(text) => new URL(text),
				() => undefined,
			);
			if (url) return toRequest(request, url);
			await request.reject(400).catch(() => {});
		}
	}
}

function toRequest(request: NativeRequest, url: URL): SessionRequest {
	return {
		path: url.pathname,
		query: url.searchParams,
		remoteAddress: undefined,
		accept: async () => new Http3Session(await request.ok(), url, QUIET_MS),
		reject: (status) => request.reject(status),
	};
}
