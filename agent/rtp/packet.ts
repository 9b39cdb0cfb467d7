/** One RTP packet (RFC 3550, section 5.1). `payload` is a view, without padding. */
export interface RtpPacket {
	payloadType: number;
	marker: boolean;
	/** 16 bits, wraps. */
	sequence: number;
	/** 32 bits in ticks of the media's clock, wraps. */
	timestamp: number;
	ssrc: number;
	payload: Uint8Array;
}

const HEADER_BYTES = 12;

/** The packet in `bytes`, or undefined when they are none: wrong version, cut short, impossible lengths. */
export function parseRtp(bytes: Uint8Array): RtpPacket | undefined {
	if (bytes.length < HEADER_BYTES || bytes[0]! >> 6 !== 2) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	let start = HEADER_BYTES + (bytes[0]! & 0x0f) * 4;
	if (bytes[0]! & 0x10) {
		if (bytes.length < start + 4) return undefined;
		start += 4 + view.getUint16(start + 2) * 4;
	}
	// A padding bit with a count of 0 contradicts itself; cameras do it, and mean no padding (pion/rtp PR#274).
	const padding = bytes[0]! & 0x20 ? bytes[bytes.length - 1]! : 0;
	const end = bytes.length - padding;
	if (end < start) return undefined;
	return {
		payloadType: bytes[1]! & 0x7f,
		marker: (bytes[1]! & 0x80) !== 0,
		sequence: view.getUint16(2),
		timestamp: view.getUint32(4),
		ssrc: view.getUint32(8),
		payload: bytes.subarray(start, end),
	};
}

/** A plain packet as bytes: no padding, no extension, no contributors. */
export function encodeRtp(packet: RtpPacket): Uint8Array {
	const bytes = new Uint8Array(HEADER_BYTES + packet.payload.length);
	const view = new DataView(bytes.buffer);
	bytes[0] = 0x80;
	bytes[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f);
	view.setUint16(2, packet.sequence & 0xffff);
	view.setUint32(4, packet.timestamp >>> 0);
	view.setUint32(8, packet.ssrc >>> 0);
	bytes.set(packet.payload, HEADER_BYTES);
	return bytes;
}

/** What a sender report says: this tick of the media's clock was at that time of the camera's own clock. */
export interface SenderReport {
	ssrc: number;
	/** µs since 1970 by the camera's clock, which may be wrong by years. */
	cameraUs: number;
	/** 32 bits, wraps. */
	timestamp: number;
}

/** Seconds from 1900 (NTP) to 1970. */
const NTP_EPOCH_S = 2_208_988_800;
const SENDER_REPORT = 200;

/** The first sender report in a compound RTCP packet, if there is one. */
export function parseSenderReport(bytes: Uint8Array): SenderReport | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	for (let at = 0; at + 4 <= bytes.length; ) {
		if (bytes[at]! >> 6 !== 2) return undefined;
		const length = (view.getUint16(at + 2) + 1) * 4;
		if (bytes[at + 1] === SENDER_REPORT && length >= 28 && at + 28 <= bytes.length) {
			const seconds = view.getUint32(at + 8) - NTP_EPOCH_S;
			const fraction = view.getUint32(at + 12) / 2 ** 32;
			// Cameras without a clock send 0; that relates nothing to anything.
			if (view.getUint32(at + 8) === 0) return undefined;
			return {
				ssrc: view.getUint32(at + 4),
				cameraUs: seconds * 1e6 + Math.round(fraction * 1e6),
				timestamp: view.getUint32(at + 16),
			};
		}
		at += length;
	}
	return undefined;
}
