import type { CameraState } from "@mivisus/wire/catalog";
import type { CameraAccess } from "@mivisus/wire/signed";
import { afterEach, describe, expect, it } from "vitest";
import { cameraSource } from "../../agent/camera.ts";
import type { MediaTracks } from "../../agent/publish/broadcast.ts";
import type { Unit } from "../../agent/publish/gop.ts";
import { startDemoCamera } from "../../scripts/demo-camera/server.ts";
import { readTimeCodes, startGstCamera } from "./gst.ts";

const USER = "viewer";
/** Nothing of it may be taken for a part of an address (R01). */
const PASSWORD = "p@ss:a%0X/b?";

const access = (port: number, path: string, password = PASSWORD): CameraAccess => ({
	v: 1,
	url: { scheme: "rtsp", host: "127.0.0.1", port, path },
	user: USER,
	password,
});

/** Ends what a test began, whether it went well or not, the last first. */
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of endings.splice(0).reverse()) await end();
});
const ending = <T>(value: T, end: (value: T) => Promise<unknown>): T => {
	endings.push(() => end(value));
	return value;
};

/** Starts to read a camera and keeps all it says. */
function watch(to: CameraAccess, transport: "auto" | "tcp" | "udp") {
	const logged: string[] = [];
	const write = (...parts: unknown[]) => void logged.push(JSON.stringify(parts));
	const source = ending(cameraSource(to, transport, { info: write, warn: write }), (started) => started.stop());
	const seen = {
		states: [] as CameraState[],
		tracks: [] as MediaTracks[],
		video: [] as (Unit & { arrivedMs: number })[],
		audio: [] as Unit[],
		/** What came in which order. */
		order: [] as string[],
	};
	let changed = () => {};
	const note = (what: string) => {
		seen.order.push(what);
		changed();
	};
	source.start({
		state: (state) => {
			seen.states.push(state);
			note(state.code);
		},
		tracks: (tracks) => {
			seen.tracks.push(tracks);
			note("tracks");
		},
		unit: (kind, unit) => {
			if (kind === "video") seen.video.push({ ...unit, arrivedMs: Date.now() });
			else seen.audio.push(unit);
			note(kind);
		},
	});
	const until = async (condition: () => boolean) => {
		while (!condition()) {
			await new Promise<void>((resolve) => {
				changed = resolve;
			});
		}
	};
	return { source, seen, until, logged, codes: () => seen.states.map(({ code }) => code) };
}

/** Start codes instead of lengths, parameter sets in front: what a decoder takes without a container. */
function byteStream(tracks: MediaTracks, units: readonly Unit[]): Uint8Array {
	const out: Buffer[] = [];
	const add = (nal: Uint8Array) => out.push(Buffer.of(0, 0, 0, 1), Buffer.from(nal));
	const config = Buffer.from(tracks.video.description!);
	// avcC (ISO 14496-15): one SPS at 6 with its length before it, then the count of PPS, then the same.
	const spsEnd = 8 + config.readUInt16BE(6);
	add(config.subarray(8, spsEnd));
	add(config.subarray(spsEnd + 3, spsEnd + 3 + config.readUInt16BE(spsEnd + 1)));
	for (const { data } of units) {
		const bytes = Buffer.from(data);
		for (let at = 0; at < bytes.length; ) {
			const end = at + 4 + bytes.readUInt32BE(at);
			add(bytes.subarray(at + 4, end));
			at = end;
		}
	}
	return Buffer.concat(out);
}
const increases = (units: readonly Unit[]) =>
	units.every(({ timestampUs }, index) => index === 0 || timestampUs > units[index - 1]!.timestampUs);

describe.each(["tcp", "udp"] as const)("a real camera (gst-rtsp-server) over %s", (transport) => {
	it("gives every picture once, in order, whole, with the time at which it was made, and its sound", async () => {
		const camera = ending(await startGstCamera({ user: USER, password: PASSWORD }), ({ stop }) => stop());
		const { seen, until, logged, source } = watch(access(camera.port, camera.path), transport);
		await until(() => seen.video.length >= 120 && seen.audio.length >= 120);
		await source.stop();
		expect(seen.order.slice(0, 1)).toEqual(["waiting"]);
		expect(seen.order.indexOf("tracks")).toBeLessThan(seen.order.indexOf("video"));
		expect(seen.states.at(-1)?.code).toBe("live");

		const [tracks] = seen.tracks;
		expect(seen.tracks).toHaveLength(1);
		expect(tracks).toMatchObject({
			video: { codec: expect.stringMatching(/^avc1\.42[0-9A-Fa-f]{4}$/), width: 640, height: 360 },
			audio: { codec: "mp4a.40.2", sampleRate: 48000, numberOfChannels: 1 },
		});
		expect(seen.video[0]?.key).toBe(true);
		expect(seen.video.filter(({ key }) => key).length).toBeGreaterThanOrEqual(3);
		expect(increases(seen.video)).toBe(true);
		expect(increases(seen.audio)).toBe(true);

		const codes = await readTimeCodes(byteStream(tracks!, seen.video));
		expect(codes).toHaveLength(seen.video.length);
		for (const [index, code] of codes.entries()) {
			const unit = seen.video[index]!;
			expect(code, `picture ${index}`).toBeDefined();
			expect(code!.number).toBe(codes[0]!.number + index);
			// A busy machine makes pictures late; nothing may stamp them before they were made.
			expect(unit.timestampUs / 1000 - code!.madeMs).toBeGreaterThan(-50);
			expect(unit.timestampUs / 1000 - code!.madeMs).toBeLessThan(1000);
			// The first one may be slower than all others, and sets the line until those have shown it.
			if (index >= 25) expect(unit.timestampUs / 1000).toBeLessThan(unit.arrivedMs + 50);
		}
		for (const line of logged) expect(line).not.toMatch(/p@ss|127\.0\.0\.1|viewer/);
	});
	it("hears how its packets arrive: nothing lost, and which of its reports came last", async () => {
		const options = { user: USER, password: PASSWORD, audio: "none" as const };
		const camera = ending(await startGstCamera(options), ({ stop }) => stop());
		const { source } = watch(access(camera.port, camera.path), transport);
		const [first, second] = [await camera.report(), await camera.report()];
		await source.stop();
		expect([first.lost, second.lost]).toEqual([0, 0]);
		expect(second.highest).toBeGreaterThan(first.highest);
		expect(second.lastReport).toBeGreaterThan(0);
	});
});

