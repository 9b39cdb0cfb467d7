import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { cameraSource } from "@mivisus/agent/camera";
import { readJpeg } from "@mivisus/agent/codecs/testing/jpeg";
import { afterEach, expect, it } from "vitest";
import { type GstCameraOptions, startGstCamera } from "./gst.ts";
import { Witness } from "./witness.ts";

const CAMERA = { user: "viewer", password: "test-camera" };
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A real camera that sends these formats, and the agent that reads it. */
async function watch(formats: Pick<GstCameraOptions, "video" | "audio">) {
	const camera = await startGstCamera({ ...CAMERA, ...formats });
	ends.push(() => camera.stop());
	const url = { scheme: "rtsp" as const, host: "127.0.0.1", port: camera.port, path: camera.path };
	const source = cameraSource({ v: 1, url, ...CAMERA }, "tcp", { info: () => {}, warn: () => {} });
	const witness = new Witness();
	ends.push(() => source.stop());
	return { camera, witness, start: () => source.start(witness.listener) };
}

/** A copy of the camera's stream that ffmpeg makes at the same time. */
function ffmpegCopy(port: number, path: string, form: readonly string[]) {
	const address = `rtsp://${CAMERA.user}:${CAMERA.password}@127.0.0.1:${port}${path}`;
	const input = ["-loglevel", "fatal", "-rtsp_transport", "tcp", "-i", address];
	const output = ["-an", "-c", "copy", ...form, "-flush_packets", "1", "pipe:1"];
	const child = spawn("ffmpeg", ["-nostdin", ...input, ...output], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const chunks: Buffer[] = [];
	child.stdout.on("data", (chunk) => chunks.push(chunk));
	const ended = once(child, "exit");
	const stop = async () => {
		child.kill("SIGTERM");
		await ended;
	};
	ends.push(stop);
	return {
		begun: once(child.stdout, "data"),
		/** What came until now. */
		stop: async () => {
			await stop();
			return Buffer.concat(chunks);
		},
	};
}
function nalUnits(stream: Buffer): Buffer[] {
	const mark = Buffer.of(0, 0, 1);
	const found: Buffer[] = [];
	for (let at = stream.indexOf(mark); at >= 0; ) {
		const next = stream.indexOf(mark, at + 3);
		let end = next < 0 ? stream.length : next;
		while (stream[end - 1] === 0) end -= 1;
		found.push(stream.subarray(at + 3, end));
		at = next;
	}
	return found;
}
/** H.265 NAL units as pictures with lengths instead of start codes: each begins with its first slice or what leads it. */
function pictures(nals: Buffer[]): Buffer[] {
	const PREFIX_SEI = 39;
	const found: Buffer[][] = [];
	let hasSlice = true;
	for (const nal of nals) {
		const type = (nal[0]! >> 1) & 0x3f;
		const first = type < 32 && (nal[2]! & 0x80) !== 0;
		if (hasSlice && (first || type === PREFIX_SEI)) {
			found.push([]);
			hasSlice = false;
		}
		if (type < 32) hasSlice = true;
		const length = Buffer.alloc(4);
		length.writeUInt32BE(nal.length);
		found.at(-1)?.push(length, nal);
	}
	return found.map((parts) => Buffer.concat(parts));
}

/** An hvcC's parameter sets (ISO/IEC 14496-15, section 8.3.3.1). */
function setsOf(description: Uint8Array): Buffer[] {
	const bytes = Buffer.from(description);
	const found: Buffer[] = [];
	let at = 23;
	for (let arrays = bytes[22]!; arrays > 0; arrays--) {
		let nals = bytes.readUInt16BE(at + 1);
		for (at += 3; nals > 0; nals--) {
			const end = at + 2 + bytes.readUInt16BE(at);
			found.push(bytes.subarray(at + 2, end));
			at = end;
		}
	}
	return found;
}
/** How many pictures ffmpeg decodes of an H.265 byte stream; it must find no fault. */
async function decoded(nals: Buffer[]): Promise<number> {
	const options = ["-nostdin", "-loglevel", "error", "-xerror", "-f", "hevc", "-i", "pipe:0", "-f", "framemd5", "-"];
	const child = spawn("ffmpeg", options, { stdio: ["pipe", "pipe", "pipe"] });
	child.stdin.on("error", () => {});
	child.stdin.end(Buffer.concat(nals.flatMap((nal) => [Buffer.of(0, 0, 0, 1), nal])));
	const [lines, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
	expect(complaint).toBe("");
	return lines.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
}
function unprefixed(unit: Buffer): Buffer[] {
	const found: Buffer[] = [];
	for (let at = 0; at < unit.length; ) {
		const end = at + 4 + unit.readUInt32BE(at);
		found.push(unit.subarray(at + 4, end));
		at = end;
	}
	return found;
}

it("H.265: access units are those of ffmpeg's copy of the same stream, byte by byte", async () => {
	const { camera, witness, start } = await watch({ video: "h265", audio: "none" });
	// As a byte stream (Annex B), without parameter sets and delimiters.
	const form = ["-bsf:v", "filter_units=remove_types=32-35", "-f", "hevc"];
	const copy = ffmpegCopy(camera.port, camera.path, form);
	await copy.begun;
	start();
	await witness.until(({ pictures }) => pictures.length >= 210);
	const copied = pictures(nalUnits(await copy.stop()));
	const own = witness.pictures.map(({ data }) => Buffer.from(data));
	expect(witness.tracks).toMatchObject([
		{ video: { codec: expect.stringMatching(/^hvc1\.1\.6\.L\d+\.[0-9A-F.]+$/), width: 640, height: 360 } },
	]);
	const from = copied.findIndex((picture) => picture.equals(own[0]!));
	expect(from).toBeGreaterThanOrEqual(0);
	// ffmpeg was stopped in the middle of its last picture.
	const both = Math.min(own.length, copied.length - from - 1);
	expect(both).toBeGreaterThanOrEqual(200);
	for (let n = 0; n < both; n++) expect(own[n]!.equals(copied[from + n]!), `picture ${n}`).toBe(true);
	const sets = setsOf(witness.tracks[0]!.video.description!);
	expect(await decoded([...sets, ...own.flatMap(unprefixed)])).toBe(own.length);
	const keys = witness.pictures.flatMap(({ key }, n) => (key ? [n] : []));
	expect(keys.slice(0, 4)).toEqual([0, 50, 100, 150]);
});

it("MJPEG: pictures have the scans and the tables of ffmpeg's copy of the same stream, and groups hold a second", async () => {
	const { camera, witness, start } = await watch({ video: "jpeg", audio: "none" });
	const copy = ffmpegCopy(camera.port, camera.path, ["-f", "mjpeg"]);
	await copy.begun;
	start();
	await witness.until(({ pictures }) => pictures.length >= 100);
	const files = await copy.stop();
	const starts = (at = files.indexOf(Buffer.of(0xff, 0xd8, 0xff))): number[] =>
		at < 0 ? [] : [at, ...starts(files.indexOf(Buffer.of(0xff, 0xd8, 0xff), at + 3))];
	const all = starts();
	// ffmpeg writes an end behind the one that the camera sent.
	const copied = all.slice(0, -1).map((at, n) => readJpeg(files.subarray(at, all[n + 1]! - 2)));
	const own = witness.pictures.map(({ data }) => readJpeg(data));
	const from = copied.findIndex(({ scan }) => Buffer.compare(scan, own[0]!.scan) === 0);
	expect(from).toBeGreaterThanOrEqual(0);
	const both = Math.min(own.length, copied.length - from);
	expect(both).toBeGreaterThanOrEqual(80);
	for (let n = 0; n < both; n++) expect(own[n], `picture ${n}`).toEqual(copied[from + n]);
	expect(witness.tracks).toEqual([{ video: { codec: "jpeg", width: 640, height: 360 } }]);
	const begun = witness.pictures.filter(({ key }) => key).map(({ timestampUs }) => timestampUs);
	expect(begun.length).toBeGreaterThanOrEqual(3);
	for (const [n, us] of begun.slice(1).entries()) expect(us - begun[n]!).toBeGreaterThanOrEqual(1_000_000);
});

it.each([
	["aac", { codec: "mp4a.40.2", sampleRate: 48_000, numberOfChannels: 1 }],
	["latm", { codec: "mp4a.40.2", sampleRate: 48_000, numberOfChannels: 1 }],
	["opus", { codec: "opus", sampleRate: 48_000, numberOfChannels: 2 }],
] as const)("sound as %s: pieces come at the pace of the camera, beside the pictures", async (audio, config) => {
	const { witness, start } = await watch({ audio });
	start();
	await witness.until(({ sounds }) => sounds.length >= 60);
	expect(witness.tracks.at(-1)?.audio).toMatchObject(config);
	const { sounds, pictures } = witness;
	const pieceMs = audio === "opus" ? 20 : 1024 / 48;
	const lastMs = (sounds.at(-1)!.timestampUs - sounds[0]!.timestampUs) / 1000;
	expect(Math.abs(lastMs - (sounds.length - 1) * pieceMs)).toBeLessThan(150);
	expect(Math.abs(sounds.at(-1)!.timestampUs - pictures.at(-1)!.timestampUs)).toBeLessThan(1_000_000);
});
