import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scaled, seedOf } from "../../test/scale.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { chooseMedia, parameterSets, parseSdp } from "../rtsp/sdp.ts";
import { AacDepacketizer } from "./aac.ts";
import { MAX_AU_BYTES } from "./aac-config.ts";
import type { AudioUnit } from "./audio.ts";
import { H264Depacketizer } from "./h264.ts";
import { H265Depacketizer } from "./h265.ts";
import { LatmDepacketizer } from "./latm.ts";
import { MjpegDepacketizer } from "./mjpeg.ts";
import { PlainAudioDepacketizer } from "./plain-audio.ts";
import { audioDepacketizer } from "./sound.ts";
import { steps } from "./testing/arbitrary.ts";
import { aggregate, HEVC_PPS, HEVC_SPS, hevcFragments, hevcSlice, Slice, VPS } from "./testing/hevc.ts";
import { jpegPackets, readJpeg } from "./testing/jpeg.ts";
import { latmElement, streamMux } from "./testing/latm.ts";
import { annexB, fragments, idr, PPS, PPS_HD, packet, SPS, SPS_HD, slice, stap } from "./testing/packets.ts";
import type { VideoUnit } from "./video.ts";

/** Cases in all, shared out among the parsers below: eight that are fed, six round trips. */
const CASES = scaled(100_000, 1_000_000);
const FED = Math.ceil((CASES * 0.8) / 8);
const ROUND_TRIPS = Math.ceil((CASES * 0.2) / 6);
const seed = seedOf("codecs");
const TIME_MS = scaled(120_000, 1_800_000);
/** What a parser that has seen everything may hold more after the second half of the cases than after the first. */
const GROWN_BYTES = 4 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const heapBytes = () => {
	collect();
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
};
const audio = (rtpmap: string, fmtp: string) =>
	parseSdp(`m=audio 0 RTP/AVP 97\na=rtpmap:97 ${rtpmap}\na=fmtp:97 ${fmtp}\n`).media[0]!;
const bytesOf = (values: readonly number[]) => Uint8Array.from(values);

/** Whether a unit of NAL units is whole: each length leads to the next. */
function isWhole({ data }: VideoUnit): boolean {
	const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
	let at = 0;
	while (at + 4 <= data.length) at += 4 + view.getUint32(at);
	return at === data.length && data.length > 0;
}
interface Subject {
	name: string;
	payloads: readonly Uint8Array[];
	/** A new one; gives what is wrong with what came out. */
	make(): (packet: RtpPacket, lost: boolean) => string | undefined;
}
const video =
	(
		make: () => { push(packet: RtpPacket, lost: boolean, nowMs: number): VideoUnit[] },
		whole: (unit: VideoUnit) => boolean,
	) =>
	() => {
		const depacketizer = make();
		let begun = false;
		return (one: RtpPacket, lost: boolean) => {
			for (const unit of depacketizer.push(one, lost, 0)) {
				if (!begun && !(unit.key && unit.config)) return "begins without a key picture or a set-up";
				begun = true;
				if (!whole(unit)) return "is no whole picture";
				if ((unit.config?.description?.length ?? 0) > 4096) return "has a description that no catalog holds";
			}
			return undefined;
		};
	};
const sound = (make: () => { push(packet: RtpPacket, lost: boolean): AudioUnit[] } | undefined) => () => {
	const depacketizer = make()!;
	return (one: RtpPacket, lost: boolean) =>
		depacketizer.push(one, lost).some(({ data }) => data.length === 0 || data.length > 10 * MAX_AU_BYTES)
			? "is no piece of sound"
			: undefined;
};
const isJpeg = ({ data }: VideoUnit) => data[0] === 0xff && data[1] === 0xd8 && data.at(-1) === 0xd9;

