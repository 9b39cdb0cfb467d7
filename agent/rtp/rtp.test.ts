import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeRtp, parseRtp, parseSenderReport, type RtpPacket } from "./packet.ts";
import { RtpReceiver } from "./receiver.ts";
import { ReorderWindow, serialDistance } from "./reorder.ts";
import { TickExtender, Timeline } from "./timeline.ts";

const packets = fc.record({
	payloadType: fc.integer({ min: 0, max: 127 }),
	marker: fc.boolean(),
	sequence: fc.integer({ min: 0, max: 0xffff }),
	timestamp: fc.integer({ min: 0, max: 0xffffffff }),
	ssrc: fc.integer({ min: 0, max: 0xffffffff }),
	payload: fc.uint8Array({ maxLength: 200 }),
});
const packet = (sequence: number, more: Partial<RtpPacket> = {}): RtpPacket => ({
	payloadType: 96,
	marker: false,
	sequence: sequence & 0xffff,
	timestamp: 0,
	ssrc: 1,
	payload: new Uint8Array(0),
	...more,
});

describe("packets", () => {
	it("what is written is read again", () => {
		fc.assert(fc.property(packets, (value) => void expect(parseRtp(encodeRtp(value))).toEqual(value)));
	});
	it("contributors, extension and padding are left out of the payload", () => {
		fc.assert(
			fc.property(
				packets,
				fc.nat(15),
				fc.nat(4),
				fc.integer({ min: 1, max: 255 }),
				(value, sources, words, padding) => {
					const plain = encodeRtp(value);
					const extension = new Uint8Array(4 + words * 4).fill(0xee);
					new DataView(extension.buffer).setUint16(2, words);
					const bytes = new Uint8Array([
						...plain.subarray(0, 12),
						...new Uint8Array(sources * 4),
						...extension,
						...value.payload,
						...new Uint8Array(padding - 1),
						padding,
					]);
					bytes[0] = 0x80 | 0x20 | 0x10 | sources;
					expect(parseRtp(bytes)).toEqual(value);
				},
			),
		);
	});
	it("padding bit set with a count of 0 means no padding; more padding than payload is no packet", () => {
		const bytes = encodeRtp(packet(1, { payload: Uint8Array.of(5, 0) }));
		bytes[0] = 0xa0;
		expect(parseRtp(bytes)?.payload).toEqual(Uint8Array.of(5, 0));
		bytes[13] = 3;
		expect(parseRtp(bytes)).toBeUndefined();
	});
	it("random bytes never throw", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
				parseRtp(bytes);
				parseSenderReport(bytes);
				if (bytes.length > 1) parseSenderReport(Uint8Array.of(0x80, 200, ...bytes));
			}),
		);
	});
	it("a sender report is found behind other reports; a camera without a clock reports nothing", () => {
		const report = new DataView(new ArrayBuffer(8 + 28));
		report.setUint32(0, 0x80c90001);
		report.setUint32(8, 0x80c80006);
		report.setUint32(12, 77);
		report.setUint32(16, 2_208_988_800 + 1000);
		report.setUint32(20, 2 ** 31);
		report.setUint32(24, 4_000_000_000);
		const bytes = new Uint8Array(report.buffer);
		expect(parseSenderReport(bytes)).toEqual({ ssrc: 77, cameraUs: 1_000_500_000, timestamp: 4_000_000_000 });
		report.setUint32(16, 0);
		expect(parseSenderReport(bytes)).toBeUndefined();
	});
});

const run = (sequences: number[], options = { maxPackets: 16, maxWaitMs: 50 }) => {
	const window = new ReorderWindow<RtpPacket>(options);
	const out = sequences.flatMap((sequence, index) => window.push(packet(sequence), index));
	out.push(...window.expire(1e9));
	return out.map(({ packet, lost }) => (lost > 0 ? `${packet.sequence} after ${lost} lost` : packet.sequence));
};

