import { describe, expect, it } from "vitest";
import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { chooseMedia, parameterSets, parseSdp } from "../rtsp/sdp.ts";
import { H265Depacketizer } from "./h265.ts";
import { hevcCodecString, parseHevcPps, parseHevcSps, parseVps } from "./hevc-sets.ts";
import { aggregate, HEVC_PPS, HEVC_SPS, hevcFragments, hevcSlice, Slice, VPS } from "./testing/hevc.ts";
import { annexB, packet, playPackets } from "./testing/packets.ts";
import type { VideoUnit } from "./video.ts";

const SETS = [VPS, HEVC_SPS, HEVC_PPS];
/** Access unit delimiter, prefix SEI and suffix SEI, the last byte tells them apart. */
const AUD = Uint8Array.of(35 << 1, 1, 0x50);
const sei = (type: 39 | 40, id: number) => Uint8Array.of(type << 1, 1, 5, 1, 0x80 | id);
const END_OF_SEQUENCE = Uint8Array.of(36 << 1, 1);

const show = ({ data, timestamp, key }: VideoUnit) => {
	const bytes = Buffer.from(data);
	const ids: number[] = [];
	for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at))
		ids.push(bytes[at + 3 + bytes.readUInt32BE(at)]! & 0x7f);
	return `${key ? "K" : ""}${ids.join("+")}@${timestamp}`;
};
/** Plays packets; `"lost"` stands for a gap. A last delimiter lets the last picture out. */
function play(packets: (RtpPacket | "lost")[], depacketizer = new H265Depacketizer(SETS)) {
	return playPackets([...packets, packet(AUD)], depacketizer);
}
const shown = (...nals: (readonly [nal: Uint8Array, timestamp: number] | "lost")[]) =>
	play(nals.map((item) => (item === "lost" ? item : packet(...item)))).map(show);
const idr = (id: number, first = true) => hevcSlice(Slice.idr, id, first);
const trail = (id: number, first = true) => hevcSlice(Slice.trail, id, first);
const fragmented = (nal: Uint8Array, size: number, timestamp: number) =>
	hevcFragments(nal, size).map((payload, n, { length }) => packet(payload, timestamp, n === length - 1));

describe("H.265 parameter sets", () => {
	it("give size, ids and the codec string of ISO/IEC 14496-15, annex E", () => {
		const sps = parseHevcSps(HEVC_SPS)!;
		expect(sps).toMatchObject({ id: 0, vpsId: 0, width: 320, height: 240, chromaFormat: 1, lumaBits: 8 });
		expect([parseVps(VPS), parseHevcPps(HEVC_PPS)]).toEqual([{ id: 0 }, { id: 0, spsId: 0 }]);
		expect(hevcCodecString(sps)).toBe("hvc1.1.6.L60.90");
		expect(hevcCodecString({ ...sps, general: Uint8Array.from(Buffer.from("62600000009000000000ff7b", "hex")) })).toBe(
			"hvc1.A2.6.H123.90.0.0.0.0.FF",
		);
	});
	it("become an hvcC with all three, that says which bytes each has", () => {
		const [unit] = play([packet(idr(1))]);
		const array = (type: number, nal: Uint8Array) => [0x80 | type, 0, 1, 0, nal.length, ...nal];
		expect([...unit!.config!.description!]).toEqual([
			...[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 60],
			...[0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3],
			...array(32, VPS),
			...array(33, HEVC_SPS),
			...array(34, HEVC_PPS),
		]);
		expect(unit?.config).toMatchObject({ codec: "hvc1.1.6.L60.90", width: 320, height: 240 });
	});
	it("a level too low for the pictures is raised, a sufficient one is left", () => {
		const low = Uint8Array.from(HEVC_SPS);
		// general_level_idc, behind two emulation prevention bytes.
		expect(low[17]).toBe(0x3c);
		low[17] = 30;
		expect(hevcCodecString(parseHevcSps(low)!)).toBe("hvc1.1.6.L60.90");
		low[17] = 93;
		expect(hevcCodecString(parseHevcSps(low)!)).toBe("hvc1.1.6.L93.90");
	});
	it("never throw, cut short or of other bytes", () => {
		for (let n = 0; n < HEVC_SPS.length; n++) parseHevcSps(HEVC_SPS.subarray(0, n));
		for (let n = 2; n < HEVC_SPS.length; n++) parseHevcSps(HEVC_SPS.map((byte, at) => (at === n ? ~byte : byte)));
	});
});

