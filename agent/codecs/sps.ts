/** Reads bits, most significant first; throws RangeError past the end. */
export class BitReader {
	#bytes: Uint8Array;
	#at = 0;
	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}
	get bitsLeft(): number {
		return this.#bytes.length * 8 - this.#at;
	}
	/** `count` ≤ 32 bits as a whole number. */
	bits(count: number): number {
		if (count > this.bitsLeft) throw new RangeError("ends inside a value");
		let value = 0;
		for (let n = 0; n < count; n++) {
			value = value * 2 + ((this.#bytes[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1);
			this.#at += 1;
		}
		return value;
	}
	/** Exp-Golomb, unsigned (H.264, section 9.1). */
	ue(): number {
		let zeros = 0;
		while (this.bits(1) === 0) {
			zeros += 1;
			if (zeros > 32) throw new RangeError("no exp-golomb value");
		}
		return 2 ** zeros - 1 + this.bits(zeros);
	}
	/** Exp-Golomb, signed. */
	se(): number {
		const value = this.ue();
		return value % 2 === 0 ? -value / 2 : (value + 1) / 2;
	}
}

/** Removes emulation prevention: `00 00 03` stands for `00 00` inside a NAL unit. */
export function unescapeNal(nal: Uint8Array): Uint8Array {
	const out = new Uint8Array(nal.length);
	let length = 0;
	let zeros = 0;
	for (const byte of nal) {
		if (zeros >= 2 && byte === 3) {
			zeros = 0;
			continue;
		}
		zeros = byte === 0 ? zeros + 1 : 0;
		out[length++] = byte;
	}
	return out.subarray(0, length);
}

/** What of a sequence parameter set matters outside a decoder. */
export interface SpsFacts {
	id: number;
	/** Pixels after cropping. */
	width: number;
	height: number;
	profile: number;
	/** 1 = 4:2:0; 8 bits a sample when both depths are 8. */
	chromaFormat: number;
	lumaBits: number;
	chromaBits: number;
}

/** Profiles whose set begins with chroma and bit depth (H.264, section 7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

function skipScalingLists(reader: BitReader, count: number): void {
	for (let list = 0; list < count; list++) {
		if (reader.bits(1) === 0) continue;
		let last = 8;
		let next = 8;
		for (let n = 0; n < (list < 6 ? 16 : 64) && next !== 0; n++) {
			next = (last + reader.se() + 256) % 256;
			last = next === 0 ? last : next;
		}
	}
}

/** Reads a whole SPS NAL unit, header byte included; undefined when it is none that could be decoded. */
export function parseSps(nal: Uint8Array): SpsFacts | undefined {
	try {
		return readSps(nal);
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

function readSps(nal: Uint8Array): SpsFacts | undefined {
	const reader = new BitReader(unescapeNal(nal).subarray(1));
	const profile = reader.bits(8);
	reader.bits(16);
	const id = reader.ue();
	let chromaFormat = 1;
	let lumaBits = 8;
	let chromaBits = 8;
	let separatePlanes = 0;
	if (HIGH_PROFILES.has(profile)) {
		chromaFormat = reader.ue();
		if (chromaFormat === 3) separatePlanes = reader.bits(1);
		lumaBits = 8 + reader.ue();
		chromaBits = 8 + reader.ue();
		reader.bits(1);
		if (reader.bits(1)) skipScalingLists(reader, chromaFormat === 3 ? 12 : 8);
	}
	reader.ue();
	const orderType = reader.ue();
	if (orderType === 0) reader.ue();
	else if (orderType === 1) {
		reader.bits(1);
		reader.se();
		reader.se();
		const cycle = reader.ue();
		if (cycle > 255) return undefined;
		for (let n = 0; n < cycle; n++) reader.se();
	}
	reader.ue();
	reader.bits(1);
	const widthMbs = reader.ue() + 1;
	const heightUnits = reader.ue() + 1;
	const framesOnly = reader.bits(1);
	if (!framesOnly) reader.bits(1);
	reader.bits(1);
	const crop = reader.bits(1) ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
	const planes = separatePlanes ? 0 : chromaFormat;
	const cropX = planes === 1 || planes === 2 ? 2 : 1;
	const cropY = (planes === 1 ? 2 : 1) * (2 - framesOnly);
	const width = widthMbs * 16 - (crop[0]! + crop[1]!) * cropX;
	const height = heightUnits * 16 * (2 - framesOnly) - (crop[2]! + crop[3]!) * cropY;
	const sane =
		id < 32 && width > 0 && height > 0 && width <= 16384 && height <= 16384 && lumaBits <= 14 && chromaBits <= 14;
	return sane ? { id, width, height, profile, chromaFormat, lumaBits, chromaBits } : undefined;
}

/** Both ids of a picture parameter set: its own, and the SPS it rests on. */
export function parsePps(nal: Uint8Array): { id: number; spsId: number } | undefined {
	try {
		const reader = new BitReader(unescapeNal(nal.subarray(1, 16)));
		const id = reader.ue();
		const spsId = reader.ue();
		return id < 256 && spsId < 32 ? { id, spsId } : undefined;
	} catch (error) {
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

/** Codec string of RFC 6381 from an SPS, e.g. `avc1.42C01E`. */
export function codecString(sps: Uint8Array): string {
	const hex = Array.from(sps.subarray(1, 4), (byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
	return `avc1.${hex.join("")}`;
}

/** The decoder's description, an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.3.3.1), four-byte lengths. */
export function avcDescription(
	spsList: readonly Uint8Array[],
	ppsList: readonly Uint8Array[],
	facts: SpsFacts,
): Uint8Array {
	const first = spsList[0]!;
	const out: number[] = [1, first[1]!, first[2]!, first[3]!, 0xfc | 3, 0xe0 | spsList.length];
	const add = (nal: Uint8Array) => out.push(nal.length >> 8, nal.length & 0xff, ...nal);
	for (const sps of spsList) add(sps);
	out.push(ppsList.length);
	for (const pps of ppsList) add(pps);
	if (HIGH_PROFILES.has(facts.profile)) {
		out.push(0xfc | (facts.chromaFormat & 3), 0xf8 | (facts.lumaBits - 8), 0xf8 | (facts.chromaBits - 8), 0);
	}
	return Uint8Array.from(out);
}
