import { describe, expect, it } from "vitest";
import { parseSdp } from "../rtsp/sdp.ts";
import { AacDepacketizer } from "./aac.ts";
import { splitAdts } from "./adts.ts";
import { BitReader, BitWriter } from "./bits.ts";
import { LatmDepacketizer, readStreamMux } from "./latm.ts";
import { PlainAudioDepacketizer } from "./plain-audio.ts";
import { audioDepacketizer } from "./sound.ts";
import { latmElement, streamMux } from "./testing/latm.ts";
import { packet } from "./testing/packets.ts";

const media = (encoding: string, format = "", type = 97) =>
	parseSdp(`m=audio 0 RTP/AVP ${type}\na=rtpmap:${type} ${encoding}\na=fmtp:${type} ${format}\n`).media[0]!;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
/** An ADTS frame around these bytes: AAC LC, 16 kHz, mono; `extra` = a checksum's place. */
const adts = (bytes: readonly number[], checksum = false) => {
	const length = bytes.length + (checksum ? 9 : 7);
	const head = [
		0xff,
		checksum ? 0xf0 : 0xf1,
		0x60,
		0x40 | (length >> 11),
		(length >> 3) & 255,
		((length & 7) << 5) | 0x1f,
	];
	return [...head, 0xfc, ...(checksum ? [0xaa, 0xbb] : []), ...bytes];
};

describe("AAC in other clothes", () => {
	const hbr = () => AacDepacketizer.create(media("MPEG4-GENERIC/16000", "mode=AAC-hbr;config=1408"))!;
	const data = (bytes: readonly number[]) =>
		hbr()
			.push(packet(bytes, 100), false)
			.map((unit) => [unit.timestamp, ...unit.data]);
	it("without AU headers, ADTS instead (mpv#5669): one or several frames, with and without checksum", () => {
		expect(data(adts([1, 2, 3]))).toEqual([[100, 1, 2, 3]]);
		expect(data([...adts([1], true), ...adts([2])])).toEqual([
			[100, 1],
			[1124, 2],
		]);
	});
	it("ADTS inside a unit with an AU header: the header is taken off", () => {
		const frame = adts([7, 8]);
		expect(data([0, 16, 0, frame.length << 3, ...frame])).toEqual([[100, 7, 8]]);
	});
	it("what only looks like ADTS is left as it is", () => {
		expect(splitAdts(Uint8Array.from(adts([1, 2])).subarray(0, 8))).toBeUndefined();
		expect(splitAdts(Uint8Array.of(...adts([1, 2]), 9))).toBeUndefined();
		expect(splitAdts(new Uint8Array())).toBeUndefined();
		const unit = [0xff, 0xf1, 1, 2, 3, 4, 5, 6];
		expect(data([0, 16, 0, unit.length << 3, ...unit])).toEqual([[100, ...unit]]);
	});
	it("AAC-lbr: six bits of size and two of index, also where the description leaves them out", () => {
		for (const format of [
			"mode=AAC-lbr;config=1408",
			"mode=AAC-lbr;config=1408;sizelength=6;indexlength=2;indexdeltalength=2",
		]) {
			const aac = AacDepacketizer.create(media("MPEG4-GENERIC/16000", format))!;
			const units = aac.push(packet([0, 16, 2 << 2, 3 << 2, 1, 2, 3, 4, 5]), false);
			expect(units.map((unit) => [...unit.data])).toEqual([
				[1, 2],
				[3, 4, 5],
			]);
		}
	});
	it("with SBR the packets' clock counts twice as many samples a unit", () => {
		const aac = AacDepacketizer.create(media("MPEG4-GENERIC/16000", "config=2d8c0800"))!;
		const units = aac.push(packet([0, 32, 0, 8, 0, 8, 1, 2], 0), false);
		expect(units.map(({ timestamp }) => timestamp)).toEqual([0, 2048]);
	});
});

