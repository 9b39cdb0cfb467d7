import { parseSps } from "@mivisus/agent/codecs/sps";
import { HEVC_PPS, HEVC_SPS, hevcFragments, hevcSlice, Slice, VPS } from "@mivisus/agent/codecs/testing/hevc";
import { latmElement } from "@mivisus/agent/codecs/testing/latm";
import {
	annexB,
	fragments,
	idr,
	PPS,
	PPS_HD,
	RtpWriter,
	SPS,
	SPS_HD,
	slice,
	stap,
} from "@mivisus/agent/codecs/testing/packets";
import { afterEach, describe, expect, it } from "vitest";
import { AUDIO_SDP, type Script, SDP } from "./scripted.ts";
import { Watching } from "./witness.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});
async function watch(script: Script = {}, transport: "tcp" | "udp" = "tcp") {
	const watching = await Watching.begin(script, transport);
	ends.push(() => watching.end());
	return watching;
}
/** Ends the last picture, so that it goes out: an access unit delimiter. */
const END = [9, 0xf0];
const TICKS = 3600;
const head = () => stap(SPS, PPS);
/** The last byte of each NAL unit tells which slice it is; `K` for key. */
const show = ({ data, key }: { data: Uint8Array; key: boolean }) => {
	const bytes = Buffer.from(data);
	const ids: number[] = [];
	for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at))
		ids.push(bytes[at + 3 + bytes.readUInt32BE(at)]! & 0x7f);
	return `${key ? "K" : ""}${ids.join("+")}`;
};
/** Sends these packets by TCP to an agent that waits for pictures, and what of them it shows. */
async function shown(packets: Buffer[], count: number, script: Script = {}) {
	const watching = await watch(script);
	(await watching.playing()).frames([...packets, new RtpWriter({ sequence: lastSequence(packets) + 1 }).write(END, 0)]);
	return (await watching.pictures(count)).map(show);
}
const lastSequence = (packets: Buffer[]) => packets.at(-1)!.readUInt16BE(2);

/**
 * Plays one picture at its time: waits until the agent has it, so that the clock which the test holds stands where the
 * camera made it, and moves on by as long as it lasts.
 */
async function step(watching: Watching, rtp: RtpWriter, nal: Uint8Array, timestamp: number): Promise<void> {
	const { witness, clock } = watching;
	const { length } = witness.pictures;
	watching.camera.peers.at(-1)!.frames([rtp.write(nal, timestamp, true), rtp.write(END, timestamp)]);
	await watching.pictures(length + 1);
	clock.advance(40);
}

const H264 = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n";
const plain = () => {
	const rtp = new RtpWriter();
	return [rtp.write(head(), 0), rtp.write(idr(1), 0, true), rtp.write(slice(2), TICKS, true)];
};

describe("S01: broken lines of the description that do not matter", () => {
	it.each([
		["a connection without an address", `v=0\r\nc=IN \r\n${H264}`],
		["a connection without a type", `v=0\r\nc=IN 192.0.2.10\r\n${H264}`],
		["an origin that ends early", `v=0\r\no=- 1001 1 IN\r\n${H264}`],
		["a session number above 2^64", `v=0\r\no=x 19599440071187478912 1 IN IP4 0.0.0.0\r\n${H264}`],
		["a type of address that does not exist", `v=0\r\no=- 1 1 IN IPV4 192.0.2.10\r\n${H264}`],
		["an origin of seven words", `v=0\r\no=a b c d e f g\r\n${H264}`],
		[
			"a section of the maker's own",
			`v=0\r\nm=application/tp-link 0 RTP/AVP smart/0/25000\r\na=rtpmap:95 tp-link/90000\r\n${H264}`,
		],
		["no version line and no time", H264],
		["a name behind its attributes", `v=0\r\na=range:npt=0-\r\ns=late\r\n${H264}`],
	])("%s", async (_name, sdp) => {
		expect(await shown(plain(), 2, { sdp })).toEqual(["K1", "2"]);
	});
	it("a description without any usable picture says which line", async () => {
		const { witness } = await watch({ sdp: "v=0\r\nm=video 0 RTP/AVP x\r\n" });
		await witness.until(({ states }) => states.at(-1) === "stream-unsupported");
		expect(witness.details.at(-1)).toContain("m=video 0 RTP/AVP x");
	});
});

