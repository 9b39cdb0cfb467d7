import { MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_RESYNC_BYTES, MAX_RESYNC_MS } from "./limits.ts";

/** Header lines of one message in their order; names without regard to case. */
export class Headers {
	#lines: readonly (readonly [name: string, value: string])[];
	constructor(lines: readonly (readonly [name: string, value: string])[]) {
		this.#lines = lines;
	}
	/** The first value of that name. */
	get(name: string): string | undefined {
		return this.all(name)[0];
	}
	/** Every value of that name: cameras send `WWW-Authenticate` more than once. */
	all(name: string): string[] {
		const wanted = name.toLowerCase();
		return this.#lines.filter(([candidate]) => candidate.toLowerCase() === wanted).map(([, value]) => value);
	}
}

/** One interleaved packet. `data` is a view that stays valid. */
export interface InterleavedFrame {
	kind: "frame";
	channel: number;
	data: Uint8Array;
}
export interface RtspReply {
	kind: "reply";
	status: number;
	reason: string;
	headers: Headers;
	body: Uint8Array;
}
/** Cameras ask the client, too (R08). */
export interface RtspRequest {
	kind: "request";
	method: string;
	url: string;
	headers: Headers;
	body: Uint8Array;
}
/** Bytes that were neither: media may be missing here. */
export interface Lost {
	kind: "lost";
	bytes: number;
}
export type RtspItem = InterleavedFrame | RtspReply | RtspRequest | Lost;

/** The peer does not speak RTSP, or passed a limit; the connection cannot be used any more. */
export class RtspProtocolError extends Error {
	override name = "RtspProtocolError";
}

export interface MessageParserOptions {
	/** ms; bounds how long a resynchronisation may take. */
	now(): number;
	/** Whether that channel was set up. Before any was, every channel counts as unassigned. */
	isAssigned(channel: number): boolean;
	/**
	 * Whether `head` (at least 12 bytes) begins a packet that this session expects on that channel: the strong test by
	 * which a lost boundary is found again.
	 */
	isExpected(channel: number, head: Uint8Array): boolean;
	/** Hears of a packet on a channel that was not set up, before it is left out. */
	onStray?(data: Uint8Array): void;
}

const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const FRAME_HEADER_BYTES = 4;
const RTP_HEADER_BYTES = 12;
const REPLY_START = new TextEncoder().encode("RTSP/1.0 ");
const VERSION = /^RTSP\/\d\.\d$/;
const VERSION_LENGTH = "RTSP/1.0".length;
const EMPTY = new Uint8Array(0);
/** Bytes that must look like text before a message is taken for one. */
const TEXT_PROBE_BYTES = 16;

const isText = (byte: number) => (byte >= 0x20 && byte < 0x7f) || byte === CR || byte === LF || byte === 0x09;
const isUpper = (byte: number) => byte >= 0x41 && byte <= 0x5a;
const latin = new TextDecoder("utf-8");

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(a.length + b.length);
	bytes.set(a);
	bytes.set(b, a.length);
	return bytes;
}

type Step = { item?: RtspItem; next: number } | "more" | "junk";

/**
 * Takes the bytes of an RTSP connection in any segmentation and gives frames, replies and requests. Lines may end with
 * CRLF or LF (R05). Junk between frames is skipped and reported as lost (R07). Throws {@link RtspProtocolError} past a
 * limit. Deterministic; does no I/O.
 */
export class MessageParser {
	#options: MessageParserOptions;
	#buffer: Uint8Array = EMPTY;
	/** Set while the boundary is lost. */
	#search: { sinceMs: number; bytes: number } | undefined;

