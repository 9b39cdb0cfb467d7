import type { RtpPacket } from "../rtp/packet.ts";
import type { SdpMedia } from "../rtsp/sdp.ts";
import type { AudioConfig, AudioDepacketizer, AudioUnit } from "./audio.ts";

/** WebCodecs' names of G.711 (its codec registry). */
const G711: Record<string, string> = { PCMA: "alaw", PCMU: "ulaw" };
/** Always said so, whatever the camera's microphone is (RFC 7587, section 4.1); mono is decoded to both. */
const OPUS: AudioConfig = { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 };
/** A longer packet is none: a second at 48 kHz. */
const MAX_PACKET_BYTES = 48_000;

/** Sound that goes on as the camera sent it, one unit for each packet: G.711 (RFC 3551) and Opus (RFC 7587). */
export class PlainAudioDepacketizer implements AudioDepacketizer {
	readonly config: AudioConfig;

	/** Undefined for another encoding. */
	static create({ encoding, clockRate, channels }: SdpMedia): PlainAudioDepacketizer | undefined {
		if (encoding === "OPUS") return new PlainAudioDepacketizer(OPUS);
		const codec = G711[encoding];
		if (!codec) return undefined;
		return new PlainAudioDepacketizer({ codec, sampleRate: clockRate, numberOfChannels: channels ?? 1 });
	}
	constructor(config: AudioConfig) {
		this.config = config;
	}
	push({ payload, timestamp }: RtpPacket): AudioUnit[] {
		const usable = payload.length > 0 && payload.length <= MAX_PACKET_BYTES;
		return usable ? [{ timestamp, data: payload }] : [];
	}
}
