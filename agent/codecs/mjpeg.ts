import { JPEG_CODEC } from "@mivisus/wire/catalog";
import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { type JpegFacts, jfif, tablesOf } from "./jfif.ts";
import { MarkerTrust } from "./marker.ts";
import { apart, MAX_PIECES, sameConfig, type VideoConfig, type VideoDepacketizer, type VideoUnit } from "./video.ts";

const HEADER_BYTES = 8;
const RESTART_BYTES = 4;
const TABLES_HEADER_BYTES = 4;
const TABLE_BYTES = 64;
/** Types from here on have restart markers, and are otherwise the type that is less by so much. */
const WITH_RESTARTS = 64;
/** Qualities from here on bring their tables in the stream; this one with each picture. */
const OWN_TABLES = 128;
const TABLES_EACH_TIME = 255;

interface Picture {
	facts: JpegFacts;
	timestamp: number;
	parts: Uint8Array[];
	bytes: number;
	arrivedMs: number;
}
type Tables = JpegFacts["tables"];

/**
 * Makes whole JFIF pictures of MJPEG packets (RFC 2435): types 0 and 1, with and without restart markers. Each picture
 * stands alone, so damage costs the picture that it meets and no other. A picture begins at offset 0; the marker is a
 * hint as with other codecs (P02).
 */
export class MjpegDepacketizer implements VideoDepacketizer {
	#picture: Picture | undefined;
	/** By their quality: what was sent once counts until it is sent again. */
	#tables = new Map<number, Tables>();
	#config: VideoConfig | undefined;
	#marker = new MarkerTrust();
	#out: VideoUnit[] = [];

	push({ payload, timestamp, marker }: RtpPacket, lost: boolean, nowMs: number): VideoUnit[] {
		this.#out = [];
		if (lost) {
			// A picture whose marker came is whole: what is lost belongs to the next one.
			if (this.#marker.saysWhole) this.#finish();
			this.#drop();
		}
		if (payload.length >= HEADER_BYTES) this.#fragment(payload, timestamp, nowMs);
		if (this.#marker.seen(marker && this.#picture !== undefined)) this.#finish();
		return this.#out;
	}
	#drop(): void {
		this.#picture = undefined;
		this.#marker.clear();
	}
	#fragment(payload: Uint8Array, timestamp: number, nowMs: number): void {
		const offset = (payload[1]! << 16) | (payload[2]! << 8) | payload[3]!;
		if (offset === 0) {
			this.#finish();
			this.#marker.clear();
			const facts = this.#begin(payload);
			this.#picture = facts && { facts, timestamp, parts: [], bytes: 0, arrivedMs: nowMs };
		} else this.#marker.pictureGoesOn();
		const picture = this.#picture;
		if (!picture) return;
		const part = payload.subarray(this.#scanAt(payload, offset));
		const fits = picture.bytes + part.length <= MAX_PICTURE_BYTES && picture.parts.length < MAX_PIECES;
		if (offset !== picture.bytes || !fits) {
			this.#drop();
			return;
		}
		if (part.length > 0) picture.parts.push(apart(part));
		picture.bytes += part.length;
		picture.arrivedMs = nowMs;
	}
	/** Where the scan's data begin behind the headers. */
	#scanAt(payload: Uint8Array, offset: number): number {
		const at = HEADER_BYTES + (payload[4]! & WITH_RESTARTS ? RESTART_BYTES : 0);
		if (offset > 0 || payload[5]! < OWN_TABLES) return at;
		return at + TABLES_HEADER_BYTES + ((payload[at + 2]! << 8) | payload[at + 3]!);
	}
	/** Reads the headers of a picture's first packet; undefined for what cannot be shown. */
	#begin(payload: Uint8Array): JpegFacts | undefined {
		const type = payload[4]! & ~WITH_RESTARTS;
		const quality = payload[5]!;
		const width = payload[6]! * 8;
		const height = payload[7]! * 8;
		if ((type !== 0 && type !== 1) || width === 0 || height === 0) return undefined;
		const restarts = (payload[4]! & WITH_RESTARTS) !== 0;
		if (payload.length < this.#scanAt(payload, 0)) return undefined;
		const tables = quality < OWN_TABLES ? usualTables(quality) : this.#ownTables(payload, restarts, quality);
		const restartInterval = restarts ? (payload[HEADER_BYTES]! << 8) | payload[HEADER_BYTES + 1]! : 0;
		return tables && { type, width, height, tables, restartInterval };
	}
	#ownTables(payload: Uint8Array, restarts: boolean, quality: number): Tables | undefined {
		const at = HEADER_BYTES + (restarts ? RESTART_BYTES : 0);
		const length = (payload[at + 2]! << 8) | payload[at + 3]!;
		if (length === 0) return quality === TABLES_EACH_TIME ? undefined : this.#tables.get(quality);
		// Tables of 16 bits belong to pictures of 12 bits, which no browser shows.
		if (payload[at + 1] !== 0 || length % TABLE_BYTES !== 0) return undefined;
		const start = at + TABLES_HEADER_BYTES;
		// Copies: views would keep whole packets alive.
		const table = (from: number) => new Uint8Array(payload.subarray(from, from + TABLE_BYTES));
		const tables = [table(start), table(length > TABLE_BYTES ? start + TABLE_BYTES : start)] as const;
		this.#tables.set(quality, tables);
		return tables;
	}
	#finish(): void {
		const picture = this.#picture;
		if (!picture) return;
		this.#picture = undefined;
		this.#marker.pictureEnded();
		if (picture.bytes === 0) return;
		const { facts, timestamp, arrivedMs } = picture;
		const data = jfif(facts, Buffer.concat(picture.parts, picture.bytes));
		const config = { codec: JPEG_CODEC, width: facts.width, height: facts.height };
		const isNews = !sameConfig(config, this.#config);
		this.#config = config;
		this.#out.push({ timestamp, key: true, arrivedMs, data, ...(isNews && { config }) });
	}
}

/** Undefined for a quality that is reserved. */
function usualTables(quality: number): Tables | undefined {
	return quality >= 1 && quality <= 99 ? tablesOf(quality) : undefined;
}
