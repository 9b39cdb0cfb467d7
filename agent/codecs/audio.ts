import type { RtpPacket } from "../rtp/packet.ts";

/** How an audio decoder is to be set up, for `AudioDecoder.configure`. */
export interface AudioConfig {
	codec: string;
	/** AudioSpecificConfig for AAC; G.711 and Opus need none. */
	description?: Uint8Array;
	/** Hz. */
	sampleRate: number;
	numberOfChannels: number;
}
/** One piece of sound that a decoder takes. */
export interface AudioUnit {
	/** RTP timestamp of its first sample, 32 bits. */
	timestamp: number;
	data: Uint8Array;
}
/** Makes units of packets in order. */
export interface AudioDepacketizer {
	/** Undefined where it stands in the stream and has not come yet. */
	readonly config: AudioConfig | undefined;
	/** Takes the next packet; `lost`: packets or bytes before it never came. Never throws. */
	push(packet: RtpPacket, lost: boolean): AudioUnit[];
}
