import { randomBytes } from "node:crypto";
import type { BroadcastClock } from "../publish/broadcast.ts";
import { Authenticator } from "./auth.ts";
import { RtspConnection } from "./connection.ts";
import { CameraError, faultOfStatus } from "./errors.ts";
import { Habits } from "./habits.ts";
import { DEFAULT_SESSION_TIMEOUT_S, Keepalive } from "./keepalive.ts";
import { DIALOGUE_TIMEOUT_MS, MAX_REDIRECTS, TEARDOWN_TIMEOUT_MS } from "./limits.ts";
import type { RtspReply } from "./message.ts";
import { followRedirect, isRedirect, Redirected } from "./redirect.ts";
import { chooseMedia, controlUrl, parseSdp, type Sdp, type SdpMedia } from "./sdp.ts";
import { DeadSources } from "./sources.ts";
import type { Trace } from "./trace.ts";
import { type MediaKind, TrackLine } from "./track.ts";
import { readTransport } from "./transport.ts";
import { type RtspAccess, requestUrl } from "./url.ts";

export type TransportKind = "tcp" | "udp";
export type { MediaKind } from "./track.ts";

export interface SessionOptions {
	access: RtspAccess;
	/** `rtsps`: the one certificate that counts, SHA-256 in lower-case hexadecimal. */
	certificate?: string | undefined;
	/** `tcp`: inside the RTSP connection; `udp`: a pair of ports for each track. */
	transport: TransportKind;
	clock: BroadcastClock;
	/** What earlier sessions learnt of this camera; this one adds to it. */
	habits?: Habits;
	/** Hears each step of the dialogue. */
	trace?: Trace | undefined;
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
}

/** A running RTSP session: OPTIONS, DESCRIBE, SETUP, PLAY, keepalive, TEARDOWN. One session never changes its transport. */
export class RtspSession {
	#options: SessionOptions;
	#habits: Habits;
	#trace: Trace;
	#connection!: RtspConnection;
	#tracks: TrackLine[] = [];
	/** Channels of the connection. */
	#channels = new Map<number, { track: TrackLine; reports: boolean }>();
	#dead = new DeadSources();
	#asked = false;
	/** `0` is a legal id (R08). */
	#id: string | undefined;
	#timeoutS = DEFAULT_SESSION_TIMEOUT_S;
	#base = "";
	#aggregate = "";
	#keepalive: Keepalive | undefined;
	#leftOut = false;

