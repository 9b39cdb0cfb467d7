import type { RtpPacket } from "../rtp/packet.ts";
import type { SdpMedia } from "../rtsp/sdp.ts";
import { type AacSetup, hexBytes, MAX_AU_BYTES, parseAudioConfig } from "./aac-config.ts";
import { splitAdts } from "./adts.ts";
import type { AudioConfig, AudioDepacketizer, AudioUnit } from "./audio.ts";
import { BitReader } from "./bits.ts";

/** Bits of an AU header's size and index by mode, where a camera leaves them out (RFC 3640, sections 3.3.5 and 3.3.6). */
const HBR = { size: 13, index: 3 };
const LBR = { size: 6, index: 2 };

/** AAC in packets of RFC 3640 (AAC-hbr and AAC-lbr, without interleaving). */
export class AacDepacketizer implements AudioDepacketizer {
	readonly config: AudioConfig;
	#ticksPerUnit: number;
	#sizeLength: number;
	#indexLength: number;
	#deltaLength: number;
	#fragment: { timestamp: number; size: number; parts: Uint8Array[]; bytes: number } | undefined;

	/** Undefined where the description has no configuration that could be used: then there is no sound (S02). */
	static create(media: SdpMedia): AacDepacketizer | undefined {
		const bytes = hexBytes(media.format.get("config"));
		const setup = bytes && parseAudioConfig(bytes);
		return setup && new AacDepacketizer(media, setup);
	}
	constructor(media: SdpMedia, { config, unitS }: AacSetup) {
		this.config = config;
		// With SBR a unit of the core holds twice as many samples of what is heard, and RTP counts those.
		this.#ticksPerUnit = Math.round(unitS * media.clockRate);
		const number = (name: string, otherwise: number) => {
			const value = Number.parseInt(media.format.get(name) ?? "", 10);
			return value >= 0 && value <= 32 ? value : otherwise;
		};
		const usual = /lbr/i.test(media.format.get("mode") ?? "") ? LBR : HBR;
		this.#sizeLength = number("sizelength", usual.size);
		this.#indexLength = number("indexlength", usual.index);
		this.#deltaLength = number("indexdeltalength", usual.index);
	}
	push({ payload, timestamp, marker }: RtpPacket, lost: boolean): AudioUnit[] {
		if (lost) this.#fragment = undefined;
		const at = (index: number) => (timestamp + index * this.#ticksPerUnit) >>> 0;
		// Without AU headers, as a file has it (mpv#5669): where these should stand, its first bytes make no sense.
		const frames = splitAdts(payload);
		if (frames) return frames.map((data, index) => ({ timestamp: at(index), data }));
		const sizes = this.#sizes(payload);
		if (!sizes) return [];
		const units: AudioUnit[] = [];
		let start = 2 + Math.ceil(((payload[0]! << 8) | payload[1]!) / 8);
		for (const [index, size] of sizes.entries()) {
			const rest = payload.length - start;
			if (size > rest || (this.#fragment && sizes.length === 1)) {
				if (sizes.length > 1) break;
				return this.#gather(payload.subarray(start), size, timestamp, marker);
			}
			if (size > 0) units.push({ timestamp: at(index), data: bare(payload.subarray(start, start + size)) });
			start += size;
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
		return fragment.bytes === size ? [{ timestamp, data: bare(Buffer.concat(fragment.parts, size)) }] : [];
	}
}

/** Some cameras leave a file's header on the unit, which a decoder with a description takes for sound. */
function bare(unit: Uint8Array): Uint8Array {
	const frames = splitAdts(unit);
	return frames?.length === 1 ? frames[0]! : unit;
}
