import type { Answer, Answering, Peer, Request, Script } from "../scripted.ts";
import { type Behaviour, MIB, named } from "./behaviour.ts";

const PHASES = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"] as const;

/** What a camera may do instead of a reply. */
const DEEDS: Record<string, (peer: Peer, request: Request) => void> = {
	"says nothing": () => {},
	"hangs up": (peer) => peer.cut(),
	"resets the connection": (peer) => peer.reset(),
	"stops in the middle of the first line": (peer) => peer.send("RTSP/1.0 20"),
	"stops in the middle of the headers": (peer) => peer.send("RTSP/1.0 200 OK\r\nPublic: "),
	"sends a MiB of zeros": (peer) => void peer.flood(Buffer.alloc(65_536), MIB),
	"sends one line without an end": (peer) => void peer.flood(Buffer.alloc(65_536, "A"), 8 * MIB),
	"sends headers without an end": (peer) => {
		peer.send("RTSP/1.0 200 OK\r\n");
		void peer.flood(Buffer.from(`X-Header: ${"a".repeat(4000)}\r\n`), 64 * MIB);
	},
	"announces 4 GB and sends what it can": (peer, { headers }) => {
		peer.send(`RTSP/1.0 200 OK\r\nCSeq: ${headers.get("cseq")}\r\nContent-Length: 4294967295\r\n\r\n`);
		void peer.flood(Buffer.alloc(65_536, "x"), 64 * MIB);
	},
	"announces 64 KiB and sends one byte": (peer, { headers }) =>
		peer.send(`RTSP/1.0 200 OK\r\nCSeq: ${headers.get("cseq")}\r\nContent-Length: 65536\r\n\r\nx`),
	"answers with status 000": (peer) => peer.send("RTSP/1.0 000 \r\n\r\n"),
	"answers as a web server": (peer) =>
		peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html></html>\r\n\r\n"),
	"answers another question": (peer) => peer.send("RTSP/1.0 200 OK\r\nCSeq: 4711\r\n\r\n"),
	"answers with a number that is none": (peer) => peer.send("RTSP/1.0 200 OK\r\nCSeq: -1e999\r\n\r\n"),
	"asks for patience for ever": (peer, { headers }) =>
		void peer.flood(Buffer.from(`RTSP/1.0 100 Continue\r\nCSeq: ${headers.get("cseq")}\r\n\r\n`), 4 * MIB),
	"answers byte by byte, slowly": (peer, { headers }) =>
		void peer.drip(`RTSP/1.0 200 OK\r\nCSeq: ${headers.get("cseq")}\r\nX: ${"y".repeat(400)}\r\n\r\n`, 100),
	"answers a thousand times": (peer, { headers }) =>
		void peer.flood(Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: ${headers.get("cseq")}\r\n\r\n`.repeat(100)), MIB),
	"sends frames with absurd lengths": (peer) =>
		void peer.flood(Buffer.from([0x24, 9, 0xff, 0xff, 1, 0x24, 0xff]), 2 * MIB),
	"has zero bytes in its headers": (peer) => peer.send("RTSP/1.0 200 OK\r\nCSeq\0: \0\r\n\0: \r\n\r\n"),
	"asks ten thousand questions": (peer) =>
		void peer.flood(Buffer.from("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 400_000),
	"asks to be redirected and torn down": (peer) =>
		peer.send("REDIRECT * RTSP/1.0\r\nCSeq: 1\r\n\r\nTEARDOWN * RTSP/1.0\r\nCSeq: 2\r\n\r\n"),
};
/** Replies of the right shape with hostile contents. */
const ANSWERS: Record<string, (request: Request) => Answer> = {
	"announces a negative length": () => ({ status: 200, headers: { "Content-Length": "-5" } }),
	"announces a length of 400 digits": () => ({ status: 200, headers: { "Content-Length": "9".repeat(400) } }),
	"answers with status 999": () => ({ status: 999 }),
	"wants a new sign-in each time": () => challenge(`nonce="${Math.random()}"`),
	"calls each nonce stale": () => challenge(`nonce="${Math.random()}", stale=TRUE`),
	"challenges with 15 KB of commas and quotes": () => ({
		status: 401,
		headers: { "WWW-Authenticate": `Digest ${',="'.repeat(5000)}` },
	}),
	"points to itself for ever": ({ url }) => ({ status: 302, headers: { Location: url } }),
	"points to the router": () => ({ status: 302, headers: { Location: "rtsp://admin:admin@192.0.2.1:80/reboot" } }),
	"points to a file": () => ({ status: 301, headers: { Location: "file:///etc/passwd" } }),
};
const challenge = (more: string): Answer => ({
	status: 401,
	headers: { "WWW-Authenticate": `Digest realm="r", ${more}` },
});

/** Scripts in which one request is not answered as it should be. */
function instead(phase: string): Record<string, Script> {
	const of = (answer: Answering): Script => ({
		answer: (request, peer) => (request.method === phase ? answer(request, peer) : undefined),
	});
	const silently = (deed: (peer: Peer, request: Request) => void) =>
		of((request, peer) => {
			deed(peer, request);
			return null;
		});
	return {
		...Object.fromEntries(Object.entries(DEEDS).map(([name, deed]) => [name, silently(deed)])),
		...Object.fromEntries(Object.entries(ANSWERS).map(([name, answer]) => [name, of(answer)])),
	};
}

/** Each deed in each phase of the dialogue, and as soon as somebody connects. */
export const REPLIES: Behaviour[] = [
	...PHASES.flatMap((phase) => named(phase, instead(phase))),
	...named("connected", {
		"hangs up": { connected: (peer) => peer.cut() },
		"greets like a mail server": { connected: (peer) => peer.send("220 mail ESMTP\r\n") },
		"sends video of another session without an end": {
			connected: (peer) =>
				void peer.flood(Buffer.concat(peer.media.gop(50).map((packet) => frame(0, packet))), 16 * MIB),
		},
		"reads nothing": { connected: (peer) => peer.deafen() },
		"sends random bytes slowly": {
			connected: (peer) => void peer.drip(Buffer.from(Array.from({ length: 400 }, (_, n) => (n * 89) & 0xff)), 50),
		},
	}),
];

export function frame(channel: number, packet: Buffer): Buffer {
	return Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]), packet]);
}