	/**
	 * Plays the whole dialogue, over a few redirects on the camera's own host, too; resolves once the camera agreed to
	 * send. Rejects with CameraError, also on abort.
	 */
	static async open(options: SessionOptions, signal: AbortSignal): Promise<RtspSession> {
		const late = new AbortController();
		const cancel = options.clock.after(DIALOGUE_TIMEOUT_MS, () => late.abort());
		try {
			return await RtspSession.#follow(options, AbortSignal.any([signal, late.signal]));
		} catch (error) {
			if (!late.signal.aborted || signal.aborted) throw error;
			throw new CameraError("camera-unreachable", "The camera answers too slowly.");
		} finally {
			cancel();
		}
	}
	static async #follow(options: SessionOptions, signal: AbortSignal): Promise<RtspSession> {
		let { access } = options;
		for (let redirects = 0; ; redirects++) {
			try {
				return await RtspSession.#openAt({ ...options, access }, signal);
			} catch (error) {
				if (!(error instanceof Redirected)) throw error;
				if (redirects === MAX_REDIRECTS) {
					throw new CameraError("stream-unsupported", "The camera points from one address to the next without end.");
				}
				access = error.access;
				const ignored = error.heldCredentials ? " The user and password inside that address are ignored." : "";
				options.trace?.({ note: `The camera points to another path or port of its own.${ignored}` });
			}
		}
	}
	static async #openAt(options: SessionOptions, signal: AbortSignal): Promise<RtspSession> {
		const session = new RtspSession(options);
		await session.#connect(signal);
		const onAbort = () => session.#connection.leave();
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
		this.#habits = options.habits ?? new Habits();
		this.#trace = options.trace ?? (() => {});
	}
	/** Resolves with the reason when the camera ended the session or the connection broke. */
	get ended(): Promise<CameraError> {
		return this.#connection.ended;
	}
	/** Whether a track of the camera was not set up because nobody wants it. */
	get leftOut(): boolean {
		return this.#leftOut;
	}
	/**
	 * Says goodbye, so that the camera frees its place, and closes everything. `byCamera`: it ended the session, or fell
	 * silent; then its keepalive is in doubt.
	 */
	async close({ byCamera } = { byCamera: false }): Promise<void> {
		this.#keepalive?.stop(byCamera);
		for (const track of this.#tracks) track.stop();
		if (this.#id !== undefined) {
			await this.#connection
				.request("TEARDOWN", this.#aggregate, this.#sessionHeader(), TEARDOWN_TIMEOUT_MS)
				.catch(() => {});
		}
		this.#connection.close();
		for (const track of this.#tracks) track.close();
		this.#tracks = [];
	}
	async #connect(signal: AbortSignal): Promise<void> {
		const { access, certificate, clock, onLost } = this.#options;
		const { user, password } = access;
		this.#connection = await RtspConnection.open(
			{
				...access,
				user,
				password,
				certificate,
				clock,
				trace: this.#trace,
				auth: new Authenticator({ user, password, random: () => randomBytes(12).toString("hex") }),
				isAssigned: (number) => this.#channels.has(number),
				isExpected: (number, head) => {
					const channel = this.#channels.get(number);
					// RTCP begins with version 2 and one of its types (RFC 3550, section 12.1).
					if (channel?.reports) return head[0]! >> 6 === 2 && head[1]! >= 200 && head[1]! <= 204;
					return channel?.track.expects(head) ?? false;
				},
				onFrame: (number, data) => {
					const channel = this.#channels.get(number);
					if (channel?.reports) channel.track.takeReport(data);
					else channel?.track.takePacket(data);
				},
				onStray: (data) => {
					if (!this.#asked) this.#dead.note(data);
				},
				onLost,
			},
			signal,
		);
	}
	async #play(): Promise<void> {
		const url = requestUrl(this.#options.access);
		const options = await this.#ask("OPTIONS", url);
		const described = await this.#expect("DESCRIBE", url, [["Accept", "application/sdp"]]);
		const sdp = parseSdp(new TextDecoder().decode(described.body));
		const { video, audio } = chosen(sdp);
		this.#base = withoutUserinfo(
			described.headers.get("content-base") ?? described.headers.get("content-location") ?? url,
		);
		this.#aggregate = withoutUserinfo(controlUrl(this.#base, sdp.control));
		// The listener hears of the tracks first: some cameras send before they answer PLAY.
		this.#options.onMedia(video, audio);
		await this.#setup("video", video);
		if (audio) await this.#setupSound("audio", audio);
		for (const unwanted of sdp.media) {
			if (unwanted === video || unwanted === audio || !isListenable(unwanted)) continue;
			if (this.#habits.everyTrack) await this.#setupSound(undefined, unwanted);
			else this.#leftOut = true;
		}
		this.#asked = true;
		for (const track of this.#tracks) track.ask();
		await this.#expect("PLAY", this.#aggregate, [...this.#sessionHeader(), ["Range", "npt=0.000-"]]);
		for (const track of this.#tracks) track.startReports();
		this.#keepalive = new Keepalive({
			clock: this.#options.clock,
			habits: this.#habits,
			listed: options.headers.get("public"),
			timeoutS: this.#timeoutS,
			send: async (method) => {
				try {
					const { status } = await this.#connection.request(method, this.#aggregate, this.#sessionHeader());
					return status < 300 ? "kept" : "refused";
				} catch {
					return this.#connection.isOpen ? "refused" : "gone";
				}
			},
		});
	}
	/** Trouble with sound never stops the picture (S02), except when the connection itself is gone. */
	async #setupSound(kind: MediaKind | undefined, media: SdpMedia): Promise<void> {
		try {
			await this.#setup(kind, media);
		} catch (error) {
			if (!(error instanceof CameraError) || !this.#connection.isOpen) throw error;
		}
	}
	/** Sets a track up; without a `kind` only because the camera wants it so. */
	async #setup(kind: MediaKind | undefined, media: SdpMedia): Promise<void> {
		const url = withoutUserinfo(controlUrl(this.#base, media.control));
		const session = this.#sessionHeader();
		const { onPacket, onReport, isExpected, clock } = this.#options;
		const track = new TrackLine({
			clock,
			clockRate: media.clockRate,
			dead: this.#dead,
			onPacket: (data) => kind && onPacket(kind, data),
			onReport: (data) => kind && onReport(kind, data),
			isExpected: (head) => kind !== undefined && isExpected(kind, head),
		});
		if (this.#options.transport === "tcp") {
			const asked = this.#tracks.length * 2;
			const transport = `RTP/AVP/TCP;unicast;interleaved=${asked}-${asked + 1}`;
			const reply = await this.#expect("SETUP", url, [["Transport", transport], ...session]);
			this.#remember(reply);
			this.#assign(track, asked, reply.headers.get("transport") ?? "");
			this.#tracks.push(track);
			return;
		}
		this.#tracks.push(track);
		const { peer } = this.#connection;
		const port = await track.openPorts(peer);
		const transport = `RTP/AVP;unicast;client_port=${port}-${port + 1}`;
		const reply = await this.#expect("SETUP", url, [["Transport", transport], ...session]);
		this.#remember(reply);
		track.aim(peer, readTransport(reply.headers.get("transport") ?? ""));
	}
	/** The camera's reply says which channels it will use (R06). */
	#assign(track: TrackLine, asked: number, header: string): void {
		const { datagrams, channels, ssrc } = readTransport(header);
		if (datagrams) throw faultOfStatus("SETUP", 461);
		const rtp = channels[0] ?? asked;
		const rtcp = channels[1] ?? rtp + 1;
		if (rtp > 255 || rtcp > 255 || this.#channels.has(rtp) || this.#channels.has(rtcp) || rtp === rtcp) {
			throw new CameraError("stream-unsupported", "The camera mixes its tracks into one channel.");
		}
		this.#channels.set(rtp, { track, reports: false });
		this.#channels.set(rtcp, { track, reports: true });
		track.sendInside(ssrc, (data) => this.#connection.sendFrame(rtcp, data));
	}
	/** The first id counts: a camera that gives another one for its second track plays both by the first (retina PR#85). */
	#remember(reply: RtspReply): void {
		const [id, ...parameters] = reply.headers.get("session")?.split(";") ?? [];
		if (id !== undefined && id.trim() !== "") this.#id ??= id.trim();
		const timeout = parameters
			.map((text) => /^\s*timeout\s*=\s*(\d+)/i.exec(text)?.[1])
			.find((text) => text !== undefined);
		if (timeout !== undefined && Number(timeout) > 0) this.#timeoutS = Number(timeout);
	}
	#sessionHeader(): [string, string][] {
		return this.#id === undefined ? [] : [["Session", this.#id]];
	}
	/** The reply, whatever it says, except where it leads elsewhere. */
	async #ask(method: string, url: string, headers?: readonly (readonly [string, string])[]): Promise<RtspReply> {
		const reply = await this.#connection.request(method, url, headers);
		if (!isRedirect(reply.status)) return reply;
		throw followRedirect(this.#options.access, this.#connection.peer, reply.headers.get("location"));
	}
	async #expect(method: string, url: string, headers: readonly (readonly [string, string])[]): Promise<RtspReply> {
		const reply = await this.#ask(method, url, headers);
		if (reply.status < 200 || reply.status >= 300) throw faultOfStatus(method, reply.status);
		return reply;
	}
}

/** What to set up, or CameraError in words. */
function chosen(sdp: Sdp): { video: SdpMedia; audio: SdpMedia | undefined } {
	const plain = { ...sdp, media: sdp.media.filter(({ line }) => !/\bRTP\/SAVPF?\b/i.test(line)) };
	if (plain.media.length < sdp.media.length && !plain.media.some(({ kind }) => kind === "video")) {
		throw new CameraError(
			"stream-unsupported",
			"The camera encrypts each packet by itself (SRTP), which is not supported. Switch that off in its settings; rtsps:// encrypts all the same.",
		);
	}
	const choice = chooseMedia(plain);
	if (!choice.ok) throw new CameraError("stream-unsupported", choice.problem);
	return choice;
}

/** Sound that the camera sends; `sendonly` in its description is the way back to its loudspeaker (ONVIF). */
const isListenable = ({ kind, direction, payloadType }: SdpMedia) =>
	kind === "audio" && direction !== "sendonly" && payloadType !== undefined;

/** Cameras echo addresses with credentials; request lines must not hold any. */
function withoutUserinfo(url: string): string {
	return url.replace(/^(rtsps?:\/\/)[^/]*@/i, "$1");
}