describe("S02: trouble with sound never stops the picture", () => {
	it("fmtp of another payload type counts where there is one of each", async () => {
		const sdp = `${SDP}m=audio 0 RTP/AVP 104\r\na=rtpmap:104 MPEG4-GENERIC/16000\r\na=fmtp:97 streamtype=5;mode=AAC-hbr;config=1408\r\na=control:track2\r\n`;
		const watching = await watch({ sdp });
		const peer = await watching.playing();
		peer.frames(plain());
		await watching.pictures(1);
		const sound = new RtpWriter({ payloadType: 104 });
		peer.frames([sound.write([0, 16, 0, 16, 7, 8], 0)], 2);
		await watching.witness.until(({ sounds }) => sounds.length === 1);
		expect(watching.witness.tracks[0]?.audio).toMatchObject({
			codec: "mp4a.40.2",
			sampleRate: 16000,
			numberOfChannels: 1,
		});
		expect([...watching.witness.sounds[0]!.data]).toEqual([7, 8]);
	});
	it.each([
		["LATM with an empty config", "MP4A-LATM/16000", "a=fmtp:40 cpresent=0;config=\r\n"],
		["AAC without a config", "MPEG4-GENERIC/16000", ""],
		["AAC with a config that is none", "MPEG4-GENERIC/16000", "a=fmtp:104 config=ffffffff\r\n"],
	])("%s", async (_name, rtpmap, fmtp) => {
		const sdp = `${SDP}m=audio 0 RTP/AVP 104\r\na=rtpmap:104 ${rtpmap}\r\n${fmtp}a=control:track2\r\n`;
		expect(await shown(plain(), 2, { sdp })).toEqual(["K1", "2"]);
	});
});

describe("sound that does not come as it should", () => {
	/** The units of sound that these payloads give, behind a picture. */
	async function heard(rtpmap: string, fmtp: string, payloads: number[][]) {
		const sdp = `${SDP}m=audio 0 RTP/AVP 97\r\na=rtpmap:97 ${rtpmap}\r\na=fmtp:97 ${fmtp}\r\na=control:track2\r\n`;
		const watching = await watch({ sdp });
		const peer = await watching.playing();
		peer.frames(plain());
		await watching.pictures(1);
		const rtp = new RtpWriter({ payloadType: 97 });
		peer.frames(
			payloads.map((payload, n) => rtp.write(payload, n * 1024, true)),
			2,
		);
		return watching;
	}
	const AAC = "mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3";
	it.each([
		["AAC without AU headers, ADTS instead (mpv#5669)", [0xff, 0xf1, 0x60, 0x40, 0x01, 0x3f, 0xfc, 7, 8]],
		["an AU header of its 13 bits alone (gortsplib PR#118)", [0, 13, 0, 16, 7, 8]],
	])("%s", async (_name, payload) => {
		const { witness } = await heard("MPEG4-GENERIC/16000", AAC, [payload, payload]);
		await witness.until(({ sounds }) => sounds.length === 2);
		expect(witness.sounds.map(({ data }) => [...data])).toEqual([
			[7, 8],
			[7, 8],
		]);
	});
	it("LATM with its set-up in the stream: the track is told of when it is known", async () => {
		const { witness } = await heard("MP4A-LATM/16000", "cpresent=1", [latmElement([[7, 8]], { mux: {} })]);
		await witness.until(({ sounds }) => sounds.length === 1);
		expect(witness.tracks.map(({ audio }) => audio?.codec)).toEqual([undefined, "mp4a.40.2"]);
	});
	it.each(["G726-32/8000", "AAL2-G726-32/8000"])(
		"%s (go-audio-stream#131: the name may contradict the bits) is said to be unsupported, and the picture comes",
		async (rtpmap) => {
			const { witness } = await heard(rtpmap, "", [[1, 2, 3]]);
			expect(witness.tracks).toMatchObject([{ soundProblem: expect.stringContaining("G.726") }]);
			expect(witness.states).toEqual(["waiting", "live"]);
		},
	);
});

