import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { MAX_PIECES } from "./video.ts";

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
	/** Never empty, without start code. A view that holds until this returns: the bytes are used for the next unit. */
	nal(nal: Uint8Array, timestamp: number): void;
	/** A unit began that needs several packets: its first bytes. The whole follows, unless there is damage before. */
	begins(head: Uint8Array): void;
	/** Something before the next unit is missing. */
	damage(): void;
}

const START_CODE = Buffer.from([0, 0, 1]);
/** Memory in which fragments are put together, at first, and at most between two units. */
const FEW_BYTES = 16 * 1024;
const KEPT_BYTES = 256 * 1024;

/** Takes NAL units out of packets in order: single ones, aggregated ones, fragments. */
export class NalUnits {
	#syntax: NalSyntax;
	#sink: NalSink;
	/** The unit that is being put together: how many pieces and bytes of `#joined` it has so far. */
	#fragments: { pieces: number; bytes: number } | undefined;
	/** The same memory for one unit after the other: new memory for each picture costs more than copying it. */
	#joined = new Uint8Array(0);

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
		if (this.#joined.length > KEPT_BYTES) this.#joined = new Uint8Array(0);
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
			this.#fragments = { pieces: 0, bytes: 0 };
			this.#join(this.#fragments, start);
			this.#sink.begins(Buffer.concat([start, part.subarray(0, 1)]));
		}
		const fragments = this.#fragments;
		if (!fragments) {
			this.damage();
			return;
		}
		if (fragments.bytes + part.length > MAX_PICTURE_BYTES || fragments.pieces >= MAX_PIECES) {
			this.damage();
			return;
		}
		this.#join(fragments, part);
		if ((header & 0x40) === 0) return;
		this.#fragments = undefined;
		this.#unit(this.#joined.subarray(0, fragments.bytes), timestamp);
		if (this.#joined.length > KEPT_BYTES) this.#joined = new Uint8Array(0);
	}
	#join(fragments: { pieces: number; bytes: number }, part: Uint8Array): void {
		const bytes = fragments.bytes + part.length;
		if (bytes > this.#joined.length) {
			const larger = new Uint8Array(Math.max(FEW_BYTES, 2 * bytes));
			larger.set(this.#joined.subarray(0, fragments.bytes));
			this.#joined = larger;
		}
		this.#joined.set(part, fragments.bytes);
		fragments.bytes = bytes;
		fragments.pieces += 1;
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