describe("AAC as MP4A-LATM (RFC 6416)", () => {
	const outOfBand = (config: Uint8Array, rest = "cpresent=0;") =>
		LatmDepacketizer.create(media("MP4A-LATM/16000", `${rest}config=${hex(config)}`));
	const units = (latm: LatmDepacketizer | undefined, ...packets: Parameters<typeof packet>[]) =>
		packets.flatMap((one) => latm!.push(packet(...one), false)).map(({ timestamp, data }) => [timestamp, ...data]);

	it("the set-up in the description, as ffmpeg and GStreamer write it", () => {
		expect(outOfBand(Uint8Array.from(Buffer.from("400023203fc0", "hex")))?.config).toMatchObject({
			codec: "mp4a.40.2",
			sampleRate: 48_000,
			numberOfChannels: 2,
		});
		// GStreamer adds an extension that has no place there, and leaves the end out.
		expect(outOfBand(Uint8Array.from(Buffer.from("40002310adca00", "hex")))?.config).toMatchObject({
			description: Uint8Array.of(0x11, 0x88),
			sampleRate: 48_000,
			numberOfChannels: 1,
		});
		const latm = outOfBand(streamMux());
		expect(latm?.config).toEqual({
			codec: "mp4a.40.2",
			description: Uint8Array.of(0x14, 0x08),
			sampleRate: 16_000,
			numberOfChannels: 1,
		});
		expect(units(latm, [latmElement([[1, 2, 3]]), 50, true])).toEqual([[50, 1, 2, 3]]);
	});
	it("a unit longer than 254 bytes, several in one element, several elements in one packet", () => {
		const long = Array.from({ length: 600 }, (_, n) => n & 255);
		expect(units(outOfBand(streamMux()), [latmElement([long]), 0, true])).toEqual([[0, ...long]]);
		const twice = outOfBand(streamMux({ subFrames: 2 }));
		expect(units(twice, [[...latmElement([[1], [2]]), ...latmElement([[3], [4]])], 0, true])).toEqual([
			[0, 1],
			[1024, 2],
			[2048, 3],
			[3072, 4],
		]);
	});
	it("one element over several packets; a lost one, and a part without an end, cost only that", () => {
		const element = latmElement([Array.from({ length: 300 }, () => 7)]);
		const parts = [0, 100, 200].map((at) => element.slice(at, at + 100).concat(at === 200 ? element.slice(300) : []));
		const latm = outOfBand(streamMux())!;
		expect(units(latm, [parts[0]!, 9], [parts[1]!, 9], [parts[2]!, 9, true])).toEqual([[9, ...Array(300).fill(7)]]);
		latm.push(packet(parts[0]!, 10), false);
		expect(latm.push(packet(parts[2]!, 10, true), true)).toEqual([]);
		expect(units(latm, [parts[0]!, 11, true], [latmElement([[5]]), 12, true])).toEqual([[12, 5]]);
	});
	it("an element that was begun and left is not put together with the next one", () => {
		const begun = latmElement([[1, 1, 1, 1, 1, 1, 1, 1]]).slice(0, 6);
		const latm = outOfBand(streamMux())!;
		expect(units(latm, [begun, 1], [latmElement([[2, 2, 2, 2, 2, 2, 2, 2]]), 2, true])).toEqual([
			[2, 2, 2, 2, 2, 2, 2, 2, 2],
		]);
		latm.push(packet(begun, 3), false);
		expect(latm.push(packet(latmElement([[4, 4]]), 3, true), true)).toEqual([{ timestamp: 3, data: Buffer.of(4, 4) }]);
	});
	it("cpresent=1: the set-up stands in the stream, comes late and may change", () => {
		const latm = LatmDepacketizer.create(media("MP4A-LATM/16000", "cpresent=1"))!;
		expect(latm.config).toBeUndefined();
		expect(units(latm, [latmElement([[1]], { same: true }), 0, true])).toEqual([]);
		expect(
			units(latm, [latmElement([[2]], { mux: {} }), 1, true], [latmElement([[3]], { same: true }), 2, true]),
		).toEqual([
			[1, 2],
			[2, 3],
		]);
		const { config } = latm;
		expect(config).toMatchObject({ sampleRate: 16_000 });
		units(latm, [latmElement([[4]], { mux: {} }), 3, true]);
		expect(latm.config).toBe(config);
		units(latm, [latmElement([[5]], { mux: { rateIndex: 3 } }), 4, true]);
		expect(latm.config).toMatchObject({ sampleRate: 48_000 });
	});
	it("who writes the set-up down means that it is not in the stream", () => {
		expect(units(outOfBand(streamMux(), ""), [latmElement([[1, 2]]), 0, true])).toEqual([[0, 1, 2]]);
	});
	it("S02: empty, broken or foreign set-ups mean no sound, without a crash", () => {
		for (const format of ["cpresent=0;config=", "cpresent=0", "cpresent=0;config=ffffffffffff", "cpresent=0;config=40"])
			expect(LatmDepacketizer.create(media("MP4A-LATM/16000", format)), format).toBeUndefined();
		for (const odd of [{ programs: 2 }, { layers: 2 }, { lengthType: 1 }, { objectType: 1 }])
			expect(readStreamMux(new BitReader(streamMux(odd)))).toBeUndefined();
	});
	it("other data behind the units is passed over", () => {
		const latm = outOfBand(streamMux({ otherBits: 16 }));
		const element = latmElement([[1, 2]], { otherBits: 16 });
		expect(units(latm, [[...element, ...element], 0, true])).toEqual([
			[0, 1, 2],
			[1024, 1, 2],
		]);
	});
});

