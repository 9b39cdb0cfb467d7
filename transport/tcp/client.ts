import { clearTimeout, setTimeout } from "node:timers";
import { WebSocket } from "ws";
import type { Session } from "../port.ts";
import { SUBPROTOCOLS } from "./protocol.ts";
import { MAX_RECORD_BYTES, QmuxSession } from "./session.ts";
import { type WebSocketLike, webSocketRecords } from "./web-socket.ts";

/** How to connect over TCP. */
export interface TcpClientOptions {
	/** Certificates (PEM) to trust besides the system's. */
	ca?: string;
	timeoutMs?: number;
	/** Gives the attempt up. */
	signal?: AbortSignal;
}

/** How long a server may take to answer, ms. */
const CONNECT_TIMEOUT_MS = 8000;

/** Opens a session to `url` (wss, or ws on this machine). Rejects when the server cannot be reached or refuses. */
export async function connectTcp(
	url: URL,
	{ ca, timeoutMs = CONNECT_TIMEOUT_MS, signal }: TcpClientOptions = {},
): Promise<Session> {
	const socket = new WebSocket(url, [...SUBPROTOCOLS], {
		perMessageDeflate: false,
		maxPayload: MAX_RECORD_BYTES,
		...(ca !== undefined && { ca }),
	});
	const give = () => socket.terminate();
	signal?.addEventListener("abort", give, { once: true });
	// The package's own limit is unknown to Bun, which has another WebSocket in its place.
	const timer = setTimeout(give, timeoutMs);
	try {
		return await new Promise<Session>((resolve, reject) => {
			// At once: what the server said may have come together with its answer.
			socket.onopen = () => {
				const { pathname: path, searchParams: query } = url;
				const records = webSocketRecords(socket as unknown as WebSocketLike);
				resolve(new QmuxSession(records, { server: false, path, query, remoteAddress: undefined }));
			};
			socket.onerror = ({ message }) => reject(new Error(message));
			socket.onclose = () => reject(new Error("the connection ended"));
		});
	} catch (cause) {
		// The URL carries the relay token: only the host may stand in an error.
		const said = String((cause as Error).message).replaceAll(url.search, "");
		throw new Error(`no session over TCP with ${url.host}: ${said}`);
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener("abort", give);
	}
}
