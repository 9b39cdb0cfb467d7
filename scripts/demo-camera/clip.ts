import { encodeRtp } from "../../agent/rtp/packet.ts";

/** One picture of the clip: its NAL units without start codes, parameter sets included. */
export interface ClipPicture {
	nals: Uint8Array[];
	/** Whether playing can begin here. */
	key: boolean;
}
/** Where a stream of RTP packets stands. */
export interface RtpPosition {
	/** Of the next packet; moves on, wraps at 16 bits. */
	sequence: number;
	/** Ticks at 90 kHz, wraps at 32 bits. */
	timestamp: number;
	ssrc: number;
	payloadType: number;
}

const NalType = { slice: 1, idr: 5, sps: 7, pps: 8, fragment: 28 } as const;
const typeOf = (nal: Uint8Array) => nal[0]! & 0x1f;
/** Fits an Ethernet frame with IP, UDP and RTP headers. */
const MAX_PAYLOAD_BYTES = 1400;

/** Takes an H.264 byte stream (Annex B) apart into pictures of one slice each, as the clip's encoder was told to write. */
export function readClip(stream: Uint8Array): ClipPicture[] {
	const pictures: ClipPicture[] = [];
	let before: Uint8Array[] = [];
	for (const nal of splitStartCodes(stream)) {
		before.push(nal);
		if (typeOf(nal) !== NalType.slice && typeOf(nal) !== NalType.idr) continue;
		pictures.push({ nals: before, key: typeOf(nal) === NalType.idr });
		before = [];
	}
	return pictures;
}

function* splitStartCodes(stream: Uint8Array): Iterable<Uint8Array> {
	const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
	const mark = Buffer.of(0, 0, 1);
	for (let at = bytes.indexOf(mark); at >= 0; ) {
		const next = bytes.indexOf(mark, at + mark.length);
		let end = next < 0 ? bytes.length : next;
		// A start code may have a zero more, which belongs to no NAL.
		while (end > at && bytes[end - 1] === 0) end -= 1;
		if (end > at + mark.length) yield bytes.subarray(at + mark.length, end);
		at = next;
	}
}

/** What the session description says of the clip's format (RFC 6184, section 8.1). */
export function formatParameters(pictures: readonly ClipPicture[]): string {
	const all = pictures.flatMap(({ nals }) => nals);
	const sps = all.find((nal) => typeOf(nal) === NalType.sps);
	const pps = all.find((nal) => typeOf(nal) === NalType.pps);
	if (!sps || !pps) throw new Error("the clip has no parameter sets");
	const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
	const profile = Buffer.from(sps.subarray(1, 4)).toString("hex").toUpperCase();
	return `packetization-mode=1;profile-level-id=${profile};sprop-parameter-sets=${base64(sps)},${base64(pps)}`;
}

/** One picture as RTP packets: small NALs alone, large ones in fragments, the marker on the last packet. */
export function packetize({ nals }: ClipPicture, position: RtpPosition): Uint8Array[] {
	const payloads = nals.flatMap((nal) => (nal.length <= MAX_PAYLOAD_BYTES ? [nal] : fragment(nal)));
	return payloads.map((payload, index) => {
		const { sequence, timestamp, ssrc, payloadType } = position;
		position.sequence = (sequence + 1) & 0xffff;
		return encodeRtp({ payloadType, marker: index === payloads.length - 1, sequence, timestamp, ssrc, payload });
	});
}

/** FU-A (RFC 6184, section 5.8): the NAL's header is spread over the fragments' own two bytes. */
function fragment(nal: Uint8Array): Uint8Array[] {
	const out: Uint8Array[] = [];
	const size = MAX_PAYLOAD_BYTES - 2;
	for (let at = 1; at < nal.length; at += size) {
		const piece = nal.subarray(at, at + size);
		const payload = new Uint8Array(2 + piece.length);
		payload[0] = (nal[0]! & 0xe0) | NalType.fragment;
		payload[1] = typeOf(nal) | (at === 1 ? 0x80 : 0) | (at + size >= nal.length ? 0x40 : 0);
		payload.set(piece, 2);
		out.push(payload);
	}
	return out;
}

/** Seconds from 1900 (NTP) to 1970. */
const NTP_EPOCH_S = 2_208_988_800;

/** A sender report (RFC 3550, section 6.4.1): the clip's clock at the wall clock's `nowMs`. */
export function senderReport(
	{ ssrc, timestamp }: RtpPosition,
	nowMs: number,
	sent: { packets: number; bytes: number },
) {
	const report = Buffer.alloc(28);
	report.set([0x80, 200, 0, 6]);
	const words = [
		ssrc,
		Math.floor(nowMs / 1000) + NTP_EPOCH_S,
		((nowMs % 1000) / 1000) * 2 ** 32,
		timestamp,
		sent.packets,
		sent.bytes,
	];
	for (const [index, word] of words.entries()) report.writeUInt32BE(Math.floor(word) % 2 ** 32, 4 + index * 4);
	return report;
}