describe("sound as it is, and sound that nobody can hear", () => {
	it("Opus is 48 kHz and two channels, whatever the description says besides (RFC 7587)", () => {
		const opus = PlainAudioDepacketizer.create(media("opus/48000/2", "sprop-stereo=0"));
		expect(opus?.config).toEqual({ codec: "opus", sampleRate: 48_000, numberOfChannels: 2 });
		expect(opus?.push(packet([0xfc, 1], 960))).toEqual([{ timestamp: 960, data: Uint8Array.of(0xfc, 1) }]);
		expect(opus?.push(packet([]))).toEqual([]);
	});
	it.each([
		["G726-32/8000", "G.726"],
		["AAL2-G726-40/8000", "G.726"],
		["SPEEX/16000", "SPEEX"],
	])("%s is named in words, with what to choose instead", (encoding, name) => {
		const found = audioDepacketizer(media(encoding));
		expect(found).toEqual({
			problem: `The camera sends its sound as ${name}, which browsers do not play. Choose AAC or G.711 in the camera's settings.`,
		});
	});
	it("payload type 2 is G.726 without an rtpmap; AAC without a set-up says so", () => {
		expect(audioDepacketizer(parseSdp("m=audio 0 RTP/AVP 2\n").media[0]!)).toMatchObject({
			problem: expect.stringContaining("G.726"),
		});
		expect(audioDepacketizer(media("MPEG4-GENERIC/16000", "config="))).toEqual({
			problem: "The camera's description of its sound (AAC) cannot be read.",
		});
	});
});

it("bits are read as they were written, wherever they begin", () => {
	const writer = new BitWriter();
	writer.bits(5, 3);
	writer.ue(0);
	writer.ue(41);
	writer.bits(0xabcd, 16);
	const reader = new BitReader(writer.bytes());
	expect([reader.bits(3), reader.ue(), reader.ue()]).toEqual([5, 0, 41]);
	const { position } = reader;
	expect([...reader.bytes(2)]).toEqual([0xab, 0xcd]);
	expect([...reader.since(position)]).toEqual([0xab, 0xcd]);
	expect(() => reader.skip(-1)).toThrow(RangeError);
	expect(() => reader.skip(9)).toThrow(RangeError);
});