describe("S03: parameter sets that come late, or contradict", () => {
	/** The camera begins in the middle of a GOP; sets and key frame come after it. */
	const late = (between: Uint8Array[][]) => {
		const rtp = new RtpWriter();
		const early = Array.from({ length: 25 }, (_, n) => rtp.write(slice(n), n * TICKS, true));
		const key = between.flat().map((nal) => rtp.write(nal, 25 * TICKS));
		return [...early, ...key, rtp.write(idr(40), 25 * TICKS, true), rtp.write(slice(41), 26 * TICKS, true)];
	};
	it.each([
		["no sets in the description", "packetization-mode=1"],
		["an empty list", "packetization-mode=1;sprop-parameter-sets="],
		["an SPS without a PPS", `sprop-parameter-sets=${Buffer.from(SPS_HD).toString("base64")},`],
		["a profile that is another", "profile-level-id=4D0014;packetization-mode=0"],
	])("%s: nothing until SPS, PPS and a key frame came in band, and those win", async (_name, format) => {
		const watching = await watch({ sdp: SDP.replace("packetization-mode=1", format) });
		const peer = await watching.playing();
		const packets = late([[SPS], [PPS]]);
		peer.frames(packets.slice(0, 25));
		await watching.witness.until(({ details }) => details.some((detail) => detail.includes("key frame")));
		expect(watching.witness.states).toEqual(["waiting"]);
		peer.frames(packets.slice(25));
		expect((await watching.pictures(2)).map(show)).toEqual(["K40", "41"]);
		expect(watching.witness.tracks).toMatchObject([{ video: { codec: "avc1.42C00A", width: 64, height: 48 } }]);
	});
	it("no fmtp line at all", async () => {
		expect(await shown(late([[SPS], [PPS]]), 2, { sdp: `v=0\r\n${H264}` })).toEqual(["K40", "41"]);
	});
	it("sets of the description alone are enough", async () => {
		const sets = [SPS, PPS].map((set) => Buffer.from(set).toString("base64")).join();
		const sdp = SDP.replace("packetization-mode=1", `sprop-parameter-sets=${sets}`);
		expect(await shown(late([]), 2, { sdp })).toEqual(["K40", "41"]);
	});
	it("fragments although the description promises none (mediamtx#5887)", async () => {
		const rtp = new RtpWriter();
		const packets = [rtp.write(head(), 0), ...rtp.picture(fragments(idr(1), 1), 0), rtp.write(slice(2), TICKS, true)];
		expect(await shown(packets, 2, { sdp: SDP.replace("mode=1", "mode=0") })).toEqual(["K1", "2"]);
	});
});

describe("P01: a whole key frame as a byte stream inside one unit", () => {
	const whole = annexB(SPS, PPS, idr(1));
	/** Where a fragment ends inside the first start code, behind its 1st, 2nd, 3rd byte, and others. */
	const sizes = [SPS.length, SPS.length + 1, SPS.length + 2, 5, 1000];
	it.each(sizes)("in fragments of %i bytes, from sender 0", async (size) => {
		const rtp = new RtpWriter({ ssrc: 0 });
		const packets = [...rtp.picture(fragments(whole, size), 0), rtp.write(slice(2), TICKS, true)];
		const watching = await watch();
		(await watching.playing()).frames([...packets, rtp.write(END, 2 * TICKS)]);
		expect((await watching.pictures(2)).map(show)).toEqual(["K1", "2"]);
	});
	it("in a single packet", async () => {
		const rtp = new RtpWriter();
		expect(await shown([rtp.write(whole, 0, true), rtp.write(slice(2), TICKS, true)], 2)).toEqual(["K1", "2"]);
	});
});

describe("P02: marker and timestamp are only hints", () => {
	it("sets stamped as the picture before, and marked", async () => {
		const rtp = new RtpWriter();
		const watching = await watch();
		const peer = await watching.playing();
		for (const [n, sets] of [
			[1, true],
			[2, false],
			[3, true],
			[4, false],
		] as const) {
			if (sets) peer.frames([rtp.write(SPS, (n - 1) * TICKS, n === 1), rtp.write(PPS, (n - 1) * TICKS)]);
			await step(watching, rtp, sets ? idr(n) : slice(n), n * TICKS);
		}
		const { pictures } = watching.witness;
		expect(pictures.map(show)).toEqual(["K1", "2", "K3", "4"]);
		const steps = pictures.slice(1).map(({ timestampUs }, n) => timestampUs - pictures[n]!.timestampUs);
		expect(steps).toEqual([40_000, 40_000, 40_000]);
	});
	it("the marker never set", async () => {
		const rtp = new RtpWriter();
		const packets = [
			rtp.write(head(), 0),
			rtp.write(idr(1), 0),
			rtp.write(slice(2), TICKS),
			rtp.write(slice(3), 2 * TICKS),
		];
		expect(await shown(packets, 3)).toEqual(["K1", "2", "3"]);
	});
	it("the marker on each of four slices", async () => {
		const rtp = new RtpWriter();
		const parts = (n: number) =>
			[0, 1, 2, 3].map((part) => rtp.write(slice(n, { idr: n === 1, first: part === 0 }), n * TICKS, true));
		expect(await shown([rtp.write(head(), TICKS), ...[1, 2, 3, 4, 5, 6].flatMap(parts)], 6)).toEqual([
			"K1+1+1+1",
			...[2, 3, 4, 5, 6].map((n) => `${n}+${n}+${n}+${n}`),
		]);
	});
	it("sets again before pictures that are no key frames", async () => {
		const rtp = new RtpWriter();
		const packets = [rtp.write(head(), 0), rtp.write(idr(1), 0, true)];
		for (const n of [2, 3]) packets.push(rtp.write(head(), n * TICKS), rtp.write(slice(n), n * TICKS, true));
		expect(await shown(packets, 3)).toEqual(["K1", "2", "3"]);
	});
});

