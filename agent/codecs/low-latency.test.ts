import { describe, expect, it } from "vitest";
import { BitReader, BitWriter, escapeNal, unescapeNal } from "./bits.ts";
import { H264Depacketizer } from "./h264.ts";
import { parseSps } from "./sps.ts";
import { withFittingLevel, withoutReordering } from "./sps-rewrite.ts";
import { PPS, packet, SPS, SPS_HD, stap } from "./testing/packets.ts";

interface Options {
	level?: number;
	orderType?: number;
	references?: number;
	/** Size in macroblocks. */
	size?: [number, number];
	/** Writes what follows vui_parameters_present_flag = 1. */
	vui?: (writer: BitWriter) => void;
}
/** A Main profile SPS: 1280x720, frame numbers of 4 bits, picture order of 8. */
function spsOf({ level = 51, orderType = 0, references = 4, size = [80, 45], vui }: Options = {}): Uint8Array {
	const writer = new BitWriter();
	for (const byte of [77, 0, level]) writer.bits(byte, 8);
	for (const value of [0, 0, orderType]) writer.ue(value);
	if (orderType === 0) writer.ue(4);
	// Three values of 0 behind a flag: single ones.
	if (orderType === 1) writer.bits(0b0111, 4);
	writer.ue(references);
	writer.bits(0, 1);
	for (const value of size) writer.ue(value - 1);
	// Frames only, direct 8x8 inference, no cropping.
	writer.bits(0b110, 3);
	writer.bits(vui ? 1 : 0, 1);
	vui?.(writer);
	writer.bits(1, 1);
	return Uint8Array.of(0x67, ...escapeNal(writer.bytes()));
}
/** A slice: first macroblock 0, its type, PPS 0, a frame number, and its place in the order. */
function sliceOf(place: number, { idr = false, type = 5, ordered = true } = {}): Uint8Array {
	const writer = new BitWriter();
	for (const value of [0, type, 0]) writer.ue(value);
	writer.bits(0, 4);
	if (idr) writer.ue(0);
	if (ordered) writer.bits(place & 255, 8);
	writer.bits(0b1_0000001, 8);
	return Uint8Array.of(idr ? 0x65 : 0x41, ...escapeNal(writer.bytes()));
}
/** What of the bitstream restriction an SPS says: reordered frames and kept frames; undefined without one. */
function restriction(nal: Uint8Array): [reorder: number, buffering: number] | undefined {
	const reader = new BitReader(unescapeNal(nal.subarray(1)));
	reader.skip(parseSps(nal)!.vuiAt);
	// The SPS of these tests have nothing else in their VUI, or the timing alone.
	if (!reader.flag()) return undefined;
	reader.skip(4);
	if (reader.flag()) reader.skip(65);
	reader.skip(3);
	if (!reader.flag()) return undefined;
	reader.skip(1);
	for (let n = 0; n < 4; n++) reader.ue();
	return [reader.ue(), reader.ue()];
}
const timing = (writer: BitWriter) => {
	writer.bits(0, 4);
	writer.bits(1, 1);
	writer.bits(1, 32);
	writer.bits(30, 32);
	writer.bits(1, 1);
	writer.bits(0, 3);
};
const restricted = (reorder: number) => (writer: BitWriter) => {
	timing(writer);
	writer.bits(0b11, 2);
	for (const value of [0, 0, 11, 11, reorder, 4]) writer.ue(value);
};
const set = (nal: Uint8Array) => ({ nal, facts: parseSps(nal)! });