describe("H.265 pictures", () => {
	it("S03: nothing goes out before VPS, SPS, PPS and an IRAP picture came, and the stream's own sets win", () => {
		const late = [trail(1), idr(2), VPS, HEVC_SPS, idr(3), HEVC_PPS, idr(4), trail(5)];
		const units = play(
			late.map((nal, n) => packet(nal, n)),
			new H265Depacketizer(),
		);
		expect(units.map(show)).toEqual(["K4@6", "5@7"]);
		expect(units.map(({ config }) => config !== undefined)).toEqual([true, false]);
	});
	it("single, aggregated and fragmented units give the same picture", () => {
		const long = Buffer.concat([idr(1).subarray(0, 4), Buffer.alloc(60, 0x99), Buffer.of(0x81)]);
		const single = play([packet(sei(39, 9)), packet(long, 5, true)]);
		expect(single.map(show)).toEqual(["K9+1@5"]);
		expect(play([packet(aggregate(sei(39, 9), long), 5, true)])[0]?.data).toEqual(single[0]?.data);
		for (const size of [1, 7, 30, 61, 62, 500])
			expect(play([packet(sei(39, 9)), ...fragmented(long, size, 5)])[0]?.data).toEqual(single[0]?.data);
	});
	it("P01: a whole byte stream inside one unit, fragmented anywhere", () => {
		const whole = annexB(VPS, HEVC_SPS, HEVC_PPS, idr(1), idr(2, false));
		for (const size of [1, 2, 3, VPS.length - 2, VPS.length - 1, VPS.length, VPS.length + 1, 500])
			expect(play(fragmented(whole, size, 7), new H265Depacketizer()).map(show)).toEqual(["K1+2@7"]);
		expect(play([packet(whole, 7, true)], new H265Depacketizer()).map(show)).toEqual(["K1+2@7"]);
	});
	it("P02: pictures are cut by first_slice_segment_in_pic_flag and leading units, marker and timestamp never set", () => {
		expect(
			shown([idr(1), 0], [idr(1, false), 0], [trail(2), 0], [trail(2, false), 0], [AUD, 0], [trail(3), 0]),
		).toEqual(["K1+1@0", "2+2@0", "3@0"]);
		expect(shown([sei(39, 8), 0], [idr(1), 1], [sei(40, 9), 1], [sei(39, 10), 1], [trail(2), 2])).toEqual([
			"K8+1+9@1",
			"10+2@2",
		]);
	});
	it("a truthful marker is believed after a while, also behind a suffix SEI", () => {
		const depacketizer = new H265Depacketizer(SETS);
		const counts = Array.from({ length: 6 }, (_, n) => {
			depacketizer.push(packet(n ? trail(n) : idr(0), n), false, 0);
			return depacketizer.push(packet(sei(40, 9), n, true), false, 0).length;
		});
		expect(counts.slice(-2)).toEqual([1, 1]);
	});
	it("units of another layer are left out, and end no picture", () => {
		const other = Uint8Array.from(trail(5));
		other[1] = 0x09;
		expect(shown([idr(1), 0], [other, 0], [idr(1, false), 0], [trail(2), 1])).toEqual(["K1+1@0", "2@1"]);
	});
});

