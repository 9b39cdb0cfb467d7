import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { MediaTracks } from "../publish/media.ts";
import { encodeRtp, type RtpPacket } from "../rtp/packet.ts";
import { chooseMedia, parseSdp } from "../rtsp/sdp.ts";
import { AacDepacketizer } from "./aac.ts";
import { H264Depacketizer } from "./h264.ts";
import { H265Depacketizer } from "./h265.ts";
import { LatmDepacketizer } from "./latm.ts";
import { MjpegDepacketizer } from "./mjpeg.ts";
import { Reception } from "./reception.ts";
import { HEVC_SPS, VPS } from "./testing/hevc.ts";
import { streamMux } from "./testing/latm.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const CHUNK_BYTES = 64 * 1024;
const CHUNKS = 2048;

/** A packet's payload as it comes from a connection: a small part of what one read gave. */
function payload(bytes: ArrayLike<number>): Uint8Array {
	const chunk = Buffer.alloc(CHUNK_BYTES);
	chunk.set(bytes, 100);
	return chunk.subarray(100, 100 + bytes.length);
}
const packet = (data: Uint8Array) => ({
	payloadType: 96,
	marker: false,
	sequence: 0,
	timestamp: 7,
	ssrc: 1,
	payload: data,
});
/** How many of the chunks that were read are still held afterwards. */
async function held(bytes: ArrayLike<number>, feed: (data: Uint8Array) => void): Promise<number> {
	const chunks = Array.from({ length: CHUNKS }, () => {
		const data = payload(bytes);
		feed(data);
		return new WeakRef(data.buffer);
	});
	// What a WeakRef was made for is held until the current turn is over.
	await new Promise((resolve) => setImmediate(resolve));
	collect();
	return chunks.filter((chunk) => chunk.deref() !== undefined).length;
}
function latm() {
	const config = Buffer.from(streamMux()).toString("hex");
	const sdp = parseSdp(`m=audio 0 RTP/AVP 96\na=rtpmap:96 MP4A-LATM/8000\na=fmtp:96 cpresent=0;config=${config}\n`);
	return LatmDepacketizer.create(sdp.media[0]!)!;
}
const SPS = Buffer.from("6742c00ad9047b011000000300100000030320f1226480", "hex");
const PPS = Buffer.from("68cb83cb20", "hex");
const IDR = Uint8Array.of(0x65, 0xe1, 0x88, 0x81);

