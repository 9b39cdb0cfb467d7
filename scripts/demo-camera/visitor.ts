import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import type { Socket } from "node:net";
import { encodeMessage, MessageParser, type RtspRequest } from "../../agent/rtsp/message.ts";
import { type ClipPicture, formatParameters } from "./clip.ts";
import { CLIP_FRAMES_A_SECOND, CLOCK_RATE, PAYLOAD_TYPE, type PacketSink, Player } from "./player.ts";
import { SignIn } from "./sign-in.ts";

/** The one address this camera serves. */
export const STREAM_PATH = "/live";
const TRACK = "track=0";
const METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN";
const SESSION_TIMEOUT_S = 60;
/** A visitor who leaves more than this unread is cut off. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

type Header = readonly [string, string];
interface Answer {
	status: string;
	headers?: Header[];
	body?: string;
	/** Done once the answer is on its way. */
	sent?: () => void;
}
interface Route extends PacketSink {
	/** `Transport` of the answer. */
	transport: string;
	close(): void;
}

/** One RTSP connection to the demo camera. */
export class Visitor {
	#socket: Socket;
	#pictures: readonly ClipPicture[];
	#signIn: SignIn;
	#session = randomBytes(8).toString("hex");
	#route: Route | undefined;
	#player: Player | undefined;
	#silence: NodeJS.Timeout | undefined;

