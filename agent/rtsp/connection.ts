import type { Socket } from "node:net";
import type { Authenticator } from "./auth.ts";
import { type DialOptions, dial } from "./dial.ts";
import { CameraError } from "./errors.ts";
import { MAX_MESSAGES_A_SECOND, MAX_UNREAD_BYTES, REPLY_TIMEOUT_MS, TEARDOWN_TIMEOUT_MS } from "./limits.ts";
import { encodeMessage, MessageParser, type RtspItem, type RtspReply, type RtspRequest } from "./message.ts";
import { shown, signInWords, type Trace } from "./trace.ts";
import type { Secret } from "./url.ts";

const USER_AGENT = "Mivisus";

export interface ConnectionOptions extends Omit<DialOptions, "note"> {
	auth: Authenticator;
	trace: Trace;
	user: string | undefined;
	password: Secret | undefined;
	isAssigned(channel: number): boolean;
	isExpected(channel: number, head: Uint8Array): boolean;
	onFrame(channel: number, data: Uint8Array): void;
	/** A packet on a channel that was not set up. */
	onStray(data: Uint8Array): void;
	/** Bytes of the connection were lost. */
	onLost(): void;
}

/** One RTSP connection: requests with their replies, the camera's own requests, interleaved frames. The owner closes it. */
export class RtspConnection {
	/** Resolves once, with the reason, when the connection or the camera's stream on it has ended. */
	readonly ended: Promise<CameraError>;
	/** The camera's IP address, without the IPv6 form of IPv4. */
	readonly peer: string;
	#options: ConnectionOptions;
	#socket: Socket;
	#parser: MessageParser;
	#sequence = 0;
	#pending = new Map<number, (reply: RtspReply | CameraError) => void>();
	#end: (error: CameraError) => void = () => {};
	#fault: CameraError | undefined;
	/** Nothing but a goodbye is to be said any more. */
	#leaving: CameraError | undefined;
	/** Whether credentials were accepted once: a later 401 does not mean that they are wrong. */
	#signedIn = false;
	#flood = { sinceMs: 0, messages: 0 };