	constructor(options: MessageParserOptions) {
		this.#options = options;
	}
	/** Takes the next bytes; the chunk must not be reused by the caller. */
	push(chunk: Uint8Array): RtspItem[] {
		const items: RtspItem[] = [];
		let bytes = chunk;
		let at = 0;
		if (this.#buffer.length > 0) {
			const frame = this.#split(chunk);
			if (frame) {
				if (frame.item) items.push(frame.item);
				at = frame.next - this.#buffer.length;
			} else bytes = joined(this.#buffer, chunk);
		}
		while (at < bytes.length) {
			if (this.#search) {
				const found = this.#find(bytes, at, bytes.length);
				this.#search.bytes += found.at - at;
				at = found.at;
				const { sinceMs, bytes: skipped } = this.#search;
				if (found.sure) {
					items.push({ kind: "lost", bytes: skipped });
					this.#search = undefined;
					continue;
				}
				if (skipped > MAX_RESYNC_BYTES || this.#options.now() - sinceMs > MAX_RESYNC_MS) {
					throw new RtspProtocolError(`no RTSP found again in ${skipped} bytes`);
				}
				break;
			}
			const step = this.#step(bytes, at);
			if (step === "more") break;
			if (step === "junk") {
				this.#search = { sinceMs: this.#options.now(), bytes: 1 };
				at += 1;
				continue;
			}
			if (step.item) items.push(step.item);
			at = step.next;
		}
		this.#buffer = at < bytes.length ? bytes.subarray(at) : EMPTY;
		return items;
	}
	/**
	 * The frame that began in an earlier chunk and ends as it should in this one: only its own bytes are joined, not the
	 * whole chunk, which most often holds a part of a packet at both of its ends.
	 */
	#split(chunk: Uint8Array): { item?: RtspItem; next: number } | undefined {
		const head = this.#buffer;
		if (this.#search || head[0] !== DOLLAR || head.length < FRAME_HEADER_BYTES) return undefined;
		const end = FRAME_HEADER_BYTES + ((head[2]! << 8) | head[3]!);
		// What begins behind it is looked at, too.
		const seen = end + FRAME_HEADER_BYTES + 1 - head.length;
		if (end <= head.length || chunk.length < seen) return undefined;
		const bytes = joined(head, chunk.subarray(0, seen));
		if (!this.#begins(bytes, end)) return undefined;
		const step = this.#step(bytes, 0);
		return typeof step === "object" && step.next === end ? step : undefined;
	}
	#step(bytes: Uint8Array, at: number): Step {
		const first = bytes[at]!;
		// Empty lines between messages are allowed by RFC 2326, section 4.1.
		if (first === CR || first === LF) return { next: at + 1 };
		if (first === DOLLAR) return this.#frame(bytes, at);
		return this.#text(bytes, at);
	}
	#frame(bytes: Uint8Array, at: number): Step {
		if (bytes.length - at < FRAME_HEADER_BYTES + 1) {
			// An empty frame is four bytes and has no first byte to look at.
			const empty = bytes.length - at === FRAME_HEADER_BYTES && bytes[at + 2] === 0 && bytes[at + 3] === 0;
			return empty ? { next: at + FRAME_HEADER_BYTES } : "more";
		}
		const channel = bytes[at + 1]!;
		const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
		const start = at + FRAME_HEADER_BYTES;
		if (length === 0) return { next: start };
		// RTP and RTCP both begin with version 2; nothing else belongs here.
		if (bytes[start]! >> 6 !== 2) return "junk";
		const end = start + length;
		if (bytes.length < end) {
			// A camera that gave up on a partial write begins the next frame inside this one's length (R07).
			const cut = this.#find(bytes, start, bytes.length);
			return cut.sure && this.#options.isAssigned(channel) ? this.#cutShort(at, cut.at) : "more";
		}
		if (end < bytes.length && !this.#begins(bytes, end)) {
			const cut = this.#find(bytes, start, end);
			if (cut.sure) return this.#cutShort(at, cut.at);
			if (!this.#options.isAssigned(channel)) return "junk";
		}
		// Old live555 writes packets of a dead session into a new connection: other channels are not ours.
		if (!this.#options.isAssigned(channel)) {
			this.#options.onStray?.(bytes.subarray(start, end));
			return { next: end };
		}
		return { item: { kind: "frame", channel, data: bytes.subarray(start, end) }, next: end };
	}
	#cutShort(at: number, next: number): Step {
		return { item: { kind: "lost", bytes: next - at }, next };
	}
	/** Whether a message can begin here. */
	#begins(bytes: Uint8Array, at: number): boolean {
		const first = bytes[at]!;
		if (first === DOLLAR) {
			const channel = bytes[at + 1];
			const version = bytes[at + FRAME_HEADER_BYTES];
			return (
				(channel === undefined || channel < 64) && (version === undefined || version >> 6 === 2 || version === DOLLAR)
			);
		}
		return first === CR || first === LF || isUpper(first);
	}
	/** First place from `from` where a message surely begins, else the first where more bytes might show one, else `to`. */
	#find(bytes: Uint8Array, from: number, to: number): { at: number; sure: boolean } {
		for (let at = from; at < to; at++) {
			const byte = bytes[at]!;
			if (byte === DOLLAR) {
				const head = at + FRAME_HEADER_BYTES;
				if (bytes.length < head + RTP_HEADER_BYTES) {
					const channel = bytes[at + 1];
					if (channel === undefined || this.#options.isAssigned(channel)) return { at, sure: false };
					continue;
				}
				const channel = bytes[at + 1]!;
				const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
				if (length < RTP_HEADER_BYTES || !this.#options.isAssigned(channel)) continue;
				if (this.#options.isExpected(channel, bytes.subarray(head, head + RTP_HEADER_BYTES))) return { at, sure: true };
			} else if (byte === REPLY_START[0]) {
				let same = 1;
				while (same < REPLY_START.length && bytes[at + same] === REPLY_START[same]) same++;
				if (same === REPLY_START.length) return { at, sure: true };
				if (at + same === bytes.length) return { at, sure: false };
			}
		}
		return { at: to, sure: false };
	}
	#text(bytes: Uint8Array, at: number): Step {
		const probe = Math.min(bytes.length, at + TEXT_PROBE_BYTES);
		if (!isUpper(bytes[at]!)) return "junk";
		for (let i = at; i < probe; i++) {
			if (bytes[i] === LF) break;
			if (!isText(bytes[i]!)) return "junk";
		}
		const lines: string[] = [];
		let lineStart = at;
		for (;;) {
			const lineEnd = bytes.indexOf(LF, lineStart);
			if ((lineEnd < 0 ? bytes.length : lineEnd + 1) - at > MAX_HEADER_BYTES) {
				throw new RtspProtocolError(`headers longer than ${MAX_HEADER_BYTES} bytes`);
			}
			if (lineEnd < 0) return "more";
			const bare = lineEnd > lineStart && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
			const line = latin.decode(bytes.subarray(lineStart, bare));
			if (lines.length === 0 && !readStart(line)) return "junk";
			lineStart = lineEnd + 1;
			if (line === "") break;
			lines.push(line);
		}
		const headers = readHeaders(lines.slice(1));
		const declared = Number.parseInt(headers.get("content-length") ?? "0", 10);
		const length = Number.isFinite(declared) && declared > 0 ? declared : 0;
		if (length > MAX_BODY_BYTES) throw new RtspProtocolError(`body longer than ${MAX_BODY_BYTES} bytes`);
		if (bytes.length < lineStart + length) return "more";
		const body = bytes.subarray(lineStart, lineStart + length);
		return { item: { ...readStart(lines[0]!)!, headers, body }, next: lineStart + length };
	}
}