describe("P03: single frames stamped hours away", () => {
	/** Plays so many pictures 40 ms apart, stamped by `ticks`, and says when each would be shown, ms from the first. */
	async function times(count: number, ticks: (n: number) => number) {
		const watching = await watch();
		const peer = await watching.playing();
		const rtp = new RtpWriter();
		peer.frames([rtp.write(head(), ticks(0))]);
		const begunMs = watching.clock.ms;
		for (let n = 0; n < count; n++) await step(watching, rtp, n === 0 ? idr(0) : slice(n & 0x7f), ticks(n));
		const { pictures } = watching.witness;
		return pictures.map(({ timestampUs }) => timestampUs / 1000 - begunMs);
	}
	it.each([
		["every 50th 9800 s back", (n: number) => 1e6 + n * TICKS - (n % 50 === 49 ? 9800 * 90_000 : 0)],
		["every 50th 37600 s ahead", (n: number) => 1e6 + n * TICKS + (n % 50 === 49 ? 37_600 * 90_000 : 0)],
		["a leap that stays", (n: number) => 1e6 + n * TICKS + (n > 60 ? 30_000 * 90_000 : 0)],
		["back to 0 for good", (n: number) => (n > 60 ? (n - 60) * TICKS : 2e9 + n * TICKS)],
	])("%s: each stands beside its neighbour, and none is lost", async (_name, ticks) => {
		const out = await times(120, ticks);
		expect(out).toHaveLength(120);
		for (const [n, ms] of out.entries()) expect(Math.abs(ms - n * 40), `picture ${n}`).toBeLessThan(2);
	});
	it("back to 0 after a reconnect: the line goes on", async () => {
		const watching = await watch();
		(await watching.playing()).frames(plain());
		await watching.pictures(1);
		watching.camera.peers[0]!.cut();
		await watching.witness.until(({ states }) => states.at(-1) === "camera-unreachable");
		watching.clock.advance(1000);
		(await watching.playing(1)).frames(plain());
		const [first, second] = await watching.pictures(2);
		expect(second!.timestampUs - first!.timestampUs).toBe(1_000_000);
	});
});

describe("P04: sequence numbers wrap, by UDP", () => {
	/** P pictures by the order in which their packets come; SPS, PPS and IDR have gone before them. */
	async function ordered(order: number[]) {
		const watching = await watch({}, "udp");
		const peer = await watching.playing();
		const packet = (sequence: number, nal: Uint8Array | number[], picture: number) =>
			new RtpWriter({ sequence }).write(nal, picture * TICKS, true);
		peer.datagrams([packet(65_530, head(), 0), packet(65_531, idr(0), 0)]);
		for (const at of order) peer.datagrams([packet(65_530 + at, slice(at), at)]);
		return watching;
	}
	it("the first packet after the wrap is delivered, in its place, and once", async () => {
		const watching = await ordered([2, 3, 4, 6, 5, 7, 6, 6, 8, 9]);
		expect((await watching.pictures(8)).map(show)).toEqual(["K0", "2", "3", "4", "5", "6", "7", "8"]);
	});
	it("neighbours that are swapped all the time are no loss", async () => {
		const watching = await ordered(Array.from({ length: 40 }, (_, n) => 2 + (n ^ 1)));
		expect((await watching.pictures(39)).map(show)).toEqual([
			"K0",
			...Array.from({ length: 38 }, (_, n) => `${n + 2}`),
		]);
	});
	it("a late packet from 500 back changes nothing", async () => {
		const watching = await ordered([2, 3, -498, 4, 5]);
		expect((await watching.pictures(4)).map(show)).toEqual(["K0", "2", "3", "4"]);
	});
	it("a gap over the wrap costs the pictures until the next key frame, and no more", async () => {
		// So many after the gap that nobody waits any longer for what is missing.
		const watching = await ordered([2, 3, ...Array.from({ length: 80 }, (_, n) => 8 + n)]);
		const rtp = new RtpWriter({ sequence: 65_530 + 88 });
		const after = [rtp.write(idr(90), 90 * TICKS, true), rtp.write(slice(91), 91 * TICKS, true), rtp.write(END, 0)];
		(await watching.playing()).datagrams(after);
		expect((await watching.pictures(5)).map(show)).toEqual(["K0", "2", "3", "K90", "91"]);
	});
});

