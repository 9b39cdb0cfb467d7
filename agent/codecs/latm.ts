import type { RtpPacket } from "../rtp/packet.ts";
import type { SdpMedia } from "../rtsp/sdp.ts";
import { type AacSetup, hexBytes, MAX_AU_BYTES, readAudioConfig } from "./aac-config.ts";
import type { AudioConfig, AudioDepacketizer, AudioUnit } from "./audio.ts";
import { BitReader, tolerant } from "./bits.ts";

/** What a StreamMuxConfig says (ISO/IEC 14496-3, section 1.7.3). */
interface StreamMux {
	setup: AacSetup;
	/** Access units in one element. */
	subFrames: number;
	/** Bits behind them that are not sound. */
	otherBits: number;
}
/** As many units may stand in one packet: a second at 48 kHz. */
const MAX_UNITS = 64;
/** What one element may take over several packets. */
const MAX_ELEMENT_BYTES = MAX_UNITS * MAX_AU_BYTES;

/** frameLengthType and latmBufferFullness. */
const LENGTH_BITS = 11;
/** syncExtensionType (ISO/IEC 14496-3, section 1.6.2.1). */
const SYNC_EXTENSION = 0x2b7;

/** Reads a StreamMuxConfig of one program with one layer of AAC, which is what cameras send; undefined for another. */
export function readStreamMux(reader: BitReader): StreamMux | undefined {
	const version = reader.bits(1);
	if (version === 1 && reader.flag()) return undefined;
	if (version === 1) latmValue(reader);
	const sameTimeFraming = reader.flag();
	const subFrames = reader.bits(6) + 1;
	if (!sameTimeFraming || reader.bits(4) !== 0 || reader.bits(3) !== 0) return undefined;
	let setup: AacSetup | undefined;
	if (version === 0) {
		setup = readAudioConfig(reader);
		skipExtension(reader);
	} else {
		const bits = latmValue(reader);
		const end = reader.position + bits;
		setup = readAudioConfig(reader);
		reader.skip(end - reader.position);
	}
	if (!setup) return undefined;
	// GStreamer's description ends behind the decoder's set-up.
	if (reader.bitsLeft < LENGTH_BITS) return { setup, subFrames, otherBits: 0 };
	// Units of any length, told before each one; others have fixed lengths of codecs that are not AAC.
	if (reader.bits(3) !== 0) return undefined;
	reader.skip(8);
	let otherBits = 0;
	if (reader.flag()) {
		if (version === 1) otherBits = latmValue(reader);
		else {
			let more = true;
			while (more) {
				more = reader.flag();
				otherBits = (otherBits * 256 + reader.bits(8)) % 2 ** 32;
			}
		}
	}
	if (reader.flag()) reader.skip(8);
	return { setup, subFrames, otherBits };
}
/** Passes over a backward compatible extension, which has no place here but is put here all the same. */
function skipExtension(reader: BitReader): void {
	if (reader.peek(11) !== SYNC_EXTENSION) return;
	reader.skip(11 + 5);
	const hasSbr = reader.flag();
	if (hasSbr && reader.bits(4) === 15) reader.skip(24);
}
/** LatmGetValue. */
function latmValue(reader: BitReader): number {
	const bytes = reader.bits(2) + 1;
	return reader.bits(bytes * 8);
}

/** AAC as MP4A-LATM (RFC 6416), its set-up in the description or, with `cpresent=1`, in the stream. */
export class LatmDepacketizer implements AudioDepacketizer {
	#clockRate: number;
	#inBand: boolean;
	#mux: StreamMux | undefined;
	#element: { timestamp: number; parts: Uint8Array[]; bytes: number } | undefined;

	/** Undefined where the set-up should stand in the description and does not (S02). */
	static create(media: SdpMedia): LatmDepacketizer | undefined {
		const present = media.format.get("cpresent");
		const bytes = hexBytes(media.format.get("config"));
		const mux = bytes && tolerant(() => readStreamMux(new BitReader(bytes)));
		// Where the word is missing it means 1, but who writes the set-up down means 0 (RFC 6416, section 7.3).
		const inBand = present === undefined ? !mux : present !== "0";
		return mux || inBand ? new LatmDepacketizer(media.clockRate, inBand, mux) : undefined;
	}
	constructor(clockRate: number, inBand: boolean, mux?: StreamMux) {
		this.#clockRate = clockRate;
		this.#inBand = inBand;
		this.#mux = mux;
	}
	get config(): AudioConfig | undefined {
		return this.#mux?.setup.config;
	}
	push({ payload, timestamp, marker }: RtpPacket, lost: boolean): AudioUnit[] {
		if (lost || this.#element?.timestamp !== timestamp) this.#element = undefined;
		if (payload.length === 0) return [];
		const element = this.#element ?? { timestamp, parts: [], bytes: 0 };
		this.#element = element;
		element.parts.push(new Uint8Array(payload));
		element.bytes += payload.length;
		const bytes = Buffer.concat(element.parts, element.bytes);
		const units = tolerant(() => this.#elements(new BitReader(bytes)));
		// It ends too early: the rest is in the next packet, unless the marker says that there is none.
		if (!units && !marker && element.bytes < MAX_ELEMENT_BYTES && element.parts.length < MAX_UNITS) return [];
		this.#element = undefined;
		const ticks = Math.round((this.#mux?.setup.unitS ?? 0) * this.#clockRate);
		return (units ?? []).map((data, index) => ({ timestamp: (timestamp + index * ticks) >>> 0, data }));
	}
	/** All audioMuxElements in these bytes; throws RangeError when the last one is cut off. */
	#elements(reader: BitReader): Uint8Array[] {
		const units: Uint8Array[] = [];
		let mux = this.#mux;
		while (reader.bitsLeft >= 8 && units.length < MAX_UNITS) {
			if (this.#inBand && !reader.flag()) mux = readStreamMux(reader);
			// Without a set-up, or with one that is not for us, nothing of it can be read.
			if (!mux) {
				this.#mux = undefined;
				break;
			}
			for (let n = 0; n < mux.subFrames; n++) {
				let size = 0;
				for (let byte = 255; byte === 255; size += byte) byte = reader.bits(8);
				const unit = reader.bytes(size);
				if (size > 0 && size <= MAX_AU_BYTES) units.push(unit);
			}
			reader.skip(Math.min(mux.otherBits, reader.bitsLeft));
			reader.skip(reader.bitsLeft % 8);
		}
		// Only what was read to its end is believed.
		if (mux !== undefined && mux !== this.#mux) this.#take(mux);
		return units;
	}
	#take(mux: StreamMux): void {
		const same = this.config && sameAudio(this.config, mux.setup.config);
		// The same object as before while nothing changes: that is how a change is seen.
		this.#mux = same ? { ...mux, setup: this.#mux!.setup } : mux;
	}
}

function sameAudio(a: AudioConfig, b: AudioConfig): boolean {
	const bytes = ({ description = new Uint8Array() }: AudioConfig) => description;
	return Buffer.compare(bytes(a), bytes(b)) === 0;
}
