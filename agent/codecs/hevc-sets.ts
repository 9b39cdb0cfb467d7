import { BitReader, tolerant, unescapeNal } from "./bits.ts";

/** What of a sequence parameter set of H.265 matters outside a decoder (H.265, section 7.3.2.2). */
export interface HevcSpsFacts {
	id: number;
	vpsId: number;
	/** Pixels after cropping. */
	width: number;
	height: number;
	/** The twelve bytes of general_profile_space … general_level_idc. */
	general: Uint8Array;
	chromaFormat: number;
	lumaBits: number;
	chromaBits: number;
	temporalLayers: number;
	temporalNesting: boolean;
}

const HEADER_BYTES = 2;
const GENERAL_BYTES = 12;
/** Bits of one sub-layer's profile, and of its level. */
const SUB_PROFILE_BITS = 88;
const SUB_LEVEL_BITS = 8;

/** The id of a VPS NAL unit, header included. */
export const parseVps = (nal: Uint8Array): { id: number } | undefined =>
	nal.length > HEADER_BYTES ? { id: nal[HEADER_BYTES]! >> 4 } : undefined;

/** Reads an SPS NAL unit, header included; undefined when it is none that could be decoded. */
export const parseHevcSps = (nal: Uint8Array): HevcSpsFacts | undefined => tolerant(() => readSps(nal));

/** Both ids of a PPS NAL unit: its own, and the SPS it rests on. */
export const parseHevcPps = (nal: Uint8Array): { id: number; spsId: number } | undefined =>
	tolerant(() => {
		const reader = new BitReader(unescapeNal(nal.subarray(HEADER_BYTES, 16)));
		const id = reader.ue();
		const spsId = reader.ue();
		return id < 64 && spsId < 16 ? { id, spsId } : undefined;
	});

function readSps(nal: Uint8Array): HevcSpsFacts | undefined {
	const bytes = unescapeNal(nal).subarray(HEADER_BYTES);
	const reader = new BitReader(bytes);
	const vpsId = reader.bits(4);
	const temporalLayers = reader.bits(3) + 1;
	const temporalNesting = reader.flag();
	const general = reader.bytes(GENERAL_BYTES);
	skipSubLayers(reader, temporalLayers - 1);
	const id = reader.ue();
	const chromaFormat = reader.ue();
	const separatePlanes = chromaFormat === 3 && reader.flag();
	const codedWidth = reader.ue();
	const codedHeight = reader.ue();
	const crop = reader.flag() ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
	const planes = separatePlanes ? 0 : chromaFormat;
	const width = codedWidth - (crop[0]! + crop[1]!) * (planes === 1 || planes === 2 ? 2 : 1);
	const height = codedHeight - (crop[2]! + crop[3]!) * (planes === 1 ? 2 : 1);
	const lumaBits = 8 + reader.ue();
	const chromaBits = 8 + reader.ue();
	const size = width > 0 && height > 0 && codedWidth <= 16384 && codedHeight <= 16384;
	if (id >= 16 || chromaFormat > 3 || !size || lumaBits > 15 || chromaBits > 15) return undefined;
	const format = { chromaFormat, lumaBits, chromaBits, temporalLayers, temporalNesting };
	return { id, vpsId, width, height, general: fitLevel(general, codedWidth * codedHeight), ...format };
}

function skipSubLayers(reader: BitReader, count: number): void {
	if (count === 0) return;
	const present = Array.from({ length: 8 }, () => [reader.flag(), reader.flag()] as const);
	for (const [profile, level] of present.slice(0, count)) {
		reader.skip((profile ? SUB_PROFILE_BITS : 0) + (level ? SUB_LEVEL_BITS : 0));
	}
}

/** general_level_idc, and the largest luma picture it allows (H.265, table A.8). */
const LEVELS = [
	[30, 36_864],
	[60, 122_880],
	[63, 245_760],
	[90, 552_960],
	[93, 983_040],
	[120, 2_228_224],
	[150, 8_912_896],
	[180, 35_651_584],
] as const;
const LEVEL_AT = GENERAL_BYTES - 1;

/** A camera that claims less than its pictures need would be given a slower decoder, or none (moonlight-web-stream PR#159). */
function fitLevel(general: Uint8Array, luma: number): Uint8Array {
	const needed = LEVELS.find(([, most]) => luma <= most)?.[0] ?? 186;
	if (general[LEVEL_AT]! >= needed) return general;
	const raised = general.slice();
	raised[LEVEL_AT] = needed;
	return raised;
}

/** Codec string of RFC 6381 by ISO/IEC 14496-15, annex E: e.g. `hvc1.1.6.L93.B0`. */
export function hevcCodecString({ general }: HevcSpsFacts): string {
	const view = new DataView(general.buffer, general.byteOffset, general.byteLength);
	const first = general[0]!;
	const space = ["", "A", "B", "C"][first >> 6]!;
	// The compatibility flags are written from the last to the first.
	let flags = view.getUint32(1);
	let reversed = 0;
	for (let n = 0; n < 32; n++) {
		reversed = reversed * 2 + (flags % 2);
		flags = Math.floor(flags / 2);
	}
	const constraints = [...general.subarray(5, LEVEL_AT)];
	while (constraints.at(-1) === 0) constraints.pop();
	const hex = (value: number) => value.toString(16).toUpperCase();
	const tier = first & 0x20 ? "H" : "L";
	return [`hvc1.${space}${first & 0x1f}`, hex(reversed), `${tier}${general[LEVEL_AT]}`, ...constraints.map(hex)].join(
		".",
	);
}

const ARRAYS = [32, 33, 34] as const;

/** The decoder's description, an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 8.3.3.1), four-byte lengths. */
export function hevcDescription(
	sets: Record<"vps" | "sps" | "pps", readonly Uint8Array[]>,
	facts: HevcSpsFacts,
): Uint8Array {
	const { general, chromaFormat, lumaBits, chromaBits, temporalLayers, temporalNesting } = facts;
	// Unknown: the least spatial segmentation, the kind of parallelism, the frame rate.
	const out: number[] = [1, ...general, 0xf0, 0, 0xfc];
	out.push(0xfc | chromaFormat, 0xf8 | (lumaBits - 8), 0xf8 | (chromaBits - 8), 0, 0);
	out.push((temporalLayers << 3) | (temporalNesting ? 4 : 0) | 3, ARRAYS.length);
	for (const [index, nals] of [sets.vps, sets.sps, sets.pps].entries()) {
		// Complete: none of these stands in the units themselves.
		out.push(0x80 | ARRAYS[index]!, nals.length >> 8, nals.length & 0xff);
		for (const nal of nals) out.push(nal.length >> 8, nal.length & 0xff, ...nal);
	}
	return Uint8Array.from(out);
}
