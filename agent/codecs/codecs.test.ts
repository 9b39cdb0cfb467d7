import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { parseSdp } from "../rtsp/sdp.ts";
import { AacDepacketizer } from "./aac.ts";
import { parseAudioConfig } from "./aac-config.ts";
import { H264Depacketizer } from "./h264.ts";
import { PlainAudioDepacketizer } from "./plain-audio.ts";
import { codecString, parsePps, parseSps } from "./sps.ts";
import {
	annexB,
	fragments,
	idr,
	PPS,
	PPS_HD,
	packet,
	playPackets,
	SPS,
	SPS_HD,
	slice,
	stap,
} from "./testing/packets.ts";
import type { VideoUnit } from "./video.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
/** Fragmented into pieces of `size` bytes, as packets. */
const fragmented = (nal: Uint8Array, size: number, timestamp: number) =>
	fragments(nal, size).map((payload, n, { length }) => packet(payload, timestamp, n === length - 1));
/** Each picture as its NAL units' last bytes with the timestamp and `K` for key. */
const show = ({ data, timestamp, key }: VideoUnit) => {
	const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
	const ids: number[] = [];
	for (let at = 0; at < data.length; at += 4 + view.getUint32(at)) ids.push(data[at + 3 + view.getUint32(at)]! & 0x7f);
	return `${key ? "K" : ""}${ids.join("+")}@${timestamp}`;
};
/** Plays packets; `"lost"` stands for a gap. A last delimiter lets the last picture out. */
function play(packets: (RtpPacket | "lost")[], depacketizer = new H264Depacketizer()) {
	return playPackets([...packets, packet([9, 0xf0])], depacketizer);
}
const shown = (packets: (RtpPacket | "lost")[], depacketizer?: H264Depacketizer) =>
	play(packets, depacketizer).map(show);
const head = [packet(stap(SPS, PPS))];

describe("parameter sets", () => {
	it("give size, codec string and ids", () => {
		expect(parseSps(SPS)).toMatchObject({ id: 0, width: 64, height: 48 });
		expect(parseSps(SPS_HD)).toMatchObject({ id: 0, width: 1920, height: 1080, chromaFormat: 1, lumaBits: 8 });
		expect(parsePps(PPS)).toEqual({ id: 0, spsId: 0 });
		expect([codecString(SPS), codecString(SPS_HD)]).toEqual(["avc1.42C00A", "avc1.640028"]);
	});
	it("never throw, cut short or random", () => {
		for (let n = 0; n < SPS_HD.length; n++) parseSps(SPS_HD.subarray(0, n));
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
				parseSps(Uint8Array.of(0x67, ...bytes));
				parsePps(Uint8Array.of(0x68, ...bytes));
				parseAudioConfig(bytes);
			}),
		);
	});
	it("become an avcC with both sets, and High's extra fields", () => {
		const [unit] = play([packet(stap(SPS, PPS)), packet(idr(1))]);
		expect(unit?.config).toEqual({
			codec: "avc1.42C00A",
			description: Uint8Array.of(1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, SPS.length, ...SPS, 1, 0, PPS.length, ...PPS),
			width: 64,
			height: 48,
		});
		const [high] = play([packet(stap(SPS_HD, PPS_HD)), packet(idr(1))]);
		expect([...high!.config!.description!.subarray(-4)]).toEqual([0xfd, 0xf8, 0xf8, 0]);
	});
	it("are told again only when they change", () => {
		const repeat = [packet(stap(SPS, PPS)), packet(idr(1))];
		const units = play([...repeat, ...repeat, packet(stap(SPS_HD, PPS_HD)), packet(idr(2))]);
		expect(units.map(({ config }) => config?.codec)).toEqual(["avc1.42C00A", undefined, "avc1.640028"]);
	});
});

