import { createHash } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** One request as the camera read it; header names in lower case. */
export interface Request {
	method: string;
	url: string;
	headers: Map<string, string>;
}
/** What to answer; the sequence number is added. Several values of one header: an array. */
export interface Answer {
	status: number;
	headers?: Record<string, string | string[]>;
	body?: string;
}

/** An answer of its own; undefined leaves the request to the plain camera, null answers nothing. */
export type Answering = (request: Request, peer: Peer) => Answer | null | undefined;

/** How a camera under test behaves. Everything left out is what a plain camera does. */
export interface Script {
	/** Without: no sign-in. */
	auth?: { user: string; password: string; challenges: string[]; hash?: "md5" | "sha256"; realm?: string };
	sdp?: string;
	/** Ends each line of a reply. */
	lineEnd?: string;
	/** Sends replies in pieces of so many bytes. */
	pieces?: number;
	/** Writes start line and headers of each reply in its own way. */
	shape?(reply: string): string;
	/** Speaks TLS, as `rtsps` wants it. */
	tls?: TlsOptions;
	/** See {@link Answering}. */
	answer?: Answering;
	/** After PLAY was answered. */
	play?(peer: Peer): void;
	/** As soon as somebody connects. */
	connected?(peer: Peer): void;
}

export const SDP = `v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
s=scripted\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=fmtp:96 packetization-mode=1\r
a=control:track1\r
`;
export const AUDIO_SDP = "m=audio 0 RTP/AVP 8\r\na=control:track2\r\n";

const SPS = Buffer.from("6742c00ad9047b011000000300100000030320f1226480", "hex");
const PPS = Buffer.from("68cb83cb20", "hex");

/** The sender of a scripted camera's pictures. */
export const SSRC = 0x5eed;
/** One RTP packet. */
export function rtp(type: number, sequence: number, timestamp: number, ssrc: number, payload: Buffer): Buffer {
	const packet = Buffer.alloc(12 + payload.length);
	packet[0] = 0x80;
	packet[1] = type;
	packet.writeUInt16BE(sequence & 0xffff, 2);
	packet.writeUInt32BE(timestamp >>> 0, 4);
	packet.writeUInt32BE(ssrc, 8);
	payload.copy(packet, 12);
	return packet;
}
/** What the camera sees, as packets: 25 pictures a second of 64x48, numbered without gaps. */
export class Media {
	#sequence = 65_530;
	#picture = 0;
	#heard = 0;
	#ssrc: number;
	constructor(ssrc = SSRC) {
		this.#ssrc = ssrc;
	}
	/** SPS, PPS, an IDR picture, and P pictures after it: `pictures` in all. */
	gop(pictures: number): Buffer[] {
		return [this.#packet(SPS), this.#packet(PPS), this.#next([0x65, 0xb8]), ...this.pictures(pictures - 1)];
	}
	/** P pictures. */
	pictures(count: number): Buffer[] {
		return Array.from({ length: count }, () => this.#next([0x41, 0xe1]));
	}
	/** What the camera hears (PCMA, payload type 8, a sender of its own): packets of 20 ms. */
	sounds(count: number): Buffer[] {
		return Array.from({ length: count }, () => {
			this.#heard += 1;
			return rtp(8, this.#heard, this.#heard * 160, this.#ssrc + 1, Buffer.alloc(160, 0xd5));
		});
	}
	#next(head: number[]): Buffer {
		const packet = this.#packet(Buffer.concat([Buffer.from(head), Buffer.alloc(40, 0x80 | (this.#picture & 0x7f))]));
		this.#picture += 1;
		return packet;
	}
	#packet(nal: Buffer): Buffer {
		this.#sequence += 1;
		return rtp(96, this.#sequence, this.#picture * 3600, this.#ssrc, nal);
	}
}
/** `$`, channel, length, packet. */
export const interleaved = (channel: number, packet: Buffer) =>
	Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff]), packet]);

