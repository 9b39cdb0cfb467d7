import { describe, expect, it } from "vitest";
import type { RtpPacket } from "../rtp/packet.ts";
import { MAX_PICTURE_BYTES } from "../rtsp/limits.ts";
import { tablesOf } from "./jfif.ts";
import { MjpegDepacketizer } from "./mjpeg.ts";
import { type JpegPackets, jpegPackets, readJpeg } from "./testing/jpeg.ts";
import { packet, playPackets } from "./testing/packets.ts";

const scan = (id: number) => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, id);
const picture = (id: number, options: JpegPackets = {}, size = 4) =>
	jpegPackets(scan(id), size, options).map((payload, n, { length }) => packet(payload, id, n === length - 1));
/** Plays packets; `"lost"` stands for a gap. A packet of another picture lets the last one out. */
function play(packets: (RtpPacket | "lost")[], depacketizer = new MjpegDepacketizer()) {
	return playPackets([...packets, packet(jpegPackets(new Uint8Array(), 4)[0]!)], depacketizer);
}
/** The last byte of each picture's scan. */
const shown = (...packets: (RtpPacket | "lost")[]) => play(packets).map(({ data }) => readJpeg(data).scan.at(-1));

describe("MJPEG (RFC 2435)", () => {
	it("a picture is a whole file: tables by quality, size, sampling, the scan and the end; each is a key", () => {
		const [unit, second] = play([...picture(1, { quality: 25, type: 0 }), ...picture(2, { quality: 25, type: 0 })]);
		expect(unit).toMatchObject({ key: true, timestamp: 1, config: { codec: "jpeg", width: 64, height: 48 } });
		expect(second).toMatchObject({ key: true, timestamp: 2 });
		expect(second).not.toHaveProperty("config");
		const { tables, scan: read, restartInterval } = readJpeg(unit!.data);
		expect([...tables]).toEqual([...tablesOf(25)[0], ...tablesOf(25)[1]]);
		expect([[...read], restartInterval]).toEqual([[...scan(1)], 0]);
		const bytes = Buffer.from(unit!.data);
		const frame = bytes.indexOf(Buffer.of(0xff, 0xc0));
		expect([...bytes.subarray(frame + 4, frame + 13)]).toEqual([8, 0, 48, 0, 64, 3, 1, 0x21, 0]);
		expect([...bytes.subarray(-2)]).toEqual([0xff, 0xd9]);
	});
	it("the tables that a quality stands for: the standard's at 50, ones at 99, coarse at 1", () => {
		expect([...tablesOf(50)[0].subarray(0, 4)]).toEqual([16, 11, 12, 14]);
		expect([tablesOf(99)[0][0], tablesOf(99)[1][63], tablesOf(1)[0][0]]).toEqual([1, 2, 255]);
	});
	it("types from 64 on have restart markers", () => {
		const [unit] = play(picture(1, { type: 65, restartInterval: 300 }));
		expect(readJpeg(unit!.data)).toMatchObject({ restartInterval: 300, scan: Buffer.from(scan(1)) });
	});
	it("tables in the stream count until they are sent again; 255 brings them each time", () => {
		const tables = Uint8Array.from({ length: 128 }, (_, n) => n + 1);
		const units = play([...picture(1, { quality: 200, tables }, 200), ...picture(2, { quality: 200 })]);
		expect(units.map(({ data }) => Buffer.compare(readJpeg(data).tables, tables))).toEqual([0, 0]);
		const [one] = play(picture(1, { quality: 255, tables: tables.subarray(0, 64), type: 65, restartInterval: 7 }, 200));
		expect([...readJpeg(one!.data).tables]).toEqual([...tables.subarray(0, 64), ...tables.subarray(0, 64)]);
		expect(play([...picture(1, { quality: 255, tables }), ...picture(2, { quality: 255 })])).toHaveLength(1);
		expect(play(picture(3, { quality: 201 }))).toEqual([]);
	});
	it.each<[string, JpegPackets]>([
		["a type that is not known", { type: 2 }],
		["a quality that is reserved", { quality: 100 }],
		["quality 0", { quality: 0 }],
		["wider than the header can say", { width: 0 }],
		["tables cut short", { quality: 255, tables: new Uint8Array(30) }],
	])("%s is left out, and what follows is shown", (_name, options) => {
		expect(shown(...picture(1, options), ...picture(2))).toEqual([2]);
	});
	it("P02: the marker may never be set, or be set everywhere; pictures begin at offset 0", () => {
		const marked = (marker: boolean) =>
			Array.from({ length: 8 }, (_, n) => picture(n).map((one) => ({ ...one, marker }))).flat();
		expect(shown(...marked(false))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
		expect(shown(...marked(true))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
	});
	it("a truthful marker is believed after a while: the picture goes out with its last packet", () => {
		const depacketizer = new MjpegDepacketizer();
		const counts = Array.from(
			{ length: 6 },
			(_, n) => picture(n).flatMap((one) => depacketizer.push(one, false, 0)).length,
		);
		expect(counts).toEqual([0, 1, 1, 2, 1, 1]);
	});
	it.each([0, 1, 2])("a fragment lost at place %i costs its own picture and no other", (place) => {
		const cut = picture(2).flatMap<RtpPacket | "lost">((one, n) => (n === place ? "lost" : one));
		expect(shown(...picture(1), ...cut, ...picture(3), ...picture(4))).toEqual([1, 3, 4]);
	});
	it("a piece at a place where it does not belong costs the picture", () => {
		const [first, second, third] = picture(1);
		expect(shown(first!, third!, ...picture(2))).toEqual([2]);
		expect(shown(first!, second!, second!, third!, ...picture(3))).toEqual([3]);
	});
	it("a picture holds its limit and not a byte more", () => {
		const large = (bytes: number) =>
			jpegPackets(new Uint8Array(bytes).fill(7), 60_000).map((payload) => packet(payload));
		expect(play(large(MAX_PICTURE_BYTES))).toHaveLength(1);
		expect(play(large(MAX_PICTURE_BYTES + 1))).toHaveLength(0);
	});
});
