import { connect, type Socket } from "node:net";
import { displayPath } from "@mivisus/wire/address";
import type { BroadcastClock } from "../publish/broadcast.ts";
import type { Authenticator } from "./auth.ts";
import { CameraError } from "./errors.ts";
import { CONNECT_TIMEOUT_MS, MAX_UNREAD_BYTES, REPLY_TIMEOUT_MS, TEARDOWN_TIMEOUT_MS } from "./limits.ts";
import { encodeMessage, MessageParser, type RtspItem, type RtspReply, type RtspRequest } from "./message.ts";

const USER_AGENT = "Mivisus";

export interface ConnectionOptions {
	host: string;
	port: number;
	auth: Authenticator;
	clock: BroadcastClock;
	isAssigned(channel: number): boolean;
	isExpected(channel: number, head: Uint8Array): boolean;
	onFrame(channel: number, data: Uint8Array): void;
	/** Bytes of the connection were lost. */
	onLost(): void;
	/** Hears of each request and reply as it goes: see {@link RtspStep}. */
	trace?: ((step: RtspStep) => void) | undefined;
}

/** One step of the dialogue, for a person to read: first lines only, never how the agent signed in. */
export interface RtspStep {
	sent?: string;
	received?: string;
	note?: string;
}

/** One RTSP connection: requests with their replies, the camera's own requests, interleaved frames. The owner closes it. */
export class RtspConnection {
	/** Resolves once, with the reason, when the connection has ended. */
	readonly ended: Promise<CameraError>;
	#options: ConnectionOptions;
	#socket: Socket;
	#parser: MessageParser;
	#sequence = 0;
	#pending = new Map<number, (reply: RtspReply | CameraError) => void>();
	#end: (error: CameraError) => void = () => {};
	#fault: CameraError | undefined;
	/** Whether credentials were accepted once: a later 401 does not mean that they are wrong. */
	#signedIn = false;

	/** Connects; rejects with CameraError, also when `signal` aborts meanwhile. */
	static open(options: ConnectionOptions, signal: AbortSignal): Promise<RtspConnection> {
		const { host, port, clock } = options;
		return new Promise((resolve, reject) => {
			const socket = connect({ host, port });
			socket.setNoDelay(true);
			const fail = (message: string) => {
				cancel();
				socket.destroy();
				reject(new CameraError("camera-unreachable", message));
			};
			const cancel = clock.after(CONNECT_TIMEOUT_MS, () => fail("Nothing answers at the camera's address."));
			const onAbort = () => fail("Stopped.");
			const onError = (error: NodeJS.ErrnoException) => fail(connectFault(error));
			socket.once("error", onError);
			signal.addEventListener("abort", onAbort);
			socket.once("connect", () => {
				cancel();
				socket.off("error", onError);
				signal.removeEventListener("abort", onAbort);
				resolve(new RtspConnection(options, socket));
			});
			if (signal.aborted) onAbort();
		});
	}
	private constructor(options: ConnectionOptions, socket: Socket) {
		this.#options = options;
		this.#socket = socket;
		this.#parser = new MessageParser({
			now: options.clock.now,
			isAssigned: options.isAssigned,
			isExpected: options.isExpected,
		});
		this.ended = new Promise((resolve) => {
			this.#end = resolve;
		});
		socket.on("data", (chunk) => this.#receive(chunk));
		socket.on("error", () => this.#fail(new CameraError("camera-unreachable", "The connection to the camera broke.")));
		socket.on("close", () => this.#fail(new CameraError("camera-unreachable", "The camera ended the connection.")));
	}
	/** The camera's IP address, without the IPv6 form of IPv4. */
	get peer(): string {
		return (this.#socket.remoteAddress ?? "").replace(/^::ffff:/, "");
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
			if (this.#signedIn) throw new CameraError("camera-unreachable", "The camera took its permission back.");
			throw new CameraError("camera-refused", "The camera refused the user or the password.");
		}
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
		if (this.#fault) return Promise.reject(this.#fault);
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
			this.#options.trace?.({ sent: `${method} ${displayPath(url)} RTSP/1.0` });
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
			else if (item.kind === "reply") this.#reply(item);
			else this.#answer(item);
		}
	}
	#reply(reply: RtspReply): void {
		this.#options.trace?.({ received: `${reply.status} ${reply.reason}` });
		if (reply.status < 200) return;
		const sequence = Number.parseInt(reply.headers.get("cseq") ?? "", 10);
		// Some cameras leave the number out: then it answers the oldest request.
		const [oldest] = this.#pending.keys();
		this.#pending.get(Number.isNaN(sequence) ? (oldest ?? -1) : sequence)?.(reply);
	}
	/** Cameras ask, too, and hang up when nobody answers (R08). */
	#answer({ method, headers }: RtspRequest): void {
		const known = method === "OPTIONS" || method === "GET_PARAMETER";
		const lines: [string, string][] = [["CSeq", headers.get("cseq") ?? "0"]];
		const session = headers.get("session");
		if (session !== undefined) lines.push(["Session", session]);
		const ends = method === "REDIRECT" || method === "TEARDOWN";
		this.#socket.write(encodeMessage(known || ends ? "RTSP/1.0 200 OK" : "RTSP/1.0 501 Not Implemented", lines));
		if (ends) this.#fail(new CameraError("camera-unreachable", "The camera ended the stream."));
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

function connectFault(error: NodeJS.ErrnoException): string {
	if (error.code === "ECONNREFUSED") return "The camera's address refuses connections on this port.";
	if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN")
		return "The camera's name is not known in this network.";
	return "Nothing answers at the camera's address.";
}
