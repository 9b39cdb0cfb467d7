import { WireError } from "../errors.ts";
import { MAX_ANNOUNCED } from "../limits.ts";
import { BodyReader, BodyWriter } from "./bytes.ts";
import { frameMessage } from "./message.ts";
import { normalizePath } from "./path.ts";

/** First varint of the bidirectional stream on which announcements are asked for. */
export const ANNOUNCE_STREAM = 1;

/** ANNOUNCE_REQUEST: which broadcasts are active under `prefix`? */
export interface AnnounceRequest {
	prefix: string;
}
/** ANNOUNCE_INIT: those active now, as suffixes of the prefix (an exact match is the empty suffix). */
export interface AnnounceInit {
	suffixes: readonly string[];
}
/** ANNOUNCE: one change. */
export interface Announce {
	active: boolean;
	suffix: string;
}

/** Framed, without the stream type. */
export function encodeAnnounceRequest({ prefix }: AnnounceRequest): Uint8Array<ArrayBuffer> {
	return frameMessage(new BodyWriter().string(prefix).finish());
}
export function decodeAnnounceRequest(bytes: Uint8Array): AnnounceRequest {
	const body = new BodyReader(bytes);
	const prefix = normalizePath(body.string());
	body.end();
	return { prefix };
}

export function encodeAnnounceInit({ suffixes }: AnnounceInit): Uint8Array<ArrayBuffer> {
	const body = new BodyWriter().varint(suffixes.length);
	for (const suffix of suffixes) body.string(suffix);
	return frameMessage(body.finish());
}
export function decodeAnnounceInit(bytes: Uint8Array): AnnounceInit {
	const body = new BodyReader(bytes);
	const count = body.varint();
	if (count > MAX_ANNOUNCED) throw new WireError("too-many", `${count} broadcasts announced, at most ${MAX_ANNOUNCED}`);
	const suffixes: string[] = [];
	for (let i = 0; i < count; i++) suffixes.push(normalizePath(body.string()));
	body.end();
	return { suffixes };
}

export function encodeAnnounce({ active, suffix }: Announce): Uint8Array<ArrayBuffer> {
	return frameMessage(
		new BodyWriter()
			.u8(active ? 1 : 0)
			.string(suffix)
			.finish(),
	);
}
export function decodeAnnounce(bytes: Uint8Array): Announce {
	const body = new BodyReader(bytes);
	const status = body.u8();
	if (status > 1) throw new WireError("protocol-violation", `announce status ${status}`);
	const suffix = normalizePath(body.string());
	body.end();
	return { active: status === 1, suffix };
}
