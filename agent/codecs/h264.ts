import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { avcDescription, BitReader, codecString, parsePps, parseSps, type SpsFacts, unescapeNal } from "./sps.ts";

/** How a decoder is to be set up, for `VideoDecoder.configure`. */
export interface VideoConfig {
	codec: string;
	/** avcC; the units' NAL units are length-prefixed by four bytes. */
	description: Uint8Array;
	width: number;
	height: number;
}
/** One picture. `config` is there when it differs from what the pictures before it needed. */
export interface VideoUnit {
	/** RTP timestamp of its first slice, 32 bits. */
	timestamp: number;
	key: boolean;
	/** When its last packet came, ms. */
	arrivedMs: number;
	data: Uint8Array;
	config?: VideoConfig;
}

const Nal = {
	slice: 1,
	partitionA: 2,
	partitionC: 4,
	idr: 5,
	sei: 6,
	sps: 7,
	pps: 8,
	delimiter: 9,
	stapA: 24,
	fuA: 28,
} as const;
/** As many pictures whose marker told the truth make it believed: a picture then goes out when its last packet came. */
const TRUSTED_AFTER = 3;
const START_CODE = Buffer.from([0, 0, 1]);
/** Parameter sets kept at most; a camera has one or two, of some ten bytes each. */
const MAX_SETS = 16;
const MAX_SET_BYTES = 1024;
/** What a catalog holds of them (`wire/catalog.ts`: 8192 hexadecimal digits). */
const MAX_DESCRIPTION_BYTES = 4096;
/** Pieces of one NAL unit, and NAL units of one picture: each costs memory however small it is. */
const MAX_PIECES = 16_384;
/** What may stand before a picture's first slice: cameras put their own findings there. */
const MAX_LEADING_BYTES = 256 * 1024;
const MAX_LEADING = 64;

/** A view of a small part would keep the whole chunk alive that came from the network: such a part is copied. */
function apart(bytes: Uint8Array): Uint8Array {
	return bytes.buffer.byteLength > 4 * bytes.length ? new Uint8Array(bytes) : bytes;
}

interface Picture {
	nals: Uint8Array[];
	bytes: number;
	timestamp: number;
	key: boolean;
	/** As its first slice names it. */
	ppsId: number | undefined;
	arrivedMs: number;
	damaged: boolean;
}

/**
 * Makes pictures of H.264 packets (RFC 6184). Pictures are cut by their content; marker and timestamp are only hints,
 * because cameras set them wrongly (P02). After any damage nothing comes out until the next IDR picture.
 */
export class H264Depacketizer {
	#sps = new Map<number, { nal: Uint8Array; facts: SpsFacts }>();
	#pps = new Map<number, { nal: Uint8Array; spsId: number }>();
	#config: VideoConfig | undefined;
	#fragments: { parts: Uint8Array[]; bytes: number } | undefined;
	#picture: Picture | undefined;
	/** NAL units before the first slice of the next picture. */
	#leading: Uint8Array[] = [];
	#waiting = true;
	#marker = { truthful: 0, lying: false, atEnd: false };
	#nowMs = 0;
	#out: VideoUnit[] = [];