const H264 = [SPS, PPS, SPS_HD, PPS_HD, idr(1), slice(2), idr(3, false), slice(4, { first: false })];
const HEVC = [
	VPS,
	HEVC_SPS,
	HEVC_PPS,
	...Object.values(Slice).map((type) => hevcSlice(type, type)),
	hevcSlice(1, 9, false),
];
const SUBJECTS: Subject[] = [
	{
		name: "H.264",
		payloads: [...H264, bytesOf(stap(SPS, PPS)), ...fragments(annexB(SPS, PPS, idr(5)), 9), ...fragments(idr(6), 1)],
		make: video(() => new H264Depacketizer(), isWhole),
	},
	{
		name: "H.264 with sets in the description",
		payloads: [...H264, bytesOf([9, 0xf0]), bytesOf([6, 5, 1, 0x80]), ...fragments(slice(7), 1)],
		make: video(() => new H264Depacketizer([SPS, PPS]), isWhole),
	},
	{
		name: "H.265",
		payloads: [...HEVC, bytesOf(aggregate(VPS, HEVC_SPS, HEVC_PPS)), ...hevcFragments(annexB(...HEVC.slice(0, 4)), 30)],
		make: video(() => new H265Depacketizer(), isWhole),
	},
	{
		name: "MJPEG",
		payloads: [
			...jpegPackets(new Uint8Array(20).fill(7), 8),
			...jpegPackets(new Uint8Array(20).fill(7), 8, { type: 65, restartInterval: 3 }),
			...jpegPackets(new Uint8Array(9).fill(7), 8, { quality: 255, tables: new Uint8Array(128).fill(3) }),
		].map(bytesOf),
		make: video(() => new MjpegDepacketizer(), isJpeg),
	},
	{
		name: "AAC",
		payloads: [
			[0, 16, 0, 16, 1, 2],
			[0, 32, 0, 8, 0, 8, 1, 2],
			[0, 16, 0, 80, 1, 2],
			[0, 13, 0, 16, 1, 2],
			[0xff, 0xf1, 0x60, 0x40, 0x01, 0x3f, 0xfc, 7, 8],
		].map(bytesOf),
		make: sound(() => AacDepacketizer.create(audio("mpeg4-generic/16000", "config=1408"))),
	},
	{
		name: "LATM",
		payloads: [latmElement([[1, 2]]), latmElement([new Array<number>(300).fill(5)]).slice(0, 100)].map(bytesOf),
		make: sound(() =>
			LatmDepacketizer.create(
				audio("MP4A-LATM/16000", `cpresent=0;config=${Buffer.from(streamMux()).toString("hex")}`),
			),
		),
	},
	{
		name: "LATM with its set-up in the stream",
		payloads: [latmElement([[1, 2]], { mux: {} }), latmElement([[3]], { same: true }), [0], [0x80]].map(bytesOf),
		make: sound(() => LatmDepacketizer.create(audio("MP4A-LATM/16000", "cpresent=1"))),
	},
	{
		name: "G.711 and Opus",
		payloads: [bytesOf([1, 2, 3]), bytesOf([])],
		make: sound(() => PlainAudioDepacketizer.create(audio("opus/48000/2", ""))),
	},
];

describe("R9: whatever packets come, nothing is thrown, nothing broken goes out, and memory stays flat", () => {
	it.each(SUBJECTS)(
		"$name",
		({ payloads, make }) => {
			// One that lives through everything, beside a new one for each case.
			const old = make();
			const property = fc.property(steps(payloads), (list) => {
				const young = make();
				for (const { packet: one, lost } of list) {
					expect(young(one, lost)).toBeUndefined();
					expect(old(one, lost)).toBeUndefined();
				}
			});
			fc.assert(property, { numRuns: FED / 2, seed });
			const before = heapBytes();
			fc.assert(property, { numRuns: FED / 2, seed: seed + 1 });
			expect(heapBytes() - before).toBeLessThan(GROWN_BYTES);
		},
		TIME_MS,
	);
});

const pieces = fc.integer({ min: 1, max: 60 });
/** What may stand in a slice: no start code, and no zero at the end. */
const body = fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 80 });
const nalsOf = ({ data }: VideoUnit) => {
	const bytes = Buffer.from(data);
	const found: string[] = [];
	for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at))
		found.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)).toString("hex"));
	return found;
};
const way = fc.constantFrom("single", "aggregate", "fragments");
/** Slices of pictures, each with the way in which it is sent. */
const sliced = fc.array(fc.array(fc.tuple(body, way, pieces), { minLength: 1, maxLength: 3 }), {
	minLength: 1,
	maxLength: 4,
});
/** Sends pictures and gives them back as they came out. */
function sent(
	pictures: { slices: { nal: Uint8Array; payloads: readonly (Uint8Array | readonly number[])[] }[] }[],
	depacketizer: { push(packet: RtpPacket, lost: boolean, nowMs: number): VideoUnit[] },
	end: readonly number[],
) {
	const packets = pictures.flatMap(({ slices }, n) =>
		slices.flatMap(({ payloads }, part) =>
			payloads.map((payload, at) =>
				packet(payload, n * 3600, part === slices.length - 1 && at === payloads.length - 1),
			),
		),
	);
	const units = [...packets, packet(end, 1)].flatMap((one) => depacketizer.push(one, false, 0));
	expect(units.map(nalsOf)).toEqual(
		pictures.map(({ slices }) => slices.map(({ nal }) => Buffer.from(nal).toString("hex"))),
	);
	expect(units.map(({ timestamp }) => timestamp)).toEqual(pictures.map((_, n) => n * 3600));
}