it("a wrong password is told as one, once, and not tried again at once", async () => {
	const camera = ending(await startGstCamera({ user: USER, password: PASSWORD }), ({ stop }) => stop());
	const { seen, until, codes, logged } = watch(access(camera.port, camera.path, "wrong-word"), "auto");
	await until(() => codes().includes("camera-refused"));
	await new Promise((resolve) => setTimeout(resolve, 1500));
	expect(codes()).toEqual(["waiting", "camera-refused"]);
	expect(JSON.stringify([seen.states, logged])).not.toMatch(/wrong-word|127\.0\.0\.1|rtsp:/);
});

it("a camera without sound, and one with G.711, give what they have", async () => {
	const silent = ending(await startGstCamera({ user: USER, password: PASSWORD, audio: "none" }), ({ stop }) => stop());
	const pcma = ending(await startGstCamera({ user: USER, password: PASSWORD, audio: "pcma" }), ({ stop }) => stop());
	const first = watch(access(silent.port, silent.path), "auto");
	const second = watch(access(pcma.port, pcma.path), "auto");
	await first.until(() => first.seen.video.length > 10);
	await second.until(() => second.seen.audio.length > 10);
	expect(first.seen.tracks[0]?.audio).toBeUndefined();
	expect(second.seen.tracks[0]?.audio).toMatchObject({ codec: "alaw", sampleRate: 8000, numberOfChannels: 1 });
});

it("a camera that goes away is unreachable, and live again by itself when it is back", async () => {
	const options = { user: USER, password: PASSWORD };
	const before = ending(await startDemoCamera({ port: 0, ...options }), ({ stop }) => stop());
	const { seen, until, codes, source } = watch(access(before.port, before.path), "tcp");
	await until(() => seen.video.length > 10);
	await before.stop();
	await until(() => codes().includes("camera-unreachable"));
	const pictures = seen.video.length;
	ending(await startDemoCamera({ port: before.port, ...options }), ({ stop }) => stop());
	await until(() => seen.video.length > pictures + 10);
	expect(codes().filter((code) => code !== "waiting")).toEqual(["live", "camera-unreachable", "live"]);
	expect(seen.video[pictures]?.key).toBe(true);
	expect(increases(seen.video)).toBe(true);
	await source.stop();
	const told = seen.order.length;
	await new Promise((resolve) => setTimeout(resolve, 200));
	expect(seen.order.length).toBe(told);
});

it("nobody at the address is told within the time a person waits", async () => {
	const gone = await startDemoCamera({ port: 0, user: USER, password: PASSWORD });
	await gone.stop();
	const { until, codes, seen } = watch(access(gone.port, gone.path), "auto");
	await until(() => codes().includes("camera-unreachable"));
	expect(seen.states.at(-1)?.detail).not.toMatch(/127\.0\.0\.1|ECONN/);
});

it("a camera killed without a word is unreachable soon", async () => {
	const camera = ending(await startGstCamera({ user: USER, password: PASSWORD }), ({ stop }) => stop());
	const { seen, until, codes } = watch(access(camera.port, camera.path), "udp");
	await until(() => seen.video.length > 10);
	const killedMs = Date.now();
	await camera.stop();
	await until(() => codes().includes("camera-unreachable"));
	expect(Date.now() - killedMs).toBeLessThan(6000);
});

it.each(["tcp", "udp", "auto"] as const)("the demo camera is read over %s at its own pace", async (transport) => {
	const camera = ending(await startDemoCamera({ port: 0, user: USER, password: PASSWORD }), ({ stop }) => stop());
	const { seen, until } = watch(access(camera.port, camera.path), transport);
	await until(() => seen.video.length >= 60);
	expect(seen.tracks).toMatchObject([{ video: { width: 1280, height: 720 } }]);
	const steps = seen.video.slice(1).map(({ timestampUs }, index) => timestampUs - seen.video[index]!.timestampUs);
	// A picture quicker than all before moves the line a little; most keep the camera's pace to the microsecond.
	const even = steps.filter((step) => Math.abs(step - 40_000) <= 100);
	expect(even.length).toBeGreaterThan(steps.length * 0.8);
	expect(increases(seen.video)).toBe(true);
	expect(Math.abs(seen.video[59]!.timestampUs - seen.video[0]!.timestampUs - 59 * 40_000)).toBeLessThan(100_000);
});