describe("S03: parameter sets that come late or contradict", () => {
	it("nothing goes out before SPS, PPS and an IDR picture came", () => {
		const late = [slice(1), idr(2), slice(3)].map((nal, n) => packet(nal, n));
		expect(
			shown([...late, packet(SPS, 5), packet(idr(4), 5), packet(PPS, 6), packet(idr(5), 6), packet(slice(6), 7)]),
		).toEqual(["K5@6", "6@7"]);
	});
	it("sets of the description are enough, and the stream's own win over them", () => {
		const depacketizer = new H264Depacketizer([SPS, PPS]);
		const units = play([packet(idr(1), 1), packet(stap(SPS_HD, PPS_HD), 2), packet(idr(2), 2)], depacketizer);
		expect(units.map(({ config }) => config?.width)).toEqual([64, 1920]);
	});
	it("an SPS without a PPS in the description waits for the PPS", () => {
		expect(shown([packet(idr(1)), packet(PPS), packet(idr(2))], new H264Depacketizer([SPS]))).toEqual(["K2@0"]);
	});
});

describe("P01: a whole Annex B key frame inside one unit", () => {
	// With an empty piece, a start code of three bytes, and zeros at the end.
	const whole = Buffer.concat([annexB(SPS, PPS, idr(1)), hex("000001000001"), idr(2, false), hex("0000")]);
	it.each([1, 2, 3, 5, 7, 11, 24, 26, 27, 500])("fragments of %i bytes", (size) => {
		expect(shown([...fragmented(whole, size, 7), packet(slice(3), 8, true)])).toEqual(["K1+2@7", "3@8"]);
	});
	it("in a single packet", () => expect(shown([packet(whole, 7, true)])).toEqual(["K1+2@7"]));
});

describe("P02: marker and timestamp are only hints", () => {
	it("parameter sets with the previous picture's timestamp belong to the next picture, and take its own", () => {
		const packets = [packet(SPS, 0, true), packet(PPS, 0), packet(idr(1), 10, true), packet(slice(2), 20, true)];
		packets.push(packet(SPS, 20), packet(PPS, 20), packet(idr(3), 30, true), packet(slice(4), 40, true));
		expect(shown(packets)).toEqual(["K1@10", "2@20", "K3@30", "4@40"]);
	});
	it("the marker may never be set", () => {
		expect(shown([...head, packet(idr(1), 1), packet(slice(2), 2), packet(slice(3), 3)])).toEqual([
			"K1@1",
			"2@2",
			"3@3",
		]);
	});
	it("the marker may be set on every slice of a picture", () => {
		const pictures = Array.from({ length: 8 }, (_, n) =>
			[0, 1, 2, 3].map((part) => packet(slice(n, { idr: n === 0, first: part === 0 }), n, true)),
		);
		expect(shown([...head, ...pictures.flat()])).toEqual(
			Array.from({ length: 8 }, (_, n) => `${n ? "" : "K"}${n}+${n}+${n}+${n}@${n}`),
		);
	});
	it("SPS and PPS may come again before P slices; SEI goes with the picture after it", () => {
		const sei = Uint8Array.of(6, 5, 1, 0x80 | 50);
		expect(shown([...head, packet(idr(1), 1), packet(stap(SPS, PPS, sei), 2), packet(slice(2), 2)])).toEqual([
			"K1@1",
			"50+2@2",
		]);
	});
	it("a truthful marker is believed after a while: the picture goes out with its last packet", () => {
		const depacketizer = new H264Depacketizer([SPS, PPS]);
		const counts = Array.from(
			{ length: 6 },
			(_, n) => depacketizer.push(packet(n ? slice(n) : idr(0), n, true), false, 0).length,
		);
		expect(counts).toEqual([0, 1, 1, 2, 1, 1]);
		// A picture that was held back tells when it came, not when it was let go.
		const other = new H264Depacketizer([SPS, PPS]);
		other.push(packet(idr(1), 1, true), false, 100);
		expect(other.push(packet(slice(2), 2, true), false, 140).map(({ arrivedMs }) => arrivedMs)).toEqual([100]);
		// A lost marker costs at most one picture of delay.
		expect(depacketizer.push(packet(slice(7), 7), false, 0)).toEqual([]);
		expect(depacketizer.push(packet(slice(8), 8, true), false, 0).map(show)).toEqual(["7@7", "8@8"]);
	});
	it("a marker that begins to lie is never believed again, and the part that went out damages nothing after the next IDR", () => {
		const depacketizer = new H264Depacketizer([SPS, PPS]);
		const good = Array.from({ length: 6 }, (_, n) => packet(n ? slice(n) : idr(0), n, true));
		const lying = [packet(slice(7), 7, true), packet(slice(7, { first: false }), 7, true), packet(slice(8), 8, true)];
		const after = [idr(9), idr(9, false), slice(10), slice(10, { first: false })].map((nal, n) =>
			packet(nal, 9 + (n >> 1), true),
		);
		expect(shown([...good, ...lying, ...after], depacketizer).slice(6)).toEqual(["7@7", "K9+9@9", "10+10@10"]);
	});
});