type Start = { kind: "reply"; status: number; reason: string } | { kind: "request"; method: string; url: string };

function readStart(line: string): Start | undefined {
	const reply = /^RTSP\/\d\.\d\s+(\d{3})(.*)$/s.exec(line);
	if (reply) return { kind: "reply", status: Number(reply[1]), reason: reply[2]!.trim() };
	// Taken apart from both ends: as one pattern, a long line would be tried in as many ways as it has letters, squared.
	const whole = line.trimEnd();
	if (!VERSION.test(whole.slice(-VERSION_LENGTH))) return undefined;
	const wish = whole.slice(0, -VERSION_LENGTH);
	const method = /^[A-Z][A-Z_]*/.exec(wish)?.[0];
	// One camera family writes `OPTIONS*RTSP/1.0` without spaces (R08).
	const url = method === undefined ? "" : wish.slice(method.length).trim();
	return method === undefined || /\s/.test(url) ? undefined : { kind: "request", method, url };
}

function readHeaders(lines: string[]): Headers {
	const read: [string, string][] = [];
	for (const line of lines) {
		const last = read.at(-1);
		if (last && /^[ \t]/.test(line)) {
			last[1] = `${last[1]} ${line.trim()}`;
			continue;
		}
		const colon = line.indexOf(":");
		// A header without a colon is of no use, and no reason to lose the camera.
		if (colon > 0) read.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
	}
	return new Headers(read);
}

/** A request or reply as bytes; `Content-Length` is added where there is a body. */
export function encodeMessage(
	startLine: string,
	headers: readonly (readonly [string, string])[],
	body = "",
): Uint8Array {
	const bytes = new TextEncoder().encode(body);
	const all = bytes.length > 0 ? [...headers, ["Content-Length", String(bytes.length)] as const] : headers;
	// A line break inside a value would let it write headers of its own.
	const clean = (text: string) => text.replace(/[\r\n]+/g, " ");
	const lines = [clean(startLine), ...all.map(([name, value]) => `${name}: ${clean(value)}`)];
	return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
