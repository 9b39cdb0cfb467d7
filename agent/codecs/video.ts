import type { RtpPacket } from "../rtp/packet.ts";

/** How a decoder is to be set up, for `VideoDecoder.configure`. */
export interface VideoConfig {
	/** RFC 6381; `jpeg` for MJPEG, which an image decoder shows. */
	codec: string;
	/** avcC or hvcC: then the units' NAL units are length-prefixed by four bytes. */
	description?: Uint8Array;
	width: number;
	height: number;
}
/** One picture. `config` is there when it differs from what the pictures before it needed. */
export interface VideoUnit {
	/** RTP timestamp of its first slice, 32 bits. */
	timestamp: number;
	/** Whether a decoder can start here. */
	key: boolean;
	/** When its last packet came, ms. */
	arrivedMs: number;
	data: Uint8Array;
	config?: VideoConfig;
}
/** Makes pictures of packets in order. */
export interface VideoDepacketizer {
	/** Takes the next packet, which came at `nowMs`; `lost`: packets or bytes before it never came. Never throws. */
	push(packet: RtpPacket, lost: boolean, nowMs: number): VideoUnit[];
}

export function sameConfig(a: VideoConfig, b: VideoConfig | undefined): boolean {
	const bytes = (config: VideoConfig) => config.description ?? new Uint8Array();
	return (
		b !== undefined &&
		a.codec === b.codec &&
		a.width === b.width &&
		a.height === b.height &&
		Buffer.compare(bytes(a), bytes(b)) === 0
	);
}

/** A view of a small part would keep the whole chunk alive that came from the network: such a part is copied. */
export function apart(bytes: Uint8Array): Uint8Array {
	return bytes.buffer.byteLength > 4 * bytes.length ? new Uint8Array(bytes) : bytes;
}

/** Pieces that make one picture, and of one NAL unit: each costs memory however small it is. */
export const MAX_PIECES = 16_384;
