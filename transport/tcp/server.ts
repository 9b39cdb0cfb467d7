import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout } from "node:timers";
import { type WebSocket, WebSocketServer } from "ws";
import { AsyncQueue } from "../moq/queue.ts";
import type { Session, SessionRequest, SessionServer } from "../port.ts";
import { chosenSubprotocol, SUBPROTOCOLS } from "./protocol.ts";
import { MAX_RECORD_BYTES, QmuxSession, type RecordSocket } from "./session.ts";

/** Requests that were not answered yet; beyond, new ones are sent away. */
export const MAX_WAITING = 1000;
/** Requests name a path only; the rest is never looked at. */
const BASE = "http://localhost";
/** From the end of a session to the end of its connection, ms, whether or not the peer says goodbye. */
const GOODBYE_MS = 1000;

/** Sessions over WebSockets of an HTTP server, which may answer ordinary requests beside them. */
export class TcpServer implements SessionServer {
	readonly transport = "tcp";
	#http: Server;
	#sockets = new WebSocketServer({
		noServer: true,
		perMessageDeflate: false,
		maxPayload: MAX_RECORD_BYTES,
		handleProtocols: (offered) => chosenSubprotocol([...offered].join(",")) ?? false,
	});
	#requests = new AsyncQueue<SessionRequest>();

	/** `http` listens already, with TLS or, on this machine alone, without. */
	constructor(http: Server) {
		this.#http = http;
		http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
	}
	get port(): number {
		return (this.#http.address() as AddressInfo).port;
	}
	next(): Promise<SessionRequest | null> {
		return this.#requests.take();
	}
	/** Stops listening. Sessions live on. */
	close(): void {
		this.#requests.end();
		this.#http.close();
	}
	#upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
		// Without a listener, a peer that goes away would end the process.
		socket.on("error", () => socket.destroy());
		const url = URL.canParse(request.url ?? "", BASE) ? new URL(request.url ?? "", BASE) : undefined;
		if (!url) refuse(socket, 400, "The address cannot be read.");
		else if (!chosenSubprotocol(request.headers["sec-websocket-protocol"])) {
			refuse(socket, 400, `Sec-WebSocket-Protocol must offer one of: ${SUBPROTOCOLS.join(", ")}.`);
		} else if (this.#requests.length >= MAX_WAITING) refuse(socket, 503, "Too many requests wait.");
		else this.#hand(request, socket, head, url);
	}
	#hand(request: IncomingMessage, socket: Socket, head: Buffer, url: URL): void {
		this.#requests.push({
			path: url.pathname,
			query: url.searchParams,
			remoteAddress: socket.remoteAddress,
			accept: (options) => this.#accept(request, socket, head, url, options?.windowBytes),
			reject: async (status) => refuse(socket, status, "The session was refused."),
		});
	}
	#accept(
		request: IncomingMessage,
		socket: Socket,
		head: Buffer,
		url: URL,
		windowBytes: number | undefined,
	): Promise<Session> {
		return new Promise((resolve, reject) => {
			socket.once("close", () => reject(new Error("the connection ended before the session began")));
			if (socket.destroyed) reject(new Error("the connection ended"));
			socket.setNoDelay(true);
			this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
				const { pathname: path, searchParams: query } = url;
				const facts = { server: true, path, query, remoteAddress: socket.remoteAddress, windowBytes };
				resolve(new QmuxSession(records(webSocket, socket), facts));
			});
		});
	}
}

const REASONS: Record<number, string> = {
	400: "Bad Request",
	401: "Unauthorized",
	403: "Forbidden",
	404: "Not Found",
	429: "Too Many Requests",
	503: "Service Unavailable",
};

/** Answers a request for a session with an HTTP error, as a problem document (RFC 9457). */
function refuse(socket: Duplex, status: number, detail: string): void {
	const title = REASONS[status] ?? "Refused";
	const body = JSON.stringify({ type: "about:blank", title, status, detail });
	const lines = [
		`HTTP/1.1 ${status} ${title}`,
		"Connection: close",
		"Content-Type: application/problem+json",
		"Cache-Control: no-store",
		`Content-Length: ${Buffer.byteLength(body)}`,
	];
	socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/** A server's WebSocket as a carrier of records: unlike a client's, its socket tells when it has room again. */
function records(webSocket: WebSocket, socket: Socket): RecordSocket {
	let corked = false;
	const uncork = () => {
		corked = false;
		socket.uncork();
	};
	return {
		send: (record, rest) => {
			if (webSocket.readyState !== webSocket.OPEN) return;
			// What is sent in one turn leaves together: one system call and as few TLS records as possible.
			if (!corked) {
				corked = true;
				socket.cork();
				process.nextTick(uncork);
			}
			// Two fragments of one message: the record's header, and bytes that others send as well.
			webSocket.send(record, { binary: true, fin: !rest });
			if (rest) webSocket.send(rest, { binary: true, fin: true });
		},
		get bufferedBytes() {
			return socket.writableLength;
		},
		close: () => {
			webSocket.close();
			setTimeout(() => webSocket.terminate(), GOODBYE_MS).unref();
		},
		listen: ({ record, writable, closed }) => {
			socket.on("drain", writable);
			webSocket.on("error", () => webSocket.terminate());
			webSocket.on("close", closed);
			webSocket.on("message", (data: Buffer, isBinary) => {
				// Text is no record: it is handed over as one that cannot be read.
				record(isBinary ? data : Uint8Array.of(0x3f));
			});
		},
	};
}
