import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { apart, MAX_PIECES } from "./video.ts";

/** How one codec's NAL units stand in packets: RFC 6184 for H.264, RFC 7798 for H.265. */
export interface NalSyntax {
	/** Bytes of a NAL unit's header; a packet begins with one of the same size. */
	headerBytes: 1 | 2;
	/** Type of the unit that begins so. */
	typeOf(bytes: Uint8Array): number;
	/** Types from here on are packets and no units. */
	firstPacketType: number;
	aggregation: number;
	fragmentation: number;
	/** The header of the unit that a fragment's packet is a part of; `type` stands in the fragment's own header. */
	fragmentOf(payload: Uint8Array): Uint8Array;
}
/** What becomes of them. */
export interface NalSink {
	/** Never empty, without start code. */
	nal(nal: Uint8Array, timestamp: number): void;
	/** A unit began that needs several packets: its first bytes. The whole follows, unless there is damage before. */
	begins(head: Uint8Array): void;
	/** Something before the next unit is missing. */
	damage(): void;
}

const START_CODE = Buffer.from([0, 0, 1]);

/** Takes NAL units out of packets in order: single ones, aggregated ones, fragments. */
export class NalUnits {
	#syntax: NalSyntax;
	#sink: NalSink;
	#fragments: { parts: Uint8Array[]; bytes: number } | undefined;

	constructor(syntax: NalSyntax, sink: NalSink) {
		this.#syntax = syntax;
		this.#sink = sink;
	}
	/** Whether a unit is not whole yet. */
	get open(): boolean {
		return this.#fragments !== undefined;
	}
	push({ payload, timestamp }: RtpPacket): void {
		const { headerBytes, typeOf, firstPacketType, aggregation, fragmentation } = this.#syntax;
		if (payload.length < headerBytes) return;
		const type = typeOf(payload);
		// A fragmented unit whose end never came is damage, whatever follows.
		if (type !== fragmentation && this.#fragments) this.damage();
		if (type === fragmentation) this.#fragment(payload, timestamp);
		else if (type === aggregation) this.#aggregate(payload, timestamp);
		else if (type < firstPacketType) this.#unit(payload, timestamp);
	}
	/** Packets were lost: what was begun stays without an end. */
	damage(): void {
		this.#fragments = undefined;
		this.#sink.damage();
	}
	#fragment(payload: Uint8Array, timestamp: number): void {
		const { headerBytes, fragmentOf } = this.#syntax;
		if (payload.length <= headerBytes) {
			this.damage();
			return;
		}
		const header = payload[headerBytes]!;
		const part = payload.subarray(headerBytes + 1);
		if (header & 0x80) {
			if (this.#fragments) this.damage();
			const start = fragmentOf(payload);
			this.#fragments = { parts: [start], bytes: start.length };
			this.#sink.begins(Buffer.concat([start, part.subarray(0, 1)]));
		}
		const fragments = this.#fragments;
		if (!fragments) {
			this.damage();
			return;
		}
		if (part.length > 0) fragments.parts.push(apart(part));
		fragments.bytes += part.length;
		if (fragments.bytes > MAX_PICTURE_BYTES || fragments.parts.length > MAX_PIECES) this.damage();
		else if (header & 0x40) {
			this.#fragments = undefined;
			this.#unit(Buffer.concat(fragments.parts, fragments.bytes), timestamp);
		}
	}
	#aggregate(payload: Uint8Array, timestamp: number): void {
		let at: number = this.#syntax.headerBytes;
		while (at + 2 <= payload.length) {
			const size = (payload[at]! << 8) | payload[at + 1]!;
			at += 2;
			if (at + size > payload.length) {
				this.damage();
				return;
			}
			if (size > 0) this.#unit(payload.subarray(at, at + size), timestamp);
			at += size;
		}
	}
	/** Takes what was sent as one unit: some cameras put a whole byte stream into it (P01). */
	#unit(bytes: Uint8Array, timestamp: number): void {
		const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		let start = 0;
		for (;;) {
			const code = buffer.indexOf(START_CODE, start);
			let end = code < 0 ? buffer.length : code;
			// Zeros before a start code and at the end belong to no NAL unit (H.264 and H.265, annex B).
			while (end > start && buffer[end - 1] === 0) end--;
			if (end - start >= this.#syntax.headerBytes) this.#sink.nal(bytes.subarray(start, end), timestamp);
			if (code < 0) return;
			start = code + START_CODE.length;
		}
	}
}
