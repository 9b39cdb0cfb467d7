import { BitReader, tolerant, unescapeNal } from "./bits.ts";

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
	separatePlanes: boolean;
	/** Bits of frame_num in a slice header. */
	frameNumBits: number;
	/** pic_order_cnt_type, and the bits of its value where the type is 0. */
	orderType: number;
	orderBits: number;
	framesOnly: boolean;
	/** Size in macroblocks, whole frames, and how many of them a decoder must keep. */
	frameMbs: number;
	maxReferences: number;
	/** Where vui_parameters_present_flag stands, in bits behind the NAL unit's header, without emulation prevention. */
	vuiAt: number;
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
	return tolerant(() => readSps(nal));
}

function readSps(nal: Uint8Array): SpsFacts | undefined {
	const reader = new BitReader(unescapeNal(nal).subarray(1));
	const profile = reader.bits(8);
	reader.bits(16);
	const id = reader.ue();
	let chromaFormat = 1;
	let lumaBits = 8;
	let chromaBits = 8;
	let separatePlanes = false;
	if (HIGH_PROFILES.has(profile)) {
		chromaFormat = reader.ue();
		if (chromaFormat === 3) separatePlanes = reader.flag();
		lumaBits = 8 + reader.ue();
		chromaBits = 8 + reader.ue();
		reader.bits(1);
		if (reader.bits(1)) skipScalingLists(reader, chromaFormat === 3 ? 12 : 8);
	}
	const frameNumBits = reader.ue() + 4;
	const orderType = reader.ue();
	let orderBits = 0;
	if (orderType === 0) orderBits = reader.ue() + 4;
	else if (orderType === 1) {
		reader.bits(1);
		reader.se();
		reader.se();
		const cycle = reader.ue();
		if (cycle > 255) return undefined;
		for (let n = 0; n < cycle; n++) reader.se();
	}
	const maxReferences = reader.ue();
	reader.bits(1);
	const widthMbs = reader.ue() + 1;
	const heightUnits = reader.ue() + 1;
	const framesOnly = reader.flag();
	if (!framesOnly) reader.bits(1);
	reader.bits(1);
	const crop = reader.bits(1) ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
	const vuiAt = reader.position;
	const planes = separatePlanes ? 0 : chromaFormat;
	const cropX = planes === 1 || planes === 2 ? 2 : 1;
	const heightMbs = heightUnits * (framesOnly ? 1 : 2);
	const cropY = (planes === 1 ? 2 : 1) * (framesOnly ? 1 : 2);
	const width = widthMbs * 16 - (crop[0]! + crop[1]!) * cropX;
	const height = heightMbs * 16 - (crop[2]! + crop[3]!) * cropY;
	const frameMbs = widthMbs * heightMbs;
	const sane =
		id < 32 && width > 0 && height > 0 && width <= 16384 && height <= 16384 && lumaBits <= 14 && chromaBits <= 14;
	if (!sane || frameNumBits > 16 || orderBits > 16) return undefined;
	const format = { chromaFormat, lumaBits, chromaBits, separatePlanes };
	const order = { frameNumBits, orderType, orderBits, framesOnly };
	return { id, width, height, profile, ...format, ...order, frameMbs, maxReferences, vuiAt };
}

/** Both ids of a picture parameter set: its own, and the SPS it rests on. */
export function parsePps(nal: Uint8Array): { id: number; spsId: number } | undefined {
	return tolerant(() => {
		const reader = new BitReader(unescapeNal(nal.subarray(1, 16)));
		const id = reader.ue();
		const spsId = reader.ue();
		return id < 256 && spsId < 32 ? { id, spsId } : undefined;
	});
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