describe("what is sent comes out as it was", () => {
	const run = <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void) =>
		fc.assert(
			fc.property(arbitrary, (value) => check(value)),
			{ numRuns: ROUND_TRIPS, seed },
		);
	it(
		"H.264: single, aggregated and fragmented",
		() =>
			run(sliced, (pictures) => {
				const made = pictures.map((slices, n) => ({
					slices: slices.map(([rest, form, size], part) => {
						const nal = bytesOf([...slice(1, { idr: n === 0, first: part === 0 }), ...rest]);
						const payloads = form === "single" ? [nal] : form === "aggregate" ? [stap(nal)] : fragments(nal, size);
						return { nal, payloads };
					}),
				}));
				sent(made, new H264Depacketizer([SPS, PPS]), [9, 0xf0]);
			}),
		TIME_MS,
	);
	it(
		"H.265: single, aggregated and fragmented",
		() =>
			run(sliced, (pictures) => {
				const made = pictures.map((slices, n) => ({
					slices: slices.map(([rest, form, size], part) => {
						const nal = bytesOf([...hevcSlice(n === 0 ? Slice.idr : Slice.trail, 1, part === 0), ...rest]);
						const payloads =
							form === "single" ? [nal] : form === "aggregate" ? [aggregate(nal)] : hevcFragments(nal, size);
						return { nal, payloads };
					}),
				}));
				sent(made, new H265Depacketizer([VPS, HEVC_SPS, HEVC_PPS]), [35 << 1, 1, 0x50]);
			}),
		TIME_MS,
	);
	it(
		"MJPEG: any scan in any pieces, with tables of its own and restart markers",
		() =>
			run(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 200 }), pieces, fc.boolean(), fc.boolean()), (value) => {
				const [scan, size, own, restarts] = value;
				// Without an end of its own.
				const whole = Uint8Array.of(...scan, 1);
				const tables = new Uint8Array(128).fill(9);
				const options = { ...(own && { quality: 255, tables }), ...(restarts && { type: 64, restartInterval: 12 }) };
				const depacketizer = new MjpegDepacketizer();
				const packets = [...jpegPackets(whole, size, options), ...jpegPackets(whole, size, options).slice(0, 1)];
				const [unit] = packets.flatMap((payload) => depacketizer.push(packet(payload, 5), false, 0));
				const read = readJpeg(unit!.data);
				expect(Buffer.compare(read.scan, whole)).toBe(0);
				expect(read.restartInterval).toBe(restarts ? 12 : 0);
				if (own) expect(Buffer.compare(read.tables, tables)).toBe(0);
			}),
		TIME_MS,
	);
	const units = fc.array(fc.array(fc.nat(255), { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 5 });
	it(
		"AAC in AU headers of either mode",
		() =>
			run(fc.tuple(units, fc.boolean()), ([list, lbr]) => {
				const [sizeBits, indexBits] = lbr ? [6, 2] : [13, 3];
				const bits = list
					.map(({ length }) => (length << indexBits).toString(2).padStart(sizeBits + indexBits, "0"))
					.join("");
				const header = bits.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2));
				const aac = AacDepacketizer.create(
					audio("mpeg4-generic/16000", `config=1408;mode=AAC-${lbr ? "lbr" : "hbr"}`),
				)!;
				const out = aac.push(packet([bits.length >> 8, bits.length & 255, ...header, ...list.flat()]), false);
				expect(out.map(({ data }) => [...data])).toEqual(list);
			}),
		TIME_MS,
	);
	it(
		"LATM in any pieces",
		() =>
			run(fc.tuple(units, fc.integer({ min: 8, max: 400 })), ([list, size]) => {
				const config = Buffer.from(streamMux({ subFrames: list.length })).toString("hex");
				const latm = LatmDepacketizer.create(audio("MP4A-LATM/16000", `cpresent=0;config=${config}`))!;
				const element = latmElement(list);
				const out: AudioUnit[] = [];
				for (let at = 0; at < element.length; at += size)
					out.push(...latm.push(packet(element.slice(at, at + size), 7, at + size >= element.length), false));
				expect(out.map(({ data }) => [...data])).toEqual(list);
			}),
		TIME_MS,
	);
	it(
		"descriptions: what is written is read, whatever stands around it",
		() => {
			const word = fc.stringMatching(/^[A-Za-z0-9/.-]{1,12}$/);
			const junk = fc.oneof(
				fc.string({ maxLength: 30 }),
				fc.stringMatching(/^(a=|m=audio |c=IN |o=)[ -~]{0,30}$/),
				fc.constantFrom("a=rtpmap:", "a=fmtp:", "m=", "a=control:", "s=", "m=video"),
			);
			const lines = fc.record({
				type: fc.integer({ min: 96, max: 127 }),
				rate: fc.integer({ min: 1, max: 10_000_000 }),
				control: word,
				sets: fc.array(fc.uint8Array({ minLength: 2, maxLength: 20 }), { maxLength: 3 }),
				junk: fc.array(junk, { maxLength: 5 }),
				end: fc.constantFrom("\r\n", "\n", "\r"),
			});
			run(lines, ({ type, rate, control, sets, junk: around, end }) => {
				const text = sets.map((set) => Buffer.from(set).toString("base64")).join();
				const media = [`m=video 0 RTP/AVP ${type}`, `a=rtpmap:${type} H264/${rate}`, `a=control:${control}`];
				media.push(`a=fmtp:${type} sprop-parameter-sets=${text}`);
				const sdp = parseSdp([...media, ...around].join(end));
				expect(sdp.media[0]).toMatchObject({ payloadType: type, encoding: "H264", clockRate: rate, control });
				expect(parameterSets(sdp.media[0]!)).toEqual(sets);
				const before = parseSdp([...around, ...media].join(end));
				for (const read of [sdp, before]) {
					const choice = chooseMedia(read);
					if (choice.ok && choice.audio) audioDepacketizer(choice.audio);
				}
			});
		},
		TIME_MS,
	);
});
