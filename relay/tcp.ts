import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { TcpServer } from "@mivisus/transport/tcp/server";
import type { RelayConfig } from "./config.ts";
import { HANDSHAKE_MS, MAX_HEADER_BYTES, MAX_OTHER_CONNECTIONS, MAX_SESSIONS, TICK_MS } from "./limits.ts";

/** Node looks at its deadlines each half minute by itself, and gives TLS two minutes. */
const LIMITS = {
	handshakeTimeout: HANDSHAKE_MS,
	headersTimeout: HANDSHAKE_MS,
	requestTimeout: HANDSHAKE_MS,
	connectionsCheckingInterval: TICK_MS,
	maxHeaderSize: MAX_HEADER_BYTES,
};

/**
 * Listens for sessions over TCP, where UDP is blocked: with TLS where the relay has a certificate that browsers trust,
 * otherwise without, on this machine alone. Rejects when the address is taken.
 */
export async function listenTcp({ tcpHost, tcpPort, certificate }: RelayConfig): Promise<TcpServer> {
	const http: Server = certificate
		? createTlsServer({ ...LIMITS, cert: certificate.certPem, key: certificate.keyPem })
		: createServer(LIMITS);
	http.maxConnections = MAX_SESSIONS + MAX_OTHER_CONNECTIONS;
	http.on("request", (_, response) => {
		response.writeHead(404, { "Content-Type": "application/problem+json", "Cache-Control": "no-store" });
		response.end(JSON.stringify({ type: "about:blank", title: "Not Found", status: 404 }));
	});
	await new Promise<void>((resolve, reject) => {
		http.once("error", reject);
		http.listen(tcpPort, tcpHost, () => resolve());
	});
	return new TcpServer(http);
}