describe("R9: a camera that wants the agent's memory does not get it", () => {
	it.each([
		["SEI without an end", [6, 1, 2, 3]],
		["the whole chunk as SEI", [6, ...Buffer.alloc(CHUNK_BYTES - 200, 0x55)]],
		["fragments that bring nothing", [0x7c, 0x05]],
		["fragments of one byte", [0x7c, 0x05, 1]],
		["slices of one byte", [0x41, 0x11]],
		["parameter sets", [0x67, ...SPS.subarray(1)]],
	])("%s", async (_, bytes) => {
		const depacketizer = new H264Depacketizer();
		depacketizer.push(packet(payload([0x7c, 0x85])), false, 0);
		expect(await held(bytes, (data) => depacketizer.push(packet(data), false, 0))).toBeLessThan(CHUNKS / 100);
		expect(depacketizer.push(packet(payload([9, 0xf0])), false, 0)).toEqual([]);
	});
	it.each<[string, () => { push(packet: RtpPacket, lost: boolean, nowMs: number): unknown }, number[][]]>([
		["H.265: SEI without an end", () => new H265Depacketizer(), [[39 << 1, 1, 2, 3]]],
		[
			"H.265: fragments of one byte",
			() => new H265Depacketizer(),
			[
				[49 << 1, 1, 0x81, 9],
				[49 << 1, 1, 1, 9],
			],
		],
		["H.265: slices of one byte", () => new H265Depacketizer(), [[2, 1, 0x40]]],
		["H.265: parameter sets", () => new H265Depacketizer(), [[...HEVC_SPS], [...VPS]]],
		["H.265: suffix SEI without a picture", () => new H265Depacketizer(), [[40 << 1, 1, 2, 3]]],
		[
			"MJPEG: pieces that bring nothing",
			() => new MjpegDepacketizer(),
			[
				[0, 0, 0, 0, 1, 50, 8, 6],
				[0, 0, 0, 0, 1, 50, 8, 6],
			],
		],
		[
			"MJPEG: tables",
			() => new MjpegDepacketizer(),
			[[0, 0, 0, 0, 1, 200, 8, 6, 0, 0, 0, 64, ...new Array<number>(64).fill(1)]],
		],
		["LATM: elements without an end", () => latm(), [[255, 255, 1]]],
		["LATM: one byte each", () => latm(), [[255]]],
	])("%s", async (_, make, [first = [], then = first]) => {
		const depacketizer = make();
		depacketizer.push(packet(payload(first)), false, 0);
		expect(await held(then, (data) => void depacketizer.push(packet(data), false, 0))).toBeLessThan(CHUNKS / 100);
	});
	it("pieces of sound that bring nothing", async () => {
		const sdp = parseSdp("m=audio 0 RTP/AVP 96\na=rtpmap:96 mpeg4-generic/8000/1\na=fmtp:96 config=1588\n");
		const depacketizer = AacDepacketizer.create(sdp.media[0]!);
		const depacketize = (data: Uint8Array) => depacketizer?.push(packet(data), false);
		expect(await held([0, 16, 0x10, 0], depacketize)).toBeLessThan(CHUNKS / 100);
	});
	it("the number of pieces is bounded, too", () => {
		const depacketizer = new H264Depacketizer([SPS, PPS]);
		const play = (...bytes: number[]) => depacketizer.push(packet(Uint8Array.from(bytes)), false, 0);
		play(0x7c, 0x85, 0xe1);
		for (let n = 0; n < 20_000; n++) play(0x7c, 0x05, 0x88);
		// The picture that it would have been is damage; the next one is shown.
		expect([...play(0x7c, 0x45, 0x81), ...play(9, 0xf0)]).toEqual([]);
		expect([...play(...IDR), ...play(9, 0xf0)]).toHaveLength(1);
	});
});

describe("parameter sets that no catalog can hold", () => {
	it.each([
		["one of 60 kB", () => [Buffer.concat([SPS, Buffer.alloc(60_000, 0x55)])]],
		["one of 2 MB", () => [Buffer.concat([SPS, Buffer.alloc(2_000_000, 0x55)])]],
		[
			"many, each of the allowed size",
			() => Array.from({ length: 16 }, (_, id) => Buffer.concat([PPS, Buffer.alloc(1000, 0x80 + id)])),
		],
	])("%s: nothing is thrown, and no description is longer than a viewer takes", (_, sets) => {
		const depacketizer = new H264Depacketizer([SPS, PPS]);
		const units = [...sets(), IDR, Uint8Array.of(9, 0xf0)].flatMap((nal) => depacketizer.push(packet(nal), false, 0));
		for (const { config } of units) expect(config?.description?.length ?? 0).toBeLessThanOrEqual(4096);
	});
});

describe("S02: sound that no catalog can hold never stops the picture", () => {
	it.each(["PCMA/4294967295", "PCMA/8000/999", `PCMU/1${"0".repeat(20)}`, "PCMA/8000"])("%s", (rtpmap) => {
		const sdp = `m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\nm=audio 0 RTP/AVP 97\na=rtpmap:97 ${rtpmap}\n`;
		const choice = chooseMedia(parseSdp(sdp));
		if (!choice.ok) throw new Error(choice.problem);
		const heard: MediaTracks[] = [];
		const reception = new Reception({
			...choice,
			transport: "tcp",
			clock: { now: () => 1_790_000_000_000, after: () => () => {} },
			lastUs: { video: 0, audio: 0 },
			tell: { tracks: (tracks) => heard.push(tracks), unit: () => {}, waiting: () => {} },
		});
		for (const [n, nal] of [SPS, PPS, IDR, Uint8Array.of(9, 0xf0)].entries())
			reception.packet("video", encodeRtp({ ...packet(nal), sequence: n }));
		expect(heard).toHaveLength(1);
		expect(heard[0]?.audio !== undefined).toBe(rtpmap === "PCMA/8000");
	});
});
