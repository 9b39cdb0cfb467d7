import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { cameraSource } from "@mivisus/agent/camera";
import type { MediaTracks } from "@mivisus/agent/publish/media";
import type { Page } from "playwright-core";
import { afterEach, expect, it } from "vitest";
import { startGstCamera } from "../cameras/gst.ts";
import { Witness } from "../cameras/witness.ts";
import { openWindow } from "./stage.ts";
import { openChromium } from "./system.ts";

const CAMERA = { user: "viewer", password: "test-camera" };
/** In a row, and some more, because both readers begin at a key picture of their own. */
const PICTURES = 200;
const MARGIN = 60;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** CRC-32 of the luma plane of each picture that ffmpeg decodes, reading the camera by itself. */
function ffmpegPictures(port: number, path: string): { sums: string[]; begun: Promise<unknown> } {
	const address = `rtsp://${CAMERA.user}:${CAMERA.password}@127.0.0.1:${port}${path}`;
	const input = ["-loglevel", "fatal", "-rtsp_transport", "tcp", "-i", address];
	const output = ["-an", "-vsync", "passthrough", "-vf", "extractplanes=y", "-f", "framehash", "-hash", "CRC32"];
	const child = spawn("ffmpeg", ["-nostdin", ...input, ...output, "-flush_packets", "1", "pipe:1"], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const ended = once(child, "exit");
	ends.push(async () => {
		child.kill("SIGTERM");
		await ended;
	});
	const sums: string[] = [];
	const lines = createInterface({ input: child.stdout });
	const begun = once(lines, "line");
	lines.on("line", (line) => {
		const sum = /^0,.*,\s*([0-9a-f]{8})$/.exec(line)?.[1];
		if (sum) sums.push(sum);
	});
	return { sums, begun };
}

/** A page where WebCodecs work: a browser gives them to secure places only. */
async function securePage(): Promise<Page> {
	const server = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html>"));
	await once(server.listen(0, "localhost"), "listening");
	ends.push(async () => server.close());
	const browser = await openChromium();
	ends.push(() => browser.close());
	const page = await openWindow(browser);
	await page.goto(`http://localhost:${(server.address() as AddressInfo).port}`);
	return page;
}

/** CRC-32 of the luma plane of each picture that the browser decodes of these units. */
function browserPictures(page: Page, { video }: MediaTracks, units: { data: Uint8Array; key: boolean }[]) {
	const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
	const chunks = units.map(({ data, key }) => ({ key, data: base64(data) }));
	const config = { codec: video.codec, description: base64(video.description ?? new Uint8Array()) };
	return page.evaluate(
		async ({ config, chunks }) => {
			const table = Array.from({ length: 256 }, (_, n) => {
				let value = n;
				for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
				return value >>> 0;
			});
			// Methods, because the runner wraps named functions in a helper that a page does not have.
			const tools = {
				bytes: (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
				async sum(frame: VideoFrame) {
					const { width, height } = frame.visibleRect ?? { width: 0, height: 0 };
					const plane = new Uint8Array(frame.allocationSize());
					const [{ offset, stride }] = (await frame.copyTo(plane)) as [PlaneLayout];
					frame.close();
					let crc = 0xffffffff;
					for (let y = 0; y < height; y++) {
						const end = offset + y * stride + width;
						for (let at = end - width; at < end; at++) crc = (table[(crc ^ (plane[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8);
					}
					return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
				},
			};
			const sums: Promise<string>[] = [];
			const failures: string[] = [];
			const decoder = new VideoDecoder({
				output: (frame) => void sums.push(tools.sum(frame)),
				error: ({ message }) => void failures.push(message),
			});
			decoder.configure({
				codec: config.codec,
				description: tools.bytes(config.description),
				optimizeForLatency: true,
			});
			for (const [n, { key, data }] of chunks.entries()) {
				decoder.decode(
					new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp: n * 40_000, data: tools.bytes(data) }),
				);
				// Not more at a time than a decoder holds.
				while (decoder.decodeQueueSize > 4) await new Promise((resolve) => setTimeout(resolve, 5));
				await Promise.all(sums.slice(-4));
			}
			await decoder.flush();
			return { sums: await Promise.all(sums), failures };
		},
		{ config, chunks },
	);
}

it("H.264: the pictures that Chromium decodes of the agent's units are those that ffmpeg decodes of the camera, bit by bit", async () => {
	const camera = await startGstCamera({ ...CAMERA, audio: "none" });
	ends.push(() => camera.stop());
	const page = await securePage();
	const reference = ffmpegPictures(camera.port, camera.path);
	await reference.begun;
	const url = { scheme: "rtsp" as const, host: "127.0.0.1", port: camera.port, path: camera.path };
	const source = cameraSource({ v: 1, url, ...CAMERA }, "tcp", { info: () => {}, warn: () => {} });
	ends.push(() => source.stop());
	const witness = new Witness();
	source.start(witness.listener);
	await witness.until(({ pictures }) => pictures.length >= PICTURES + MARGIN);
	await source.stop();
	const { sums, failures } = await browserPictures(page, witness.tracks[0]!, witness.pictures);
	expect(failures).toEqual([]);
	expect(sums).toHaveLength(witness.pictures.length);
	expect(new Set(sums).size).toBe(sums.length);
	const from = reference.sums.indexOf(sums[0]!);
	expect(from).toBeGreaterThanOrEqual(0);
	expect(reference.sums.length - from).toBeGreaterThanOrEqual(PICTURES);
	expect(sums.slice(0, PICTURES)).toEqual(reference.sums.slice(from, from + PICTURES));
}, 60_000);
