import { randomBytes } from "node:crypto";
import type { BroadcastClock } from "../publish/broadcast.ts";
import { Authenticator } from "./auth.ts";
import { RtspConnection, type RtspStep } from "./connection.ts";
import { CameraError, faultOfStatus } from "./errors.ts";
import { TEARDOWN_TIMEOUT_MS } from "./limits.ts";
import type { RtspReply } from "./message.ts";
import { PortPair } from "./ports.ts";
import { chooseMedia, controlUrl, parseSdp, type SdpMedia } from "./sdp.ts";
import { type RtspAccess, requestUrl } from "./url.ts";

export type TransportKind = "tcp" | "udp";
export type MediaKind = "video" | "audio";

export interface SessionOptions {
	access: RtspAccess;
	/** `tcp`: inside the RTSP connection; `udp`: a pair of ports for each track. */
	transport: TransportKind;
	clock: BroadcastClock;
	/** What the camera offers and was chosen, before any packet. Audio is absent when it cannot be played. */
	onMedia(video: SdpMedia, audio: SdpMedia | undefined): void;
	/** One RTP packet as it came. */
	onPacket(kind: MediaKind, data: Uint8Array): void;
	/** One RTCP packet as it came. */
	onReport(kind: MediaKind, data: Uint8Array): void;
	/** Bytes of the connection were lost; any track may be damaged. */
	onLost(): void;
	/** Whether `head` can begin a packet of that track. */
	isExpected(kind: MediaKind, head: Uint8Array): boolean;
	/** Hears of the dialogue step by step. */
	trace?: ((step: RtspStep) => void) | undefined;
}

/** Said by RFC 2326, section 12.37, for a camera that says nothing, s. */
const DEFAULT_SESSION_TIMEOUT_S = 60;
const MAX_KEEPALIVE_MS = 25_000;

interface Channel {
	kind: MediaKind;
	reports: boolean;
}

/** A running RTSP session: OPTIONS, DESCRIBE, SETUP, PLAY, keepalive, TEARDOWN. One session never changes its transport. */
export class RtspSession {
	#options: SessionOptions;
	#connection!: RtspConnection;
	#channels = new Map<number, Channel>();
	#ports: PortPair[] = [];
	/** `0` is a legal id (R08). */
	#id: string | undefined;
	#timeoutS = DEFAULT_SESSION_TIMEOUT_S;
	#base = "";
	#aggregate = "";
	/** Until the camera refuses it or stays silent; then OPTIONS. */
	#keepaliveMethod: "GET_PARAMETER" | "OPTIONS" = "GET_PARAMETER";
	#cancelKeepalive = () => {};