describe("P05: the timestamps wrap after 13 hours, seen through sender reports", () => {
	const report = (ssrc: number, timestamp: number, seconds: number) => {
		const bytes = Buffer.alloc(28);
		bytes.set([0x80, 200, 0, 6]);
		bytes.writeUInt32BE(ssrc, 4);
		bytes.writeUInt32BE(2_208_988_800 + 1000 + Math.floor(seconds), 8);
		bytes.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 12);
		bytes.writeUInt32BE(timestamp % 2 ** 32, 16);
		return bytes;
	};
	it.each([
		["a report just behind the wrap before the packets are", 1.02],
		["a report just before the wrap when the packets are behind", 0.98],
	])("%s: pictures go on evenly and sound stays beside them", async (_name, reportS) => {
		const watching = await watch({ sdp: SDP + AUDIO_SDP });
		const peer = await watching.playing();
		const video = new RtpWriter({ ssrc: 1 });
		const audio = new RtpWriter({ ssrc: 2, payloadType: 8 });
		const base = 2 ** 32 - 90_000;
		peer.frames([video.write(head(), base)]);
		const apart: number[] = [];
		for (let n = 0; n < 60; n++) {
			// Both of one instant: the camera's second `reportS` after the first picture.
			if (n === (reportS > 1 ? 24 : 26)) {
				peer.frames([report(1, base + reportS * 90_000, reportS)], 1);
				peer.frames([report(2, 1000 + reportS * 8000, reportS)], 3);
			}
			peer.frames([audio.write([1, 2], 1000 + n * 320)], 2);
			await step(watching, video, n === 0 ? idr(0) : slice(n), base + n * TICKS);
			// The sound before the first picture is nobody's.
			if (n > 0)
				apart.push(watching.witness.sounds.at(-1)!.timestampUs - watching.witness.pictures.at(-1)!.timestampUs);
		}
		expect(apart).toHaveLength(59);
		const stamps = watching.witness.pictures.map(({ timestampUs }) => timestampUs);
		expect(new Set(stamps.slice(1).map((us, n) => us - stamps[n]!))).toEqual(new Set([40_000]));
		for (const us of apart) expect(Math.abs(us)).toBeLessThan(2);
	});
	it.each([
		["three ticks behind the first picture (P05)", "url=rtsp://x/track1;seq=0;rtptime=3"],
		["0 (retina#64)", "url=rtsp://x/track1;seq=0;rtptime=0"],
		["absent (retina#10)", undefined],
		["nonsense", "url=;rtptime=-1,seq"],
	])("RTP-Info's rtptime %s: the packets' own timestamps count", async (_name, info) => {
		const watching = await watch({
			answer: ({ method }) =>
				method === "PLAY" ? { status: 200, headers: { Session: "1", ...(info && { "RTP-Info": info }) } } : undefined,
		});
		const begunMs = watching.clock.ms;
		const rtp = new RtpWriter();
		(await watching.playing()).frames([rtp.write(head(), 0)]);
		await step(watching, rtp, idr(1), 0);
		await step(watching, rtp, slice(2), TICKS);
		const [first, second] = watching.witness.pictures;
		expect(first!.timestampUs).toBe(begunMs * 1000);
		expect(second!.timestampUs - first!.timestampUs).toBe(40_000);
	});
});