describe("P04: sequence numbers wrap", () => {
	it("serial arithmetic", () => {
		expect([serialDistance(0, 65535), serialDistance(65535, 0), serialDistance(2, 65533)]).toEqual([1, -1, 5]);
	});
	it.each<[string, number[], (number | string)[]]>([
		["over the wrap in order", [65534, 65535, 0, 1], [65534, 65535, 0, 1]],
		["swapped at the wrap", [65534, 0, 65535, 1], [65534, 65535, 0, 1]],
		["a duplicate vanishes", [65535, 0, 0, 1, 0], [65535, 0, 1]],
		["a gap over the wrap is four lost, not 65532 late", [65533, 2], [65533, "2 after 4 lost"]],
		["a late one from 500 back vanishes", [600, 601, 101, 602], [600, 601, 602]],
		["a stray one from far away vanishes", [600, 601, 40000, 602], [600, 601, 602]],
		["a new numbering is taken up", [600, 601, 40000, 40001, 40002], [600, 601, "40001 after 1 lost", 40002]],
	])("%s", (_name, input, output) => expect(run(input)).toEqual(output));

	it("neighbours that swap all the time are no loss", () => {
		const input = Array.from({ length: 400 }, (_, n) => (65400 + (n ^ 1)) & 0xffff);
		// The first of all may be the second one sent: what came before the first is not known.
		expect(run([65399, ...input])).toEqual([65399, ...Array.from({ length: 400 }, (_, n) => (65400 + n) & 0xffff)]);
	});
	it("any order within the window comes out sorted, each once, and nothing is counted lost", () => {
		const shuffles = fc.array(fc.nat(7), { minLength: 40, maxLength: 40 });
		fc.assert(
			fc.property(fc.nat(0xffff), shuffles, fc.array(fc.nat(39)), (first, jitter, doubles) => {
				const order = jitter.map((shift, n) => ({ n, at: n + shift })).sort((a, b) => a.at - b.at || a.n - b.n);
				const input = [first - 1, ...order.map(({ n }) => first + n), ...doubles.map((n) => first + n)];
				expect(run(input, { maxPackets: 64, maxWaitMs: 1000 })).toEqual(
					Array.from({ length: 41 }, (_, n) => (first - 1 + n) & 0xffff),
				);
			}),
		);
	});
	it("holds back at most its number, and at most its time", () => {
		const window = new ReorderWindow<RtpPacket>({ maxPackets: 3, maxWaitMs: 50 });
		window.push(packet(1), 0);
		for (const n of [3, 4, 5]) expect(window.push(packet(n), 0)).toEqual([]);
		expect(window.push(packet(6), 0).map(({ packet, lost }) => [packet.sequence, lost])).toEqual([
			[3, 1],
			[4, 0],
			[5, 0],
			[6, 0],
		]);
		window.push(packet(8), 100);
		expect(window.expire(149)).toEqual([]);
		expect(window.expire(150)).toHaveLength(1);
		expect(window.held).toBe(0);
	});
	it("over TCP nothing waits", () =>
		expect(run([1, 3, 4], { maxPackets: 0, maxWaitMs: 0 })).toEqual([1, "3 after 1 lost", 4]));
});