describe("damage", () => {
	const long = Uint8Array.of(...idr(1).subarray(0, 3), ...new Uint8Array(50).fill(0x99), 0x81);
	const p = (id: number) => packet(slice(id), id, true);
	it("after a loss nothing goes out until the next IDR picture", () => {
		expect(shown([...head, packet(idr(1), 1, true), p(2), "lost", p(3), p(4), packet(idr(5), 5, true), p(6)])).toEqual([
			"K1@1",
			"2@2",
			"K5@5",
			"6@6",
		]);
	});
	it("a loss right before an IDR picture does not cost that picture", () => {
		expect(shown([...head, packet(idr(1), 1, true), "lost", packet(idr(5), 5, true)])).toEqual(["K1@1", "K5@5"]);
	});
	it.each([0, 1, 2])(
		"a fragment lost at place %i costs its picture, and heals with the next IDR (gortsplib#503)",
		(place) => {
			const parts = fragmented(long, 20, 1);
			const cut = parts.flatMap<RtpPacket | "lost">((part, n) => (n === place ? "lost" : part));
			expect(shown([...head, ...cut, p(2), packet(idr(5), 5, true), p(6)])).toEqual(["K5@5", "6@6"]);
		},
	);
	it("a fragmented unit whose end never came is damage, although no packet is missing", () => {
		const begun = fragmented(long, 20, 2).slice(0, 2);
		expect(shown([...head, packet(idr(1), 1), ...begun, p(3), packet(idr(5), 5, true), p(6)])).toEqual([
			"K1@1",
			"K5@5",
			"6@6",
		]);
	});
	it("a slice lost in the middle costs the picture", () => {
		expect(
			shown([...head, packet(idr(1), 1), "lost", packet(idr(1, false), 1, true), p(2), packet(idr(3), 3)]),
		).toEqual(["K3@3"]);
	});
	it("the first slice lost costs the picture", () => {
		expect(shown([...head, "lost", packet(idr(1, false), 1, true), p(2), packet(idr(3), 3)])).toEqual(["K3@3"]);
	});
	it("a picture holds its limit and not a byte more", () => {
		const filled = (bytes: number) => {
			const nal = new Uint8Array(bytes).fill(0x99);
			nal.set(idr(1));
			return nal;
		};
		expect(play([...head, packet(filled(MAX_PICTURE_BYTES - 4))])).toHaveLength(1);
		expect(play([...head, packet(filled(MAX_PICTURE_BYTES - 3))])).toHaveLength(0);
		expect(play([...head, ...fragmented(filled(MAX_PICTURE_BYTES + 2), 60_000, 1), packet(idr(2))])).toHaveLength(1);
	});
	it("random packets never throw, and never give a picture without a set-up before it", () => {
		const payload = fc.oneof(
			fc.uint8Array({ maxLength: 40 }),
			fc.constantFrom(
				SPS,
				PPS,
				idr(1),
				slice(2),
				idr(3, false),
				Uint8Array.of(0x7c, 0x85),
				Uint8Array.of(0x7c, 0x45, 1),
			),
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(payload, fc.boolean(), fc.boolean(), fc.nat(3)), { maxLength: 40 }), (list) => {
				const depacketizer = new H264Depacketizer();
				const units = list.flatMap(([bytes, marker, lost, at]) =>
					depacketizer.push(packet(bytes, at, marker), lost, 0),
				);
				if (units[0]) expect(units[0]).toMatchObject({ key: true, config: { width: expect.any(Number) } });
			}),
		);
	});
});