/** One connection, as the camera sees it. */
export class Peer {
	readonly media = new Media();
	readonly requests: Request[] = [];
	/** Replies of the agent to requests of the camera: their first lines with all headers. */
	readonly replies: string[] = [];
	/** Packets that the agent sent inside the connection: its receiver reports. */
	readonly reports: { channel: number; data: Buffer }[] = [];
	/** UDP ports of the agent by SETUP. */
	readonly clientPorts: number[] = [];
	/** Resolves when the connection has ended. */
	readonly closed: Promise<void>;
	#socket: Socket;
	#script: Script;
	#bytes: Buffer = Buffer.alloc(0);
	#udp: UdpSocket | undefined;
	#waiting: (() => void)[] = [];

	constructor(socket: Socket, script: Script) {
		this.#socket = socket;
		this.#script = script;
		socket.on("error", () => {});
		this.closed = new Promise((resolve) => {
			socket.on("close", () => {
				this.#udp?.close();
				resolve();
			});
		});
		socket.on("data", (chunk) => this.#receive(chunk));
		script.connected?.(this);
	}
	/** Methods so far, in order. */
	get methods(): string[] {
		return this.requests.map(({ method }) => method);
	}
	send(data: string | Buffer): void {
		this.#socket.write(data);
	}
	/** Sends packets inside the connection. */
	frames(packets: Buffer[], channel = 0): void {
		this.send(Buffer.concat(packets.map((packet) => interleaved(channel, packet))));
	}
	/** Sends packets to the agent's first UDP port. */
	datagrams(packets: Buffer[]): void {
		this.#udp ??= createSocket("udp4");
		for (const packet of packets) this.#udp.send(packet, this.clientPorts[0] ?? 9, "127.0.0.1");
	}
	/** Sends `chunk` again and again, as quickly as the agent reads, `bytes` in all or until the connection ends. */
	async flood(chunk: Buffer, bytes: number): Promise<void> {
		for (let sent = 0; sent < bytes && !this.#socket.destroyed; sent += chunk.length) {
			if (this.#socket.write(chunk)) continue;
			await Promise.race([this.closed, new Promise((resolve) => this.#socket.once("drain", resolve))]);
		}
	}
	/** Sends byte after byte, one each `everyMs`, until the connection ends. */
	async drip(data: string | Buffer, everyMs: number): Promise<void> {
		for (const byte of Buffer.from(data)) {
			if (this.#socket.destroyed) return;
			this.#socket.write(Buffer.of(byte));
			await new Promise((resolve) => setTimeout(resolve, everyMs));
		}
	}
	/** Cuts the connection by a reset. */
	reset(): void {
		this.#socket.resetAndDestroy();
	}
	/** Reads nothing any more. */
	deafen(): void {
		this.#socket.pause();
	}
	/** Cuts the connection. */
	cut(): void {
		this.#socket.destroy();
	}
	/** Resolves when `condition` holds; asked again after each message of the agent. */
	async until(condition: (peer: Peer) => boolean): Promise<void> {
		while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}
	#receive(chunk: Buffer): void {
		this.#bytes = Buffer.concat([this.#bytes, chunk]);
		while (this.#take());
		for (const resolve of this.#waiting.splice(0)) resolve();
	}
	/** Takes one message or packet; whether there was one. */
	#take(): boolean {
		const bytes = this.#bytes;
		if (bytes[0] === 0x24) {
			const end = bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + bytes.readUInt16BE(2);
			if (bytes.length < end) return false;
			this.reports.push({ channel: bytes[1]!, data: bytes.subarray(4, end) });
			this.#bytes = bytes.subarray(end);
			return true;
		}
		const end = bytes.indexOf("\r\n\r\n");
		if (end < 0) return false;
		const message = bytes.subarray(0, end).toString("utf8");
		this.#bytes = bytes.subarray(end + 4);
		if (message.startsWith("RTSP/")) this.replies.push(message);
		else this.#request(message);
		return true;
	}
	#request(message: string): void {
		const [start = "", ...lines] = message.split("\r\n");
		const [method = "", url = ""] = start.split(" ");
		const headers = new Map(
			lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
		);
		const request = { method, url, headers };
		this.requests.push(request);
		const own = this.#script.answer?.(request, this);
		if (own === null) return;
		this.#reply(request, own ?? this.#plain(request));
		if (method === "PLAY" && !own) this.#script.play?.(this);
		if (method === "TEARDOWN") this.#socket.end();
	}
	#reply(request: Request, { status, headers = {}, body = "" }: Answer): void {
		const end = this.#script.lineEnd ?? "\r\n";
		const lines = [`RTSP/1.0 ${status} Scripted`, `CSeq: ${request.headers.get("cseq")}`];
		for (const [name, values] of Object.entries(headers)) {
			for (const value of [values].flat()) lines.push(`${name}: ${value}`);
		}
		if (body) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
		const head = `${lines.join(end)}${end}${end}`;
		const bytes = Buffer.from(`${this.#script.shape?.(head) ?? head}${body}`);
		const size = this.#script.pieces ?? bytes.length;
		for (let at = 0; at < bytes.length; at += size) this.#socket.write(bytes.subarray(at, at + size));
	}
	#plain(request: Request): Answer {
		const { auth, sdp = SDP } = this.#script;
		if (auth && request.method !== "OPTIONS" && !signedIn(request, auth)) {
			return { status: 401, headers: { "WWW-Authenticate": auth.challenges } };
		}
		if (request.method === "OPTIONS")
			return { status: 200, headers: { Public: "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER" } };
		if (request.method === "DESCRIBE")
			return { status: 200, headers: { "Content-Base": `${request.url}/` }, body: sdp };
		if (request.method !== "SETUP") return { status: 200, headers: { Session: "12345678" } };
		const transport = request.headers.get("transport") ?? "";
		const port = /client_port=(\d+)/.exec(transport)?.[1];
		if (port) this.clientPorts.push(Number(port));
		return {
			status: 200,
			headers: { Transport: port ? `${transport};server_port=9-10` : transport, Session: "12345678;timeout=60" },
		};
	}
}

/** Checks a digest with the raw password, by the RFC's words and not by the agent's code. */
function signedIn(
	request: Request,
	{ user, password, hash = "md5", realm = "cam" }: NonNullable<Script["auth"]>,
): boolean {
	const header = request.headers.get("authorization") ?? "";
	if (!header.startsWith("Digest ")) return false;
	const field = (name: string) => new RegExp(`[ ,]${name}="?([^",]*)`).exec(header)?.[1] ?? "";
	const h = (text: string) => createHash(hash).update(text, "utf8").digest("hex");
	const secret = `${h(`${user}:${realm}:${password}`)}:${field("nonce")}`;
	const qop = field("qop") ? `:${field("nc")}:${field("cnonce")}:auth` : "";
	const wanted = h(`${secret}${qop}:${h(`${request.method}:${request.url}`)}`);
	return field("uri") === request.url && field("response") === wanted;
}

/** A camera on 127.0.0.1 that does what its script says; the test closes it. */
export class ScriptedCamera {
	readonly port: number;
	readonly peers: Peer[] = [];
	#server: Server;
	#waiting: (() => void)[] = [];

	/** On a free port unless one is given. */
	static listen(script: Script, port = 0): Promise<ScriptedCamera> {
		return new Promise((resolve) => {
			const server = script.tls ? createTlsServer(script.tls) : createServer();
			server.listen(port, "127.0.0.1", () => resolve(new ScriptedCamera(server, script)));
		});
	}
	private constructor(server: Server, script: Script) {
		this.#server = server;
		this.port = (server.address() as { port: number }).port;
		server.on("tlsClientError", () => {});
		server.on(script.tls ? "secureConnection" : "connection", (socket: Socket) => {
			this.peers.push(new Peer(socket, script));
			for (const resolve of this.#waiting.splice(0)) resolve();
		});
	}
	/** The connection with that number, from 0; waits for it. */
	async peer(number: number): Promise<Peer> {
		while (this.peers.length <= number) await new Promise<void>((resolve) => this.#waiting.push(resolve));
		return this.peers[number]!;
	}
	async close(): Promise<void> {
		for (const peer of this.peers) peer.cut();
		await new Promise((resolve) => this.#server.close(resolve));
	}
}