describe("receiving one track", () => {
	it("P01: sender 0 is legal; another payload type or a passing stranger is left out", () => {
		const receiver = new RtpReceiver(96, "tcp");
		const push = (value: RtpPacket) => receiver.push(encodeRtp(value), 0).map(({ packet }) => packet.sequence);
		expect(push(packet(1, { ssrc: 0 }))).toEqual([1]);
		expect(push(packet(9, { ssrc: 0, payloadType: 50 }))).toEqual([]);
		expect(push(packet(2, { ssrc: 5 }))).toEqual([]);
		expect(push(packet(2, { ssrc: 0 }))).toEqual([2]);
	});
	it("a camera that changes its sender for good is followed, as a loss", () => {
		const receiver = new RtpReceiver(96, "tcp");
		receiver.push(encodeRtp(packet(1)), 0);
		const out = Array.from({ length: 10 }, (_, n) => receiver.push(encodeRtp(packet(500 + n, { ssrc: 2 })), 0)).flat();
		expect(out[0]).toMatchObject({ packet: { ssrc: 2 }, lost: 1 });
		expect(out.length).toBe(3);
	});
	it("bytes lost on the connection show at the next packet, once", () => {
		const receiver = new RtpReceiver(96, "tcp");
		receiver.push(encodeRtp(packet(1)), 0);
		receiver.markLost();
		expect(receiver.push(encodeRtp(packet(2)), 0)[0]?.lost).toBe(1);
		expect(receiver.push(encodeRtp(packet(3)), 0)[0]?.lost).toBe(0);
	});
});

const BASE_MS = 1_790_000_000_000;
const start = (more: object = {}) => new Timeline({ clockRate: 90000, afterUs: 0, ...more });

describe("P05: 32-bit timestamps wrap", () => {
	it("extends forth over the wrap and a little back before the base", () => {
		const ticks = new TickExtender();
		expect(ticks.extend(2)).toBe(2);
		expect(ticks.near(2 ** 32 - 1)).toBe(-1);
		expect(ticks.extend(2 ** 32 - 1)).toBe(-1);
		expect(ticks.extend(5)).toBe(5);
		const high = new TickExtender();
		high.extend(2 ** 32 - 10);
		expect([high.extend(20), high.extend(2 ** 32 - 5), high.extend(30)]).toEqual([
			2 ** 32 + 20,
			2 ** 32 - 5,
			2 ** 32 + 30,
		]);
	});
	it("pictures go on evenly over the wrap, and sound keeps its distance, whichever side the reports are on", () => {
		for (const reportAt of [2 ** 32 - 9000, 9000 - 4500]) {
			const video = start();
			const audio = start({ clockRate: 8000, leader: video });
			const out: number[] = [];
			const distance: number[] = [];
			for (let n = 0; n < 100; n++) {
				const ms = BASE_MS + n * 40;
				out.push(video.map((2 ** 32 - 90000 + n * 3600) % 2 ** 32, ms));
				distance.push(audio.map(1000 + n * 320, ms) - out.at(-1)!);
				// Both reports name the same instant of the camera's clock: that of picture 22.5, and 23.75.
				const at = ((reportAt - (2 ** 32 - 90000) + 2 ** 32) % 2 ** 32) / 90000;
				if (n === 24) {
					video.report({ ssrc: 1, cameraUs: 5_000_000 + at * 1e6, timestamp: reportAt });
					audio.report({ ssrc: 2, cameraUs: 5_000_000 + at * 1e6, timestamp: 1000 + at * 8000 });
				}
			}
			expect(new Set(out.slice(1).map((us, n) => us - out[n]!))).toEqual(new Set([40_000]));
			for (const us of distance) expect(Math.abs(us)).toBeLessThan(2);
		}
	});
	it("sound that began beside its picture is led to it within seconds", () => {
		const video = start();
		const audio = start({ clockRate: 8000, leader: video });
		let apartUs = 0;
		for (let n = 0; n < 250; n++) {
			const ms = BASE_MS + n * 40;
			// Both were made at once, and the sound came 85 ms later.
			const us = video.map(n * 3600, ms);
			apartUs = audio.map(n * 320, ms + 85) - us;
			if (n === 1) {
				video.report({ ssrc: 1, cameraUs: 1e9, timestamp: 0 });
				audio.report({ ssrc: 2, cameraUs: 1e9, timestamp: 0 });
			}
		}
		expect(Math.abs(apartUs)).toBeLessThan(100);
	});
	it("stays in safe integers and strictly increases, whatever comes", () => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(fc.nat(0xffffffff), fc.integer({ min: -2000, max: 20000 })), { maxLength: 60 }),
				(steps) => {
					const timeline = start();
					let ms = BASE_MS;
					let last = 0;
					for (const [timestamp, passed] of steps) {
						ms += passed;
						const us = timeline.map(timestamp, ms);
						expect(Number.isSafeInteger(us)).toBe(true);
						expect(us).toBeGreaterThan(last);
						last = us;
					}
				},
			),
		);
	});
});