	/** Connects; rejects with CameraError, also when `signal` aborts meanwhile. */
	static async open(options: ConnectionOptions, signal: AbortSignal): Promise<RtspConnection> {
		const note = (text: string) => options.trace({ note: text });
		return new RtspConnection(options, await dial({ ...options, note }, signal));
	}
	private constructor(options: ConnectionOptions, socket: Socket) {
		this.#options = options;
		this.#socket = socket;
		this.peer = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
		this.#parser = new MessageParser({
			now: options.clock.now,
			isAssigned: options.isAssigned,
			isExpected: options.isExpected,
			onStray: options.onStray,
		});
		this.ended = new Promise((resolve) => {
			this.#end = resolve;
		});
		socket.on("data", (chunk) => this.#receive(chunk));
		socket.on("error", () => this.#fail(new CameraError("camera-unreachable", "The connection to the camera broke.")));
		socket.on("close", () => this.#fail(new CameraError("camera-unreachable", "The camera ended the connection.")));
	}
	get isOpen(): boolean {
		return this.#fault === undefined;
	}
	/** Whether the camera is reached by IPv6. */
	get isIpv6(): boolean {
		return this.peer.includes(":");
	}
	/** Sends a request, signs in where asked to, and gives the final reply. Rejects with CameraError. */
	async request(
		method: string,
		url: string,
		headers: readonly (readonly [string, string])[] = [],
		timeoutMs = REPLY_TIMEOUT_MS,
	): Promise<RtspReply> {
		const { auth } = this.#options;
		for (let answered = 0; ; answered++) {
			const authorization = auth.authorization(method, url);
			const reply = await this.#exchange(method, url, headers, authorization, timeoutMs);
			if (reply.status !== 401) {
				if (authorization !== undefined && reply.status < 300) this.#signedIn = true;
				return reply;
			}
			const outcome = auth.challenge(reply.headers.all("www-authenticate"), answered);
			if (outcome === "retry") continue;
			if (outcome === "no-credentials") {
				throw new CameraError("camera-refused", "The camera asks for a user and a password.");
			}
			if (outcome === "unsupported") {
				throw new CameraError("stream-unsupported", "The camera asks to sign in by a way that is not supported.");
			}
			// Dahua's and others answer so, too, when they serve as many as they can (rroller/dahua#603).
			if (this.#signedIn) {
				throw new CameraError(
					"camera-unreachable",
					"The camera answered 401 though it knew the password: its limit of sessions may be reached.",
				);
			}
			throw new CameraError(
				"camera-refused",
				"The camera answered 401: wrong user or password, or its limit of sessions is reached.",
			);
		}
	}
	/** Sends a packet inside the connection; left out when the camera does not read what it got before. */
	sendFrame(channel: number, data: Uint8Array): void {
		if (this.#fault || this.#socket.writableLength > MAX_UNREAD_BYTES) return;
		this.#socket.write(Buffer.concat([Buffer.of(0x24, channel, data.length >> 8, data.length & 0xff), data]));
	}
	/** Ends what is going on, so that nothing but TEARDOWN is said any more. The owner closes the connection after it. */
	leave(error = new CameraError("camera-unreachable", "Stopped.")): void {
		this.#leaving ??= error;
		for (const settle of [...this.#pending.values()]) settle(error);
		this.#end(error);
	}
	/** Ends the connection at once. */
	close(): void {
		this.#fail(new CameraError("camera-unreachable", "Stopped."));
	}
	#exchange(
		method: string,
		url: string,
		headers: readonly (readonly [string, string])[],
		authorization: string | undefined,
		timeoutMs: number,
	): Promise<RtspReply> {
		const over = this.#fault ?? (method === "TEARDOWN" ? undefined : this.#leaving);
		if (over) return Promise.reject(over);
		this.#sequence += 1;
		const sequence = this.#sequence;
		return new Promise((resolve, reject) => {
			const settle = (result: RtspReply | CameraError) => {
				cancel();
				this.#pending.delete(sequence);
				if (result instanceof CameraError) reject(result);
				else resolve(result);
			};
			const silence = new CameraError("camera-unreachable", "The camera does not answer.");
			const cancel = this.#options.clock.after(timeoutMs, () => settle(silence));
			this.#pending.set(sequence, settle);
			const lines: (readonly [string, string])[] = [["CSeq", String(sequence)], ...headers, ["User-Agent", USER_AGENT]];
			if (authorization !== undefined) lines.push(["Authorization", authorization]);
			const { trace, user, password } = this.#options;
			trace({ sent: `${method} ${shown(url, password)} RTSP/1.0${signInWords(authorization, user)}` });
			this.#socket.write(encodeMessage(`${method} ${url} RTSP/1.0`, lines));
		});
	}
	#receive(chunk: Uint8Array): void {
		let items: RtspItem[];
		try {
			items = this.#parser.push(chunk);
		} catch {
			// The parser names the limit; its owner needs to know only that this is no camera to talk to.
			this.#fail(new CameraError("camera-unreachable", "What answers at this address does not speak RTSP."));
			return;
		}
		for (const item of items) {
			if (this.#fault) return;
			if (item.kind === "frame") this.#options.onFrame(item.channel, item.data);
			else if (item.kind === "lost") this.#options.onLost();
			else if (this.#isFlood()) {
				this.#fail(new CameraError("camera-unreachable", "The camera sends messages without an end."));
			} else if (item.kind === "reply") this.#reply(item);
			else this.#answer(item);
		}
	}
	#isFlood(): boolean {
		const nowMs = this.#options.clock.now();
		// Also when the wall clock was set back.
		if (Math.abs(nowMs - this.#flood.sinceMs) >= 1000) this.#flood = { sinceMs: nowMs, messages: 0 };
		this.#flood.messages += 1;
		return this.#flood.messages > MAX_MESSAGES_A_SECOND;
	}
	#reply(reply: RtspReply): void {
		const { trace, password } = this.#options;
		trace({ received: `RTSP/1.0 ${reply.status} ${shown(reply.reason, password)}`.trimEnd() });
		if (reply.status < 200) return;
		const sequence = Number.parseInt(reply.headers.get("cseq") ?? "", 10);
		// Some cameras leave the number out: then it answers the oldest request.
		const [oldest] = this.#pending.keys();
		this.#pending.get(Number.isNaN(sequence) ? (oldest ?? -1) : sequence)?.(reply);
	}
	/** Cameras ask, too, and hang up when nobody answers (R08). */
	#answer({ method, headers }: RtspRequest): void {
		this.#options.trace({ note: `The camera asks for ${shown(method, undefined)}.` });
		const known = method === "OPTIONS" || method === "GET_PARAMETER";
		const lines: [string, string][] = [["CSeq", headers.get("cseq") ?? "0"]];
		const session = headers.get("session");
		if (session !== undefined) lines.push(["Session", session]);
		const ends = method === "REDIRECT" || method === "TEARDOWN";
		this.#socket.write(encodeMessage(known || ends ? "RTSP/1.0 200 OK" : "RTSP/1.0 501 Not Implemented", lines));
		if (ends) this.leave(new CameraError("camera-unreachable", "The camera ended the stream."));
		// One that asks and never reads would otherwise fill the memory with its answers.
		if (this.#socket.writableLength > MAX_UNREAD_BYTES)
			this.#fail(new CameraError("camera-unreachable", "The camera does not read what it asked for."));
	}
	#fail(error: CameraError): void {
		if (this.#fault) return;
		this.#fault = error;
		for (const settle of [...this.#pending.values()]) settle(error);
		// What was just written still goes out; what does not go out in time is cut.
		const socket = this.#socket;
		socket.once(
			"close",
			this.#options.clock.after(TEARDOWN_TIMEOUT_MS, () => socket.destroy()),
		);
		socket.destroySoon();
		this.#end(error);
	}
}