describe("AAC", () => {
	const media = (format: string) =>
		parseSdp(`m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000\na=fmtp:97 ${format}\n`).media[0]!;
	const hbr = media("streamtype=5;mode=AAC-hbr;config=1408;SizeLength=13;IndexLength=3;IndexDeltaLength=3");
	const packed = (...sizes: number[]) => [
		0,
		sizes.length * 16,
		...sizes.flatMap((size) => [(size << 3) >> 8, (size << 3) & 255]),
	];
	it("S02: an empty, missing or unreadable config means no sound, without a crash", () => {
		for (const format of ["", "config=", "config=xyz", "config=1", "config=ffffffff", "config=0000"]) {
			expect(AacDepacketizer.create(media(format))).toBeUndefined();
		}
	});
	it("the config gives codec, rate and channels", () => {
		expect(AacDepacketizer.create(hbr)?.config).toEqual({
			codec: "mp4a.40.2",
			description: Uint8Array.of(0x14, 0x08),
			sampleRate: 16000,
			numberOfChannels: 1,
		});
		expect(parseAudioConfig(hex("1190"))?.config).toMatchObject({ sampleRate: 48000, numberOfChannels: 2 });
		expect(parseAudioConfig(hex("2d8c0800"))?.config).toMatchObject({
			codec: "mp4a.40.5",
			sampleRate: 16000,
			numberOfChannels: 1,
		});
	});
	it("several units in one packet are 1024 samples apart", () => {
		const units = AacDepacketizer.create(hbr)!.push(packet([...packed(2, 3), 1, 2, 3, 4, 5], 2 ** 32 - 1000), false);
		expect(units).toEqual([
			{ timestamp: 2 ** 32 - 1000, data: Uint8Array.of(1, 2) },
			{ timestamp: 24, data: Uint8Array.of(3, 4, 5) },
		]);
	});
	it("one unit over two packets is joined; a lost half is dropped", () => {
		const aac = AacDepacketizer.create(hbr)!;
		const [a, b] = [packet([...packed(4), 1, 2], 9), packet([...packed(4), 3, 4], 9, true)];
		expect([...aac.push(a, false), ...aac.push(b, false)].map(({ data }) => [...data])).toEqual([[1, 2, 3, 4]]);
		aac.push(a, false);
		expect(aac.push(b, true)).toEqual([]);
		expect(aac.push(packet([...packed(2), 7, 8], 20, true), false)).toHaveLength(1);
	});
	it("an AU header of the 13 bits of the size alone is read (gortsplib PR#118)", () => {
		expect(
			AacDepacketizer.create(hbr)!
				.push(packet([0, 13, 0, 16, 1, 2]), false)
				.map(({ data }) => [...data]),
		).toEqual([[1, 2]]);
	});
	it("random packets never throw", () => {
		const aac = AacDepacketizer.create(hbr)!;
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, lost) => void aac.push(packet(bytes), lost)),
		);
	});
});

it("G.711 passes as it is, under WebCodecs' names", () => {
	const audio = (type: number) => PlainAudioDepacketizer.create(parseSdp(`m=audio 0 RTP/AVP ${type}\n`).media[0]!);
	expect(audio(8)?.config).toEqual({ codec: "alaw", sampleRate: 8000, numberOfChannels: 1 });
	expect(audio(0)?.config.codec).toBe("ulaw");
	expect(audio(8)?.push(packet([1, 2], 5))).toEqual([{ timestamp: 5, data: Uint8Array.of(1, 2) }]);
	expect(audio(26)).toBeUndefined();
});
