import type { RtpPacket } from "../rtp/packet.ts";
import type { SdpMedia } from "../rtsp/sdp.ts";
import { BitReader } from "./bits.ts";

/** How an audio decoder is to be set up, for `AudioDecoder.configure`. */
export interface AudioConfig {
	codec: string;
	/** AudioSpecificConfig for AAC; G.711 needs none. */
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
	readonly config: AudioConfig;
	push(packet: RtpPacket, lost: boolean): AudioUnit[];
}

/** Sampling rates by index (ISO/IEC 14496-3, table 1.18). */
const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
/** A longer access unit is none (ISO/IEC 14496-3: 6144 bits a channel, eight channels). */
const MAX_AU_BYTES = 8 * 768;

/** What an AudioSpecificConfig says; undefined when it cannot be played or read. */
export function parseAudioConfig(bytes: Uint8Array): (AudioConfig & { samplesPerUnit: number }) | undefined {
	try {
		const reader = new BitReader(bytes);
		const objectType = () => {
			const type = reader.bits(5);
			return type === 31 ? 32 + reader.bits(6) : type;
		};
		const rate = () => {
			const index = reader.bits(4);
			return index === 15 ? reader.bits(24) : RATES[index];
		};
		const type = objectType();
		const coreRate = rate();
		const channels = reader.bits(4);
		const extended = type === 5 || type === 29;
		const sampleRate = extended ? rate() : coreRate;
		if (extended) objectType();
		const shortFrame = reader.bits(1) === 1;
		// 7 is the layout with eight channels; 0 means a description inside, which cameras do not use.
		const numberOfChannels = channels === 7 ? 8 : channels;
		if (!sampleRate || numberOfChannels === 0 || numberOfChannels > 8 || ![2, 5, 29].includes(type)) return undefined;
		// With SBR a unit of the core holds twice as many samples of what is heard, and RTP counts those.
		const samplesPerUnit = (shortFrame ? 960 : 1024) * (extended ? 2 : 1);
		return { codec: `mp4a.40.${type}`, description: bytes, sampleRate, numberOfChannels, samplesPerUnit };
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/** AAC in packets of RFC 3640 (AAC-hbr and AAC-lbr, without interleaving). */
export class AacDepacketizer implements AudioDepacketizer {
	readonly config: AudioConfig;
	#samplesPerUnit: number;
	#sizeLength: number;
	#indexLength: number;
	#deltaLength: number;
	#fragment: { timestamp: number; size: number; parts: Uint8Array[]; bytes: number } | undefined;

	/** Undefined where the description has no configuration that could be used: then there is no sound (S02). */
	static create(media: SdpMedia): AacDepacketizer | undefined {
		const hex = media.format.get("config") ?? "";
		if (!/^([0-9A-Fa-f]{2}){2,64}$/.test(hex)) return undefined;
		const parsed = parseAudioConfig(new Uint8Array(Buffer.from(hex, "hex")));
		return parsed && new AacDepacketizer(media, parsed);
	}
	constructor(media: SdpMedia, parsed: AudioConfig & { samplesPerUnit: number }) {
		const { samplesPerUnit, ...config } = parsed;
		this.config = config;
		this.#samplesPerUnit = samplesPerUnit;
		// The numbers of AAC-hbr where the camera leaves them out.
		const number = (name: string, otherwise: number) => {
			const value = Number.parseInt(media.format.get(name) ?? "", 10);
			return value >= 0 && value <= 32 ? value : otherwise;
		};
		this.#sizeLength = number("sizelength", 13);
		this.#indexLength = number("indexlength", 3);
		this.#deltaLength = number("indexdeltalength", 3);
	}
	push({ payload, timestamp, marker }: RtpPacket, lost: boolean): AudioUnit[] {
		if (lost) this.#fragment = undefined;
		const sizes = this.#sizes(payload);
		if (!sizes) return [];
		const units: AudioUnit[] = [];
		let at = 2 + Math.ceil(((payload[0]! << 8) | payload[1]!) / 8);
		for (const [index, size] of sizes.entries()) {
			const rest = payload.length - at;
			if (size > rest || (this.#fragment && sizes.length === 1)) {
				if (sizes.length > 1) break;
				return this.#gather(payload.subarray(at), size, timestamp, marker);
			}
			const unitTimestamp = (timestamp + index * this.#samplesPerUnit) >>> 0;
			if (size > 0) units.push({ timestamp: unitTimestamp, data: payload.subarray(at, at + size) });
			at += size;
		}
		this.#fragment = undefined;
		return units;
	}
	/** Sizes of the access units, from the header section. */
	#sizes(payload: Uint8Array): number[] | undefined {
		if (payload.length < 2) return undefined;
		const bits = (payload[0]! << 8) | payload[1]!;
		const end = 2 + Math.ceil(bits / 8);
		if (end > payload.length) return undefined;
		const reader = new BitReader(payload.subarray(2, end));
		const sizes: number[] = [];
		let left = bits;
		for (;;) {
			const indexBits = sizes.length === 0 ? this.#indexLength : this.#deltaLength;
			// One camera counts the 13 bits of the size alone (gortsplib PR#118): the index may be missing.
			if (left < this.#sizeLength || this.#sizeLength === 0) return sizes;
			const size = reader.bits(this.#sizeLength);
			if (left >= this.#sizeLength + indexBits) reader.bits(indexBits);
			left -= this.#sizeLength + indexBits;
			if (size > MAX_AU_BYTES) return undefined;
			sizes.push(size);
		}
	}
	/** One access unit over several packets: each says the whole size, the last one has the marker. */
	#gather(part: Uint8Array, size: number, timestamp: number, marker: boolean): AudioUnit[] {
		if (this.#fragment?.timestamp !== timestamp || this.#fragment.size !== size) {
			this.#fragment = { timestamp, size, parts: [], bytes: 0 };
		}
		const fragment = this.#fragment;
		// Copied, and never an empty one: pieces that bring nothing would be kept for ever, each with its whole packet.
		if (part.length > 0) fragment.parts.push(new Uint8Array(part));
		fragment.bytes += part.length;
		if (!marker && fragment.bytes < size) return [];
		this.#fragment = undefined;
		return fragment.bytes === size ? [{ timestamp, data: Buffer.concat(fragment.parts, size) }] : [];
	}
}