describe("H.265 key pictures", () => {
	const cra = (id: number) => hevcSlice(Slice.cra, id);
	const raslR = (id: number) => hevcSlice(Slice.raslR, id);
	const raslN = (id: number) => hevcSlice(Slice.raslN, id);
	it("a CRA picture is one; what leads it into the past is left out where decoding starts there, and only there", () => {
		expect(shown([cra(1), 1], [raslR(2), 2], [raslN(3), 3], [trail(4), 4], [cra(5), 5], [raslR(6), 6])).toEqual([
			"K1@1",
			"4@4",
			"K5@5",
			"6@6",
		]);
		expect(shown([idr(0), 0], [cra(1), 1], [raslR(2), 2], "lost", [cra(5), 5], [raslN(6), 6], [trail(7), 7])).toEqual([
			"K0@0",
			"K1@1",
			"K5@5",
			"7@7",
		]);
	});
	it("the same after a BLA picture, and after the end of a sequence", () => {
		expect(shown([idr(0), 0], [hevcSlice(Slice.bla, 1), 1], [raslR(2), 2], [trail(3), 3])).toEqual([
			"K0@0",
			"K1@1",
			"3@3",
		]);
		expect(shown([idr(0), 0], [END_OF_SEQUENCE, 0], [cra(1), 1], [raslR(2), 2], [trail(3), 3])).toEqual([
			"K0+1@0",
			"K1@1",
			"3@3",
		]);
	});
	it("after a loss nothing goes out until the next one; a lost fragment costs its own picture", () => {
		expect(shown([idr(1), 1], "lost", [trail(2), 2], [trail(3), 3], [idr(4), 4], [trail(5), 5])).toEqual([
			"K4@4",
			"5@5",
		]);
		const long = Buffer.concat([trail(2).subarray(0, 4), Buffer.alloc(60, 0x99), Buffer.of(0x82)]);
		const cut = fragmented(long, 20, 2).flatMap<RtpPacket | "lost">((part, n) => (n === 1 ? "lost" : part));
		expect(play([packet(idr(1), 1), ...cut, packet(trail(3), 3), packet(idr(4), 4)]).map(show)).toEqual([
			"K1@1",
			"K4@4",
		]);
	});
	it("a picture holds its limit and not a byte more", () => {
		const filled = (bytes: number) => {
			const nal = new Uint8Array(bytes).fill(0x99);
			nal.set(idr(1));
			return nal;
		};
		expect(play([packet(filled(MAX_PICTURE_BYTES - 4))])).toHaveLength(1);
		expect(play([packet(filled(MAX_PICTURE_BYTES - 3))])).toHaveLength(0);
		expect(play([...fragmented(filled(MAX_PICTURE_BYTES + 2), 60_000, 1), packet(idr(2))])).toHaveLength(1);
	});
});

describe("H.265 in the description", () => {
	const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
	const media = (format: string, name = "H265") =>
		`m=video 0 RTP/AVP 98\na=rtpmap:98 ${name}/90000\na=fmtp:98 ${format}\n`;
	it("its sets are read out of band; broken ones are left out", () => {
		const format = `sprop-vps=${base64(VPS)};sprop-sps=${base64(HEVC_SPS)};sprop-pps=,${base64(HEVC_PPS)}`;
		const sets = parameterSets(parseSdp(media(format)).media[0]!);
		expect(sets).toEqual(SETS);
		expect(play([packet(idr(1))], new H265Depacketizer(sets))).toHaveLength(1);
		expect(play([packet(idr(1))], new H265Depacketizer([Uint8Array.of(1), Uint8Array.of(0x40, 1)]))).toEqual([]);
	});
	it("H.264 is preferred, whichever stands first; H.265 is taken where there is no other, under either name", () => {
		const h264 = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n";
		const chosen = (text: string) => {
			const choice = chooseMedia(parseSdp(text));
			return choice.ok ? choice.video.encoding : choice.problem;
		};
		expect([chosen(media("") + h264), chosen(h264 + media(""))]).toEqual(["H264", "H264"]);
		expect([chosen(media("")), chosen(media("", "hevc"))]).toEqual(["H265", "H265"]);
	});
	it("DONL fields (sprop-max-don-diff above 0) are refused in words, unless there is another picture", () => {
		const mixed = media("sprop-max-don-diff=1");
		expect(chooseMedia(parseSdp(mixed))).toMatchObject({
			ok: false,
			problem: expect.stringContaining("mixed-up order"),
		});
		expect(chooseMedia(parseSdp(media("sprop-max-don-diff=0"))).ok).toBe(true);
		expect(chooseMedia(parseSdp(`${mixed}m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n`))).toMatchObject({
			video: { encoding: "H264" },
		});
	});
});
