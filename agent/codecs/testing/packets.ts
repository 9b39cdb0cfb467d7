import { encodeRtp, type RtpPacket } from "../../rtp/packet.ts";
import type { VideoDepacketizer, VideoUnit } from "../video.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** H.264 for tests: parameter sets as x264 writes them, slices of a few bytes. */
export const SPS = hex("6742c00ad9047b011000000300100000030320f1226480");
export const PPS = hex("68cb83cb20");
/** Baseline 64x48 is the one above; this is High 1920x1080. */
export const SPS_HD = hex("67640028acd940780227e5c044000003000400000300c83c60c658");
export const PPS_HD = hex("68ebe3cb22c0");
/** `111…` = first macroblock 0, type P, PPS 0; `01011…` = first macroblock 1. The last byte tells them apart. */
export const slice = (id: number, { idr = false, first = true } = {}) =>
	Uint8Array.of(idr ? 0x65 : 0x41, first ? 0xe1 : 0x59, 0x88, 0x80 | id);
export const idr = (id: number, first = true) => slice(id, { idr: true, first });

export const packet = (payload: Uint8Array | readonly number[], timestamp = 0, marker = false): RtpPacket => ({
	payloadType: 96,
	marker,
	sequence: 0,
	timestamp,
	ssrc: 1,
	payload: Uint8Array.from(payload),
});
/** Aggregated into one packet (RFC 6184, STAP-A). */
export const stap = (...nals: Uint8Array[]) => [
	0x78,
	...nals.flatMap((nal) => [nal.length >> 8, nal.length & 255, ...nal]),
];
/** Fragmented (RFC 6184, FU-A) into pieces of `size` bytes. */
export function fragments(nal: Uint8Array, size: number): Uint8Array[] {
	const out: Uint8Array[] = [];
	for (let at = 1; at < nal.length; at += size) {
		const flags = (at === 1 ? 0x80 : 0) | (at + size >= nal.length ? 0x40 : 0);
		const head = [(nal[0]! & 0xe0) | 28, flags | (nal[0]! & 0x1f)];
		out.push(Buffer.concat([Uint8Array.from(head), nal.subarray(at, at + size)]));
	}
	return out;
}
/** A whole byte stream as one piece: NAL units with start codes between them (H.264, annex B). */
export const annexB = (...nals: Uint8Array[]) =>
	Buffer.concat(nals.flatMap((nal, index) => (index === 0 ? [nal] : [Uint8Array.of(0, 0, 0, 1), nal])));

/** One track of a camera as RTP packets, numbered without gaps. */
export class RtpWriter {
	sequence: number;
	payloadType: number;
	ssrc: number;
	constructor({ sequence = 0, payloadType = 96, ssrc = 0x5eed } = {}) {
		this.sequence = sequence;
		this.payloadType = payloadType;
		this.ssrc = ssrc;
	}
	/** One packet with this payload. */
	write(payload: Uint8Array | readonly number[], timestamp: number, marker = false): Buffer {
		const { payloadType, ssrc } = this;
		const sequence = this.sequence & 0xffff;
		this.sequence += 1;
		const written = { payloadType, marker, sequence, timestamp: timestamp >>> 0, ssrc };
		return Buffer.from(encodeRtp({ ...written, payload: Uint8Array.from(payload) }));
	}
	/** One packet for each payload, the marker on the last. */
	picture(payloads: readonly (Uint8Array | readonly number[])[], timestamp: number): Buffer[] {
		return payloads.map((payload, index) => this.write(payload, timestamp, index === payloads.length - 1));
	}
}
/** Plays packets through a depacketizer; `"lost"` stands for a gap. The time is the number of units so far. */
export function playPackets(packets: readonly (RtpPacket | "lost")[], depacketizer: VideoDepacketizer): VideoUnit[] {
	const units: VideoUnit[] = [];
	let lost = false;
	for (const item of packets) {
		if (item === "lost") lost = true;
		else {
			units.push(...depacketizer.push(item, lost, units.length));
			lost = false;
		}
	}
	return units;
}