describe("P03: timestamps that leap", () => {
	const play = (stamps: number[], gapMs = 40) => {
		const timeline = start();
		return stamps.map(
			(ticks, n) => timeline.map(((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32, BASE_MS + n * gapMs) / 1000 - BASE_MS,
		);
	};
	it.each([-9800, 37600])(
		"every 50th picture %i s away: stamped next to its neighbour, the rest undisturbed",
		(awayS) => {
			const out = play(Array.from({ length: 200 }, (_, n) => 1e6 + n * 3600 + (n % 50 === 49 ? awayS * 90000 : 0)));
			out.forEach((ms, n) => {
				expect(Math.abs(ms - n * 40)).toBeLessThan(1);
			});
		},
	);
	it("a leap that stays is the new line from its third picture on", () => {
		const out = play(Array.from({ length: 60 }, (_, n) => n * 3600 + (n >= 20 ? -30000 * 90000 : 0)));
		out.forEach((ms, n) => {
			expect(Math.abs(ms - n * 40)).toBeLessThan(1);
		});
	});
	it("a pause of the network is not a leap: what was late keeps its own time", () => {
		const timeline = start();
		const at = (n: number, ms: number) => timeline.map(n * 3600, BASE_MS + ms) / 1000 - BASE_MS;
		for (let n = 0; n < 50; n++) at(n, n * 40);
		for (let n = 50; n < 125; n++) expect(Math.abs(at(n, 5000) - n * 40)).toBeLessThan(10);
	});
	it("a camera clock that is 200 ppm off stays with the wall clock", () => {
		const timeline = start();
		let ms = 0;
		for (let n = 0; n < 25 * 3600; n++)
			ms = timeline.map((n * 3600) % 2 ** 32, BASE_MS + n * 40 * 1.0002) / 1000 - BASE_MS;
		expect(Math.abs(ms - 25 * 3600 * 40 * 1.0002)).toBeLessThan(80);
	});
	it("a first picture that came late does not put the ones after it into the future", () => {
		const timeline = start();
		for (let n = 0; n < 200; n++) {
			const arrivedMs = BASE_MS + n * 40 + (n === 0 ? 60 : 20 + (n % 3));
			const aheadUs = timeline.map(n * 3600, arrivedMs) - arrivedMs * 1000;
			expect(aheadUs).toBeLessThan(n > 60 ? 1 : 41_000);
			if (n > 60) expect(aheadUs).toBeGreaterThan(-5000);
		}
	});
	it("a burst of old pictures at the start is not stretched into the future", () => {
		const timeline = start();
		for (let n = 0; n < 50; n++) expect(timeline.map(n * 3600, BASE_MS) - BASE_MS * 1000).toBeLessThan(21_000);
		expect(Math.abs(timeline.map(50 * 3600, BASE_MS + 40) - (BASE_MS + 40) * 1000)).toBeLessThan(21_000);
	});
	it("a wall clock that is set back by an hour does not stop the pictures", () => {
		const timeline = start();
		const stamps = Array.from({ length: 100 }, (_, n) =>
			timeline.map(n * 3600, BASE_MS + n * 40 - (n > 50 ? 3_600_000 : 0)),
		);
		for (const [n, us] of stamps.slice(1).entries()) expect(us - stamps[n]!).toBeGreaterThan(39_000);
	});
	it("goes on after what another session said", () => {
		const timeline = start({ afterUs: BASE_MS * 1000 + 5000 });
		expect(timeline.map(7, BASE_MS)).toBe(BASE_MS * 1000 + 5001);
	});
});
