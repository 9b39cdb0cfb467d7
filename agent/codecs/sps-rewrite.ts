import { BitReader, BitWriter, escapeNal, tolerant, unescapeNal } from "./bits.ts";
import type { SpsFacts } from "./sps.ts";

interface SpsSet {
	nal: Uint8Array;
	facts: SpsFacts;
}

/** level_idc, the largest frame and the largest store of frames that it allows, macroblocks (H.264, table A-1). */
const LEVELS = [
	[10, 99, 396],
	[11, 396, 900],
	[12, 396, 2376],
	[21, 792, 4752],
	[22, 1620, 8100],
	[31, 3600, 18_000],
	[32, 5120, 20_480],
	[40, 8192, 32_768],
	[42, 8704, 34_816],
	[50, 22_080, 110_400],
	[51, 36_864, 184_320],
	[60, 139_264, 696_320],
] as const;
const LEVEL_AT = 3;

/**
 * The SPS with the level that its pictures need. A camera that claims less is given a slower decoder, or none
 * (moonlight-web-stream PR#159); one that claims enough keeps its own.
 */
export function withFittingLevel({ nal, facts }: SpsSet): Uint8Array {
	const { frameMbs, maxReferences } = facts;
	const needed = LEVELS.find(([, frame, store]) => frameMbs <= frame && maxReferences * frameMbs <= store)?.[0];
	if (needed === undefined || nal[LEVEL_AT]! >= needed) return nal;
	const raised = nal.slice();
	raised[LEVEL_AT] = needed;
	return raised;
}

/**
 * The SPS with the promise that pictures come in the order in which they are shown, so that a decoder gives each at once
 * (B03): bitstream_restriction with max_num_reorder_frames 0 and max_dec_frame_buffering of what it must keep anyway. Only
 * for streams that were seen to keep that order. Left as it is where it promises that already, or cannot be read.
 */
export function withoutReordering({ nal, facts }: SpsSet): Uint8Array {
	return tolerant(() => rewrite(nal, facts)) ?? nal;
}

function rewrite(nal: Uint8Array, facts: SpsFacts): Uint8Array {
	const body = unescapeNal(nal.subarray(1));
	const reader = new BitReader(body);
	const writer = new BitWriter();
	reader.skip(facts.vuiAt);
	const hasVui = reader.flag();
	if (hasVui) skipVui(reader);
	const until = hasVui ? reader.position : facts.vuiAt;
	const restricted = hasVui && reader.flag();
	copy(body, 0, until, writer);
	if (!hasVui) {
		writer.bits(1, 1);
		// None of the eight things that may stand before.
		writer.bits(0, 8);
	}
	writer.bits(1, 1);
	if (restricted) {
		const begin = reader.position;
		reader.skip(1);
		for (let n = 0; n < 4; n++) reader.ue();
		copy(body, begin, reader.position, writer);
		if (reader.ue() === 0) return nal;
	} else {
		// What counts where nothing is said (H.264, section E.2.1).
		writer.bits(1, 1);
		for (const value of [2, 1, 15, 15]) writer.ue(value);
	}
	writer.ue(0);
	writer.ue(facts.maxReferences);
	// rbsp_stop_one_bit.
	writer.bits(1, 1);
	return Uint8Array.of(nal[0]!, ...escapeNal(writer.bytes()));
}

function copy(from: Uint8Array, begin: number, end: number, to: BitWriter): void {
	const reader = new BitReader(from);
	reader.skip(begin);
	for (let at = begin; at < end; at++) to.bits(reader.bits(1), 1);
}

const EXTENDED_ASPECT = 255;

/** Everything of vui_parameters before bitstream_restriction_flag (H.264, section E.1.1). */
function skipVui(reader: BitReader): void {
	if (reader.flag() && reader.bits(8) === EXTENDED_ASPECT) reader.skip(32);
	if (reader.flag()) reader.skip(1);
	if (reader.flag()) {
		reader.skip(4);
		if (reader.flag()) reader.skip(24);
	}
	if (reader.flag()) {
		reader.ue();
		reader.ue();
	}
	if (reader.flag()) reader.skip(65);
	const nalTiming = reader.flag();
	if (nalTiming) skipHrd(reader);
	const vclTiming = reader.flag();
	if (vclTiming) skipHrd(reader);
	reader.skip(nalTiming || vclTiming ? 2 : 1);
}

function skipHrd(reader: BitReader): void {
	const count = reader.ue() + 1;
	if (count > 32) throw new RangeError("too many buffers");
	reader.skip(8);
	for (let n = 0; n < count; n++) {
		reader.ue();
		reader.ue();
		reader.skip(1);
	}
	reader.skip(20);
}