	/** `parameterSets`: SPS and PPS of the session description, as far as it has any. */
	constructor(parameterSets: readonly Uint8Array[] = []) {
		for (const nal of parameterSets) this.#parameterSet(nal);
	}
	/** Whether an IDR picture is needed before anything can be shown. */
	get waiting(): boolean {
		return this.#waiting;
	}
	/** Takes the next packet in order, which came at `nowMs`; `lost`: packets or bytes before it never came. */
	push(packet: RtpPacket, lost: boolean, nowMs: number): VideoUnit[] {
		this.#nowMs = nowMs;
		this.#out = [];
		if (lost) this.#damage();
		const { payload } = packet;
		if (payload.length > 0) {
			const type = payload[0]! & 0x1f;
			// A fragmented unit whose end never came is damage, whatever follows.
			if (type !== Nal.fuA && this.#fragments) this.#damage();
			if (type === Nal.fuA) this.#fragment(packet);
			else if (type === Nal.stapA) this.#aggregate(packet);
			else if (type < 24) this.#unit(payload, packet.timestamp);
		}
		this.#atMarker(packet.marker);
		return this.#out;
	}
	#damage(): void {
		this.#fragments = undefined;
		// A picture whose marker came is whole: what is lost belongs to the next one.
		if (this.#marker.atEnd && !this.#marker.lying) this.#finish();
		this.#marker.atEnd = false;
		if (this.#picture) this.#picture.damaged = true;
		this.#waiting = true;
	}
	#fragment({ payload, timestamp }: RtpPacket): void {
		if (payload.length < 2) {
			this.#damage();
			return;
		}
		const header = payload[1]!;
		if (header & 0x80) {
			if (this.#fragments) this.#damage();
			this.#fragments = { parts: [Uint8Array.of((payload[0]! & 0xe0) | (header & 0x1f))], bytes: 1 };
		}
		const fragments = this.#fragments;
		if (!fragments) {
			this.#damage();
			return;
		}
		if (payload.length > 2) fragments.parts.push(apart(payload.subarray(2)));
		fragments.bytes += payload.length - 2;
		if (fragments.bytes > MAX_PICTURE_BYTES || fragments.parts.length > MAX_PIECES) this.#damage();
		else if (header & 0x40) {
			this.#fragments = undefined;
			this.#unit(Buffer.concat(fragments.parts, fragments.bytes), timestamp);
		}
	}
	#aggregate({ payload, timestamp }: RtpPacket): void {
		let at = 1;
		while (at + 2 <= payload.length) {
			const size = (payload[at]! << 8) | payload[at + 1]!;
			at += 2;
			if (at + size > payload.length) {
				this.#damage();
				return;
			}
			if (size > 0) this.#unit(payload.subarray(at, at + size), timestamp);
			at += size;
		}
	}
	/** Takes what was sent as one NAL unit: some cameras put a whole Annex B picture into it (P01). */
	#unit(bytes: Uint8Array, timestamp: number): void {
		const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		let start = 0;
		for (;;) {
			const code = buffer.indexOf(START_CODE, start);
			let end = code < 0 ? buffer.length : code;
			// Zeros before a start code and at the end belong to no NAL unit (H.264, annex B.1).
			while (end > start && buffer[end - 1] === 0) end--;
			if (end > start) this.#nal(bytes.subarray(start, end), timestamp);
			if (code < 0) return;
			start = code + START_CODE.length;
		}
	}
	#nal(nal: Uint8Array, timestamp: number): void {
		const type = nal[0]! & 0x1f;
		if (type === Nal.idr || (type >= Nal.slice && type <= Nal.partitionC)) this.#slice(nal, type, timestamp);
		else if (type === Nal.sps || type === Nal.pps || type === Nal.sei || type === Nal.delimiter) {
			// Any of these after a slice begins the next picture (H.264, section 7.4.1.2.3).
			this.#finish();
			if (type === Nal.sei) this.#lead(nal);
			else if (type !== Nal.delimiter) this.#parameterSet(nal);
		}
	}
	#lead(nal: Uint8Array): void {
		const held = this.#leading.reduce((sum, { length }) => sum + length, nal.length);
		// No decoder needs them: a camera that sends them for ever loses them, and nothing else.
		if (held > MAX_LEADING_BYTES || this.#leading.length >= MAX_LEADING) this.#leading = [];
		else this.#leading.push(apart(nal));
	}
	#slice(nal: Uint8Array, type: number, timestamp: number): void {
		// first_mb_in_slice is the first exp-golomb value: 0 is a single 1 bit. Partitions B and C carry none.
		const first = (type <= Nal.partitionA || type === Nal.idr) && nal.length > 1 && (nal[1]! & 0x80) !== 0;
		const { atEnd } = this.#marker;
		if (this.#picture && (first || (this.#picture.timestamp !== timestamp && this.#picture.damaged))) this.#finish();
		if (!first && atEnd) {
			// The marker ended a picture that goes on: never believe it again.
			this.#marker.lying = true;
			// Where it was believed, what went out was a part of a picture.
			if (!this.#picture) this.#damage();
		}
		this.#marker.atEnd = false;
		if (!this.#picture) {
			const nals = this.#leading;
			const bytes = nals.reduce((sum, leading) => sum + 4 + leading.length, 0);
			this.#picture = {
				nals,
				bytes,
				timestamp,
				key: false,
				ppsId: pictureParameterSet(nal),
				arrivedMs: this.#nowMs,
				damaged: !first,
			};
			this.#leading = [];
		}
		const picture = this.#picture;
		picture.nals.push(apart(nal));
		picture.bytes += 4 + nal.length;
		picture.key ||= type === Nal.idr;
		picture.arrivedMs = this.#nowMs;
		if (picture.bytes > MAX_PICTURE_BYTES || picture.nals.length > MAX_PIECES) {
			// Nothing of it is kept: an endless picture must not fill the memory.
			picture.nals = [];
			picture.bytes = 0;
			picture.damaged = true;
		}
	}
	#atMarker(marker: boolean): void {
		const atEnd = marker && this.#picture !== undefined && !this.#fragments;
		if (atEnd && !this.#marker.lying && this.#marker.truthful >= TRUSTED_AFTER) this.#finish();
		this.#marker.atEnd = atEnd;
	}
	/** Ends the picture that is being gathered. */
	#finish(): void {
		const picture = this.#picture;
		if (!picture) return;
		this.#picture = undefined;
		if (this.#marker.atEnd) this.#marker.truthful += 1;
		if (picture.damaged) this.#waiting = true;
		if (picture.damaged || (this.#waiting && !picture.key)) return;
		const { timestamp, key, arrivedMs } = picture;
		const unit: VideoUnit = { timestamp, key, arrivedMs, data: lengthPrefixed(picture) };
		if (picture.key) {
			const config = this.#describe(picture.ppsId);
			this.#waiting = config === undefined;
			if (!config) return;
			if (!sameConfig(config, this.#config)) unit.config = config;
			this.#config = config;
		}
		this.#out.push(unit);
	}
	#parameterSet(nal: Uint8Array): void {
		if (nal.length > MAX_SET_BYTES) return;
		// A copy (a Buffer's `slice` is none): a view would keep a whole packet alive for as long as the set is in use.
		const kept = new Uint8Array(nal);
		const sps = (nal[0]! & 0x1f) === Nal.sps ? parseSps(kept) : undefined;
		const pps = (nal[0]! & 0x1f) === Nal.pps ? parsePps(kept) : undefined;
		if (sps && (this.#sps.has(sps.id) || this.#sps.size < MAX_SETS)) this.#sps.set(sps.id, { nal: kept, facts: sps });
		if (pps && (this.#pps.has(pps.id) || this.#pps.size < MAX_SETS))
			this.#pps.set(pps.id, { nal: kept, spsId: pps.spsId });
	}
	/** The set-up by the sets that the picture's first slice names; the stream's own win over the description's (S03). */
	#describe(ppsId: number | undefined): VideoConfig | undefined {
		const active = this.#sps.get(this.#pps.get(ppsId ?? -1)?.spsId ?? -1);
		if (!active) return undefined;
		const { width, height } = active.facts;
		const sps = [active, ...[...this.#sps.values()].filter((other) => other !== active)];
		const description = avcDescription(
			sps.map(({ nal }) => nal),
			[...this.#pps.values()].map(({ nal }) => nal),
			active.facts,
		);
		if (description.length > MAX_DESCRIPTION_BYTES) return undefined;
		return { codec: codecString(active.nal), description, width, height };
	}
}

/** The id that a slice header names (H.264, section 7.3.3). */
function pictureParameterSet(slice: Uint8Array): number | undefined {
	try {
		const reader = new BitReader(unescapeNal(slice.subarray(1, 24)));
		reader.ue();
		reader.ue();
		return reader.ue();
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

function lengthPrefixed({ nals, bytes }: Picture): Uint8Array {
	const data = new Uint8Array(bytes);
	const view = new DataView(data.buffer);
	let at = 0;
	for (const nal of nals) {
		view.setUint32(at, nal.length);
		data.set(nal, at + 4);
		at += 4 + nal.length;
	}
	return data;
}

function sameConfig(a: VideoConfig, b: VideoConfig | undefined): boolean {
	return b !== undefined && a.codec === b.codec && Buffer.compare(a.description, b.description) === 0;
}
