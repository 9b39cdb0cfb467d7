/** Peers that begin something at a relay and do not go on. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { offerSetup } from "@mivisus/transport/moq/setup";
import type { Session } from "@mivisus/transport/port";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { encodeFrame } from "@mivisus/transport/tcp/frames";
import { parametersFrame, RawQmux } from "@mivisus/transport/testing/raw-qmux";
import { CLIENT_SETUP, encodeClientSetup, OFFERED_VERSIONS } from "@mivisus/wire/moq/setup";
import { encodeSubscribe, SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { encodeVarint } from "@mivisus/wire/moq/varint";

/** What the parent orders: for each peer its kind and a URL with a token of its own. */
export interface Orders {
	peers: { kind: Kind; url: string }[];
	ca: string;
	/** SHA-256 of the certificate, base64. */
	certificateHash: string;
	/** UDP port that swallows everything. */
	blackHole: number;
	/** Between one peer and the next, ms. */
	paceMs: number;
}
/** How long each took from its beginning to its end by the relay, ms. */
export type Outcome = { kind: Kind; ms: number; error?: string }[];

const DRIP_MS = 5000;
/** More than a relay lets a session leave unfinished. */
const MANY_STREAMS = 20;

export type Peer = (url: URL, orders: Orders) => Promise<{ ended: Promise<unknown> }>;
function socketEnd(socket: Socket): { ended: Promise<unknown> } {
	socket.on("error", () => {});
	// One that is not read does not hear of its end.
	socket.resume();
	return { ended: once(socket, "close") };
}
const http3 = (url: URL, { certificateHash }: Orders) =>
	connectHttp3(url, { certificateHashes: [Buffer.from(certificateHash, "base64")], timeoutMs: 30_000 });
const tcp = (url: URL, { ca }: Orders) => connectTcp(url, { ca, timeoutMs: 30_000 });
const raw = (url: URL, { ca }: Orders) => RawQmux.connect(url, ca);

async function drip(session: Session): Promise<{ ended: Promise<unknown> }> {
	const { send } = await session.openBidi();
	const one = () => send.write(encodeVarint(CLIENT_SETUP)).catch(() => {});
	void one();
	const timer = setInterval(one, DRIP_MS);
	return { ended: session.closed.then(() => clearInterval(timer)) };
}
async function leaveStreams(session: Session): Promise<{ ended: Promise<unknown> }> {
	await offerSetup(session);
	for (let n = 0; n < MANY_STREAMS; n++) await (await session.openBidi()).send.write(encodeVarint(SUBSCRIBE_STREAM));
	return { ended: session.closed };
}
const setup = encodeClientSetup({ versions: OFFERED_VERSIONS, parameters: [] });
const opening = (id: number, data: Uint8Array) => encodeFrame({ type: "stream", id, offset: 0, data, fin: false });

export const PEERS = {
	"a TCP connection without a word": async ({ hostname, port }) => socketEnd(connect(Number(port), hostname)),
	"half a TLS handshake": async ({ hostname, port }) => {
		const socket = connect(Number(port), hostname);
		// The header of a record with a client's hello of 512 bytes, and the first of them.
		socket.write(Buffer.from("160301020001", "hex"));
		return socketEnd(socket);
	},
	"half a request for a session over TCP": async ({ hostname, port, pathname }, { ca }) => {
		const socket = connectTls({ host: hostname, port: Number(port), ca, servername: "localhost" });
		const end = socketEnd(socket);
		await once(socket, "secureConnect");
		socket.write(`GET ${pathname} HTTP/1.1\r\nHost: relay\r\nUpgrade: web`);
		return end;
	},
	"no handshake over TCP": async (url, orders) => ({ ended: (await tcp(url, orders)).closed }),
	"one byte per 5 s over TCP": async (url, orders) => drip(await tcp(url, orders)),
	"streams left over TCP": async (url, orders) => leaveStreams(await tcp(url, orders)),
	"no credit over TCP": async (url, orders) => {
		const peer = await raw(url, orders);
		peer.send(parametersFrame(0));
		peer.send(opening(0, setup));
		return { ended: peer.closed };
	},
	"no credit for pictures over TCP": async (url, orders) => {
		const peer = await raw(url, orders);
		peer.send(parametersFrame(1000, { maxStreamsUni: 0 }));
		peer.send(opening(0, setup));
		const subscribe = encodeSubscribe({ id: 0, broadcast: "cam", track: "video", priority: 1 });
		peer.send(opening(4, Buffer.concat([encodeVarint(SUBSCRIBE_STREAM), subscribe])));
		return { ended: peer.closed };
	},
	"no handshake over HTTP/3": async (url, orders) => ({ ended: (await http3(url, orders)).closed }),
	"one byte per 5 s over HTTP/3": async (url, orders) => drip(await http3(url, orders)),
	"streams left over HTTP/3": async (url, orders) => leaveStreams(await http3(url, orders)),
	"half a QUIC handshake": async (url, orders) => {
		// The relay answers into a hole. What it holds of this is the addon's own, and is seen from nowhere.
		url.port = String(orders.blackHole);
		http3(url, { ...orders }).catch(() => {});
		return { ended: Promise.resolve() };
	},
} satisfies Record<string, Peer>;
export type Kind = keyof typeof PEERS;
/** Where each of them connects. */
export const wayOf = (kind: Kind): "http3" | "tcp" => (/HTTP\/3|QUIC/.test(kind) ? "http3" : "tcp");
export const KINDS = Object.keys(PEERS) as Kind[];
