import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import type { Session } from "@mivisus/transport/port";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { fromBase64Url } from "@mivisus/wire/ids";
import { WebSocket } from "ws";
import type { Server } from "./messages.ts";

/** A session to our relay, or to the bare server that uses the same HTTP/3. */
export function openSession({ way, certPem, certificateHash }: Server, url: URL): Promise<Session> {
	if (way === "relay-tcp") return connectTcp(url, { ca: certPem });
	return connectHttp3(url, { certificateHashes: [fromBase64Url(certificateHash)] });
}

/** A plain WebSocket over TLS. */
export async function openWebSocket({ certPem }: Server, url: URL): Promise<WebSocket> {
	const socket = new WebSocket(url, { ca: certPem, perMessageDeflate: false });
	await once(socket, "open");
	return socket;
}

/** A plain TCP connection; the first line says what it is for, as the path of a URL would. */
export async function openSocket(url: URL): Promise<Socket> {
	const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
	await once(socket, "connect");
	socket.write(`${url.pathname}\n`);
	return socket;
}
