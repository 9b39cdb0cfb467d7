import type { RtpPacket } from "../rtp/packet.ts";
import type { SdpMedia } from "../rtsp/sdp.ts";
import type { AudioConfig, AudioDepacketizer, AudioUnit } from "./aac.ts";

/** WebCodecs' names of G.711 (its codec registry). */
const CODECS: Record<string, string> = { PCMA: "alaw", PCMU: "ulaw" };
/** A longer packet is none: a second at 48 kHz. */
const MAX_PACKET_BYTES = 48_000;

/** G.711 as the camera sent it, one unit for each packet (RFC 3551, section 4.5.14). */
export class G711Depacketizer implements AudioDepacketizer {
	readonly config: AudioConfig;

	/** Undefined for another encoding. */
	static create(media: SdpMedia): G711Depacketizer | undefined {
		const codec = CODECS[media.encoding];
		if (!codec) return undefined;
		return new G711Depacketizer({ codec, sampleRate: media.clockRate, numberOfChannels: media.channels ?? 1 });
	}
	constructor(config: AudioConfig) {
		this.config = config;
	}
	push({ payload, timestamp }: RtpPacket): AudioUnit[] {
		const usable = payload.length > 0 && payload.length <= MAX_PACKET_BYTES;
		return usable ? [{ timestamp, data: payload }] : [];
	}
}