	/** Plays the whole dialogue; resolves once the camera agreed to send. Rejects with CameraError, also on abort. */
	static async open(options: SessionOptions, signal: AbortSignal): Promise<RtspSession> {
		if (options.access.scheme === "rtsps") {
			throw new CameraError("stream-unsupported", "Encrypted RTSP (rtsps) is not supported yet.");
		}
		const session = new RtspSession(options);
		await session.#connect(signal);
		const onAbort = () => session.#connection.close();
		signal.addEventListener("abort", onAbort);
		try {
			if (signal.aborted) onAbort();
			await session.#play();
			return session;
		} catch (error) {
			await session.close();
			throw error;
		} finally {
			signal.removeEventListener("abort", onAbort);
		}
	}
	private constructor(options: SessionOptions) {
		this.#options = options;
	}
	/** Resolves with the reason when the camera ended the session or the connection broke. */
	get ended(): Promise<CameraError> {
		return this.#connection.ended;
	}
	/** Says goodbye, so that the camera frees its place, and closes everything. */
	async close(): Promise<void> {
		this.#cancelKeepalive();
		if (this.#id !== undefined) {
			await this.#connection
				.request("TEARDOWN", this.#aggregate, this.#sessionHeader(), TEARDOWN_TIMEOUT_MS)
				.catch(() => {});
		}
		this.#connection.close();
		for (const pair of this.#ports) pair.close();
		this.#ports = [];
	}
	async #connect(signal: AbortSignal): Promise<void> {
		const { access, clock, onLost, isExpected, onPacket, onReport, trace } = this.#options;
		const { user, password } = access;
		this.#connection = await RtspConnection.open(
			{
				host: access.host,
				port: access.port,
				clock,
				auth: new Authenticator({ user, password, random: () => randomBytes(12).toString("hex") }),
				isAssigned: (number) => this.#channels.has(number),
				isExpected: (number, head) => {
					const channel = this.#channels.get(number);
					// RTCP begins with version 2 and one of its types (RFC 3550, section 12.1).
					if (channel?.reports) return head[0]! >> 6 === 2 && head[1]! >= 200 && head[1]! <= 204;
					return channel !== undefined && isExpected(channel.kind, head);
				},
				onFrame: (number, data) => {
					const channel = this.#channels.get(number);
					if (channel) (channel.reports ? onReport : onPacket)(channel.kind, data);
				},
				onLost,
				trace,
			},
			signal,
		);
	}
	async #play(): Promise<void> {
		const url = requestUrl(this.#options.access);
		const options = await this.#connection.request("OPTIONS", url);
		const known = options.headers.get("public");
		if (known !== undefined && !/\bGET_PARAMETER\b/i.test(known)) this.#keepaliveMethod = "OPTIONS";
		const described = await this.#expect("DESCRIBE", url, [["Accept", "application/sdp"]]);
		const sdp = parseSdp(new TextDecoder().decode(described.body));
		const choice = chooseMedia(sdp);
		if (!choice.ok) throw new CameraError("stream-unsupported", choice.problem);
		this.#base = withoutUserinfo(
			described.headers.get("content-base") ?? described.headers.get("content-location") ?? url,
		);
		this.#aggregate = controlUrl(this.#base, sdp.control);
		const { audio } = choice;
		// The listener hears of the tracks first: some cameras send before they answer PLAY.
		this.#options.onMedia(choice.video, audio);
		await this.#setup("video", choice.video);
		try {
			if (audio) await this.#setup("audio", audio);
		} catch (error) {
			// Trouble with sound never stops the picture (S02), except when the connection itself is gone.
			if (!(error instanceof CameraError) || !this.#connection.isOpen) throw error;
		}
		await this.#expect("PLAY", this.#aggregate, [...this.#sessionHeader(), ["Range", "npt=0.000-"]]);
		this.#keepAlive();
	}
	async #setup(kind: MediaKind, media: SdpMedia): Promise<void> {
		const url = controlUrl(this.#base, media.control);
		const session = this.#sessionHeader();
		if (this.#options.transport === "tcp") {
			const asked = kind === "video" ? 0 : 2;
			const transport = `RTP/AVP/TCP;unicast;interleaved=${asked}-${asked + 1}`;
			const reply = await this.#expect("SETUP", url, [["Transport", transport], ...session]);
			this.#assign(kind, asked, reply.headers.get("transport") ?? "");
			this.#remember(reply);
			return;
		}
		const source = { address: "" };
		const pair = await PortPair.open({
			ipv6: this.#connection.isIpv6,
			random: Math.random,
			accepts: (address) => address === this.#connection.peer || address === source.address,
			onPacket: (data) => this.#options.onPacket(kind, data),
			onReport: (data) => this.#options.onReport(kind, data),
		});
		this.#ports.push(pair);
		const transport = `RTP/AVP;unicast;client_port=${pair.port}-${pair.port + 1}`;
		const reply = await this.#expect("SETUP", url, [["Transport", transport], ...session]);
		this.#remember(reply);
		const answer = reply.headers.get("transport") ?? "";
		source.address = parameter(answer, "source") ?? "";
		const [rtp, rtcp] = numbers(parameter(answer, "server_port"));
		const ports = [rtp ?? 0, rtcp ?? (rtp ?? 0) + 1] as const;
		// A camera that names impossible ports is heard all the same: these packets only open firewalls.
		if (ports.every((port) => port > 0 && port < 65536)) pair.open(this.#connection.peer, ports);
	}
	/** The camera's reply says which channels it will use (R06). */
	#assign(kind: MediaKind, asked: number, transport: string): void {
		if (/\bRTP\/AVP\/UDP\b|\bclient_port=/i.test(transport) && parameter(transport, "interleaved") === undefined) {
			throw faultOfStatus("SETUP", 461);
		}
		const [first, second] = numbers(parameter(transport, "interleaved"));
		const rtp = first ?? asked;
		const rtcp = second ?? rtp + 1;
		if (rtp > 255 || rtcp > 255 || this.#channels.has(rtp) || this.#channels.has(rtcp) || rtp === rtcp) {
			throw new CameraError("stream-unsupported", "The camera mixes its tracks into one channel.");
		}
		this.#channels.set(rtp, { kind, reports: false });
		this.#channels.set(rtcp, { kind, reports: true });
	}
	#remember(reply: RtspReply): void {
		const [id, ...parameters] = reply.headers.get("session")?.split(";") ?? [];
		if (id !== undefined && id.trim() !== "") this.#id = id.trim();
		const timeout = parameters
			.map((text) => /^\s*timeout\s*=\s*(\d+)/i.exec(text)?.[1])
			.find((text) => text !== undefined);
		if (timeout !== undefined && Number(timeout) > 0) this.#timeoutS = Number(timeout);
	}
	#sessionHeader(): [string, string][] {
		return this.#id === undefined ? [] : [["Session", this.#id]];
	}
	async #expect(method: string, url: string, headers: readonly (readonly [string, string])[]): Promise<RtspReply> {
		const reply = await this.#connection.request(method, url, headers);
		if (reply.status < 200 || reply.status >= 300) throw faultOfStatus(method, reply.status);
		return reply;
	}
	#keepAlive(): void {
		const everyMs = Math.min(MAX_KEEPALIVE_MS, Math.max(1000, (this.#timeoutS * 1000) / 2));
		this.#cancelKeepalive = this.#options.clock.after(everyMs, () => {
			const method = this.#keepaliveMethod;
			// No answer is no fault: some cameras never answer it, and packets tell whether the camera is there.
			const otherwise = () => {
				this.#keepaliveMethod = method === "OPTIONS" ? "GET_PARAMETER" : "OPTIONS";
			};
			this.#connection.request(method, this.#aggregate, this.#sessionHeader()).then(({ status }) => {
				if (status >= 300) otherwise();
			}, otherwise);
			this.#keepAlive();
		});
	}
}

/** One `name=value` of a Transport header. */
function parameter(transport: string, name: string): string | undefined {
	// Cameras that answer with a list mean its first item.
	const [first = ""] = transport.split(",");
	for (const part of first.split(";")) {
		const [key, value] = part.split("=");
		if (key?.trim().toLowerCase() === name) return value?.trim();
	}
	return undefined;
}

const numbers = (text: string | undefined) => (text?.match(/\d+/g) ?? []).map(Number);

/** Cameras echo addresses with credentials; request lines must not hold any. */
function withoutUserinfo(url: string): string {
	return url.replace(/^(rtsps?:\/\/)[^/]*@/i, "$1");
}