describe("B03: the SPS promises that no picture waits for another", () => {
	it.each<[string, Options]>([
		["without VUI", {}],
		[
			"with timing, without restriction",
			{
				vui: (writer) => {
					timing(writer);
					writer.bits(0, 1);
				},
			},
		],
		["with a restriction that allows reordering", { vui: restricted(2) }],
	])("%s: none is reordered, and only references are kept", (_name, options) => {
		const before = spsOf(options);
		const after = withoutReordering(set(before));
		expect(restriction(after)).toEqual([0, 4]);
		expect(parseSps(after)).toEqual(parseSps(before));
		expect(withoutReordering(set(after))).toBe(after);
	});
	it("one that promises it already is left as it is, and one that cannot be read as well", () => {
		const promised = spsOf({ vui: restricted(0) });
		expect(withoutReordering(set(promised))).toBe(promised);
		const cut = spsOf({ vui: timing }).subarray(0, -6);
		expect(withoutReordering(set(cut))).toBe(cut);
		for (const nal of [SPS, SPS_HD]) expect(parseSps(withoutReordering(set(nal)))).toEqual(parseSps(nal));
	});

	/** Plays GOPs of so many pictures in these places, and gives the restriction of each set-up. */
	function play(places: number[], options: Options & { type?: number } = {}, gops = 4) {
		const depacketizer = new H264Depacketizer();
		const ordered = (options.orderType ?? 0) === 0;
		const pictures = Array.from({ length: gops }, () => places).flat();
		const units = [
			packet(stap(spsOf(options), PPS)),
			...pictures.map((place, n) => picture(place, n)),
			packet([9, 0xf0]),
		];
		function picture(place: number, n: number) {
			const idr = n % places.length === 0;
			return packet(
				sliceOf(place, { idr, ordered, ...(!idr && options.type !== undefined && { type: options.type }) }),
				n,
			);
		}
		return units
			.flatMap((one) => depacketizer.push(one, false, 0))
			.flatMap(({ config }) => (config ? [restriction(spsIn(config.description!)) ?? "none"] : []));
	}
	const spsIn = (description: Uint8Array) => description.subarray(8, 8 + ((description[6]! << 8) | description[7]!));
	const inOrder = (count: number) => Array.from({ length: count }, (_, n) => n * 2);

	it("the camera's own at first; rewritten at a key picture once no reordering was seen for a while", () => {
		expect(play(inOrder(20))).toEqual(["none", [0, 4]]);
		expect(play(inOrder(200))).toEqual(["none", [0, 4]]);
		expect(play(inOrder(20), {}, 2)).toEqual(["none"]);
		expect(play(inOrder(20), { orderType: 2 })).toEqual(["none", [0, 4]]);
	});
	it("the order's values wrap in a long GOP", () => expect(play(inOrder(400), {}, 2)).toEqual(["none", [0, 4]]));
	it("a camera with real B-frames keeps its order and its SPS (retina#61)", () => {
		const reordered = [0, ...inOrder(36).map((n) => (n % 4 === 0 ? n + 4 : n))];
		expect(play(reordered)).toEqual(["none"]);
		// Slices that are predicted from two pictures are enough to be careful.
		expect(play(inOrder(50), { type: 6 })).toEqual(["none"]);
	});
	it("an order that is told in another way is not judged", () =>
		expect(play(inOrder(50), { orderType: 1 })).toEqual(["none"]));
	it("who begins to reorder later gets the own SPS back at the next key picture", () => {
		const depacketizer = new H264Depacketizer();
		const units = (...nals: Uint8Array[]) => nals.flatMap((nal, n) => depacketizer.push(packet(nal, n), false, 0));
		const gop = (places: number[]) => places.map((place, n) => sliceOf(place, { idr: n === 0 }));
		const out = [
			...units(spsOf(), PPS, ...gop(inOrder(40)), ...gop([0, 6, 2, 4]), ...gop([0, 2]), Uint8Array.of(9, 0xf0)),
		];
		expect(out.flatMap(({ config }) => (config ? [restriction(spsIn(config.description!)) ?? "none"] : []))).toEqual([
			"none",
			[0, 4],
			"none",
		]);
	});
});

describe("a declared level too low for the pictures (moonlight-web-stream PR#159)", () => {
	const raised = (options: Options) => withFittingLevel(set(spsOf(options)))[3];
	it("is raised to what frame size and references need; a sufficient one stays", () => {
		expect(raised({ level: 10 })).toBe(31);
		expect(raised({ level: 31 })).toBe(31);
		expect(raised({ level: 10, references: 5 })).toBe(31);
		expect(raised({ level: 31, references: 6 })).toBe(40);
		expect(raised({ level: 51 })).toBe(51);
		expect(raised({ level: 30, size: [120, 68] })).toBe(40);
		expect(raised({ level: 30, size: [240, 135] })).toBe(51);
	});
	it("in the codec string and the description as well", () => {
		const depacketizer = new H264Depacketizer([spsOf({ level: 10 }), PPS]);
		const [unit] = [sliceOf(0, { idr: true }), Uint8Array.of(9, 0xf0)].flatMap((nal) =>
			depacketizer.push(packet(nal), false, 0),
		);
		expect(unit?.config?.codec).toBe("avc1.4D001F");
		expect([...unit!.config!.description!.subarray(1, 4)]).toEqual([0x4d, 0, 31]);
	});
});