	constructor(socket: Socket, pictures: readonly ClipPicture[], account: { user: string; password: string }) {
		this.#socket = socket;
		this.#pictures = pictures;
		this.#signIn = new SignIn(account.user, account.password);
		const parser = new MessageParser({ now: Date.now, isAssigned: () => true, isExpected: () => false });
		socket.setNoDelay(true);
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.#end());
		// Requests are answered one after the other, because binding UDP ports takes a moment.
		let turn = Promise.resolve();
		socket.on("data", (chunk) => {
			try {
				for (const item of parser.push(chunk)) {
					if (item.kind === "request") turn = turn.then(() => this.#answer(item));
				}
			} catch {
				socket.destroy();
			}
		});
		this.#heard();
	}
	/** Ends the connection at once. */
	close(): void {
		this.#socket.destroy();
	}
	#end(): void {
		clearTimeout(this.#silence);
		this.#stop();
	}
	#stop(): void {
		this.#player?.stop();
		this.#route?.close();
		this.#player = undefined;
		this.#route = undefined;
	}
	/** Without a request for the session's timeout, the connection ends, as on a real camera. */
	#heard(): void {
		clearTimeout(this.#silence);
		this.#silence = setTimeout(() => this.close(), SESSION_TIMEOUT_S * 1000);
	}
	async #answer(request: RtspRequest): Promise<void> {
		this.#heard();
		const { status, headers = [], body, sent } = await this.#decide(request);
		if (this.#socket.destroyed) return this.#stop();
		const sequence: Header = ["CSeq", request.headers.get("cseq") ?? "0"];
		this.#socket.write(encodeMessage(`RTSP/1.0 ${status}`, [sequence, ["Server", "Mivisus-demo"], ...headers], body));
		sent?.();
	}
	async #decide({ method, url, headers }: RtspRequest): Promise<Answer> {
		if (method === "OPTIONS") return { status: "200 OK", headers: [["Public", METHODS]] };
		if (!this.#signIn.accepts(headers.get("authorization"), method, url)) {
			const challenges = this.#signIn.challenges().map((value): Header => ["WWW-Authenticate", value]);
			return { status: "401 Unauthorized", headers: challenges };
		}
		const session: Header = ["Session", `${this.#session};timeout=${SESSION_TIMEOUT_S}`];
		if (method === "DESCRIBE") return this.#describe(url);
		if (method === "SETUP") return this.#setup(url, headers.get("transport") ?? "", session);
		if (method === "GET_PARAMETER") return { status: "200 OK", headers: [session] };
		if (!["PLAY", "TEARDOWN"].includes(method)) return { status: "501 Not Implemented" };
		if (!this.#route || headers.get("session")?.split(";")[0] !== this.#session) {
			return { status: "454 Session Not Found" };
		}
		if (method === "TEARDOWN") {
			this.#stop();
			return { status: "200 OK" };
		}
		return this.#play(url, session);
	}
	#describe(url: string): Answer {
		const path = url.replace(/^rtsp:\/\/[^/]*/i, "").replace(/\/$/, "");
		if (path !== STREAM_PATH) return { status: "404 Not Found" };
		const body = [
			"v=0",
			"o=- 0 0 IN IP4 0.0.0.0",
			"s=Mivisus demo camera",
			"c=IN IP4 0.0.0.0",
			"t=0 0",
			"a=control:*",
			`m=video 0 RTP/AVP ${PAYLOAD_TYPE}`,
			`a=rtpmap:${PAYLOAD_TYPE} H264/${CLOCK_RATE}`,
			`a=fmtp:${PAYLOAD_TYPE} ${formatParameters(this.#pictures)}`,
			`a=framerate:${CLIP_FRAMES_A_SECOND}`,
			`a=control:${TRACK}`,
			"",
		].join("\r\n");
		const base = url.endsWith("/") ? url : `${url}/`;
		return {
			status: "200 OK",
			headers: [
				["Content-Base", base],
				["Content-Type", "application/sdp"],
			],
			body,
		};
	}
	async #setup(url: string, wanted: string, session: Header): Promise<Answer> {
		if (!url.endsWith(`${STREAM_PATH}/${TRACK}`)) return { status: "404 Not Found" };
		if (this.#player) return { status: "455 Method Not Valid in This State" };
		this.#route?.close();
		const channels = /interleaved=(\d{1,3})/.exec(wanted);
		const ports = /client_port=(\d{1,5})/.exec(wanted);
		if (/RTP\/AVP\/TCP/i.test(wanted)) this.#route = this.#inside(Number(channels?.[1] ?? 0));
		else if (ports) this.#route = await this.#datagrams(Number(ports[1]));
		else return { status: "461 Unsupported Transport" };
		return { status: "200 OK", headers: [["Transport", this.#route.transport], session] };
	}
	#play(url: string, session: Header): Answer {
		this.#player ??= new Player(this.#pictures, this.#route!);
		const { sequence, timestamp } = this.#player.position;
		const track = `${url.replace(/\/$/, "")}/${TRACK}`;
		return {
			status: "200 OK",
			headers: [session, ["Range", "npt=0-"], ["RTP-Info", `url=${track};seq=${sequence};rtptime=${timestamp}`]],
			sent: () => this.#player?.start(),
		};
	}
	/** Media inside the RTSP connection. */
	#inside(channel: number): Route {
		const send = (id: number, packet: Uint8Array) => {
			if (this.#socket.writableLength > MAX_UNREAD_BYTES) return this.close();
			this.#socket.write(Buffer.of(0x24, id, packet.length >> 8, packet.length & 0xff));
			this.#socket.write(packet);
		};
		return {
			transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`,
			rtp: (packet) => send(channel, packet),
			rtcp: (packet) => send(channel + 1, packet),
			close: () => {},
		};
	}
	/** Media in datagrams, always to the address that asked: this server cannot be aimed at others. */
	async #datagrams(port: number): Promise<Route> {
		const address = this.#socket.remoteAddress ?? "";
		const udp = createSocket(this.#socket.remoteFamily === "IPv6" ? "udp6" : "udp4");
		udp.on("error", () => {});
		await new Promise<void>((resolve) => udp.bind(0, this.#socket.localAddress, resolve));
		const own = udp.address().port;
		return {
			transport: `RTP/AVP;unicast;client_port=${port}-${port + 1};server_port=${own}-${own + 1}`,
			rtp: (packet) => udp.send(packet, port, address),
			rtcp: (packet) => udp.send(packet, port + 1, address),
			close: () => udp.close(),
		};
	}
}