describe("packets that are not what they say", () => {
	it("payload type 50 with a number that never moves, mixed in (RtspClientSharp#98)", async () => {
		const rtp = new RtpWriter();
		const stranger = () => new RtpWriter({ payloadType: 50, sequence: 7 }).write([1, 2, 3], 0);
		const sets = rtp.write(head(), 0);
		const pictures = Array.from({ length: 6 }, (_, n) => rtp.write(n === 0 ? idr(0) : slice(n), n * TICKS, true));
		const packets = [sets, ...pictures.flatMap((picture) => [stranger(), picture, stranger()])];
		expect(await shown([...packets, rtp.write(slice(6), 6 * TICKS, true)], 7)).toEqual([
			"K0",
			"1",
			"2",
			"3",
			"4",
			"5",
			"6",
		]);
	});
	it("padding announced with a count of 0 (pion/rtp PR#274), and padding that has to go (sipsorcery PR#608)", async () => {
		const rtp = new RtpWriter();
		const none = rtp.write([...idr(1), 0x88, 0], TICKS, true);
		none[0]! |= 0x20;
		const three = Buffer.concat([rtp.write(slice(2), 2 * TICKS, true), Buffer.of(0xaa, 0xbb, 3)]);
		three[0]! |= 0x20;
		const sets = new RtpWriter({ sequence: -1 }).write(head(), 0);
		// The first one's own last zero belongs to no NAL unit (H.264, annex B).
		expect(await shown([sets, none, three], 2)).toEqual(["K8", "2"]);
	});
	it("a lost fragment costs its picture and those after it until the next key frame (gortsplib#503)", async () => {
		const rtp = new RtpWriter();
		const long = (nal: Uint8Array) => Buffer.concat([nal.subarray(0, 3), Buffer.alloc(40, 0x99), nal.subarray(3)]);
		const packets = [rtp.write(head(), 0), rtp.write(idr(1), 0, true)];
		packets.push(...rtp.picture(fragments(long(slice(2)), 20), TICKS).filter((_, n) => n !== 1));
		packets.push(rtp.write(slice(3), 2 * TICKS, true));
		packets.push(rtp.write(idr(4), 3 * TICKS, true), rtp.write(slice(5), 4 * TICKS, true));
		expect(await shown(packets, 3)).toEqual(["K1", "K4", "5"]);
	});
	it("an SPS with one byte too many at its end (retina#102)", async () => {
		for (const surplus of [0x00, 0x80, 0x41]) {
			const odd = Buffer.concat([SPS_HD, Buffer.of(surplus)]);
			expect(parseSps(odd)).toEqual(parseSps(SPS_HD));
			const rtp = new RtpWriter();
			const watching = await watch();
			(await watching.playing()).frames([
				rtp.write(stap(odd, PPS_HD), 0),
				rtp.write(idr(1), 0, true),
				rtp.write(END, 0),
			]);
			expect((await watching.pictures(1)).map(show)).toEqual(["K1"]);
			expect(watching.witness.tracks).toMatchObject([{ video: { codec: "avc1.640028", width: 1920, height: 1080 } }]);
		}
	});
});

describe("H.265, where a camera sends nothing else", () => {
	const sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:track1\r\n";
	it("S03, P02: sets come late and in band, the marker is never set, pictures are cut by content", async () => {
		const rtp = new RtpWriter();
		const nals = [hevcSlice(Slice.trail, 1), VPS, HEVC_SPS, HEVC_PPS, hevcSlice(Slice.idr, 2)];
		nals.push(hevcSlice(Slice.idr, 3, false), hevcSlice(Slice.trail, 4), hevcSlice(Slice.trail, 5));
		const watching = await watch({ sdp });
		(await watching.playing()).frames(nals.map((nal) => rtp.write(nal, 0)));
		expect((await watching.pictures(2)).map(show)).toEqual(["K2+3", "4"]);
		expect(watching.witness.tracks).toMatchObject([{ video: { codec: "hvc1.1.6.L60.90", width: 320, height: 240 } }]);
	});
	it("P01: a whole byte stream in fragments of one unit", async () => {
		const rtp = new RtpWriter({ ssrc: 0 });
		const whole = annexB(VPS, HEVC_SPS, HEVC_PPS, hevcSlice(Slice.idr, 1));
		const packets = [...rtp.picture(hevcFragments(whole, 25), 0), rtp.write(hevcSlice(Slice.trail, 2), TICKS)];
		const watching = await watch({ sdp });
		(await watching.playing()).frames(packets);
		expect((await watching.pictures(1)).map(show)).toEqual(["K1"]);
	});
	it("in an order of its own is refused in words", async () => {
		const { witness } = await watch({ sdp: `${sdp}a=fmtp:96 sprop-max-don-diff=2\r\n` });
		await witness.until(({ states }) => states.at(-1) === "stream-unsupported");
		expect(witness.details.at(-1)).toContain("Choose H.264");
	});
});
