/** VLC as a camera: it sends by UDP only and answers TCP with 461. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CameraSource } from "../../agent/camera.ts";
import type { Step } from "../../agent/rtsp/trace.ts";
import { readClip } from "../../scripts/demo-camera/clip.ts";
import { startVlcCamera, type VlcCamera } from "./vlc.ts";

const clip = readClip(readFileSync(new URL("../../scripts/demo-camera/clip.h264", import.meta.url)));
/** Each picture's slice in a form that can be looked up. */
const numbers = new Map(clip.map(({ nals }, index) => [Buffer.from(nals.at(-1)!).toString("latin1"), index]));

/** The last NAL unit of a picture whose units have their lengths before them. */
function lastUnit(data: Uint8Array): Buffer {
	const bytes = Buffer.from(data);
	for (let at = 0; ; ) {
		const end = at + 4 + bytes.readUInt32BE(at);
		if (end >= bytes.length) return bytes.subarray(at + 4, end);
		at = end;
	}
}

let vlc: VlcCamera;
beforeAll(async () => {
	vlc = await startVlcCamera();
});
afterAll(() => vlc.stop());
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0)) await end();
});

function watch(transport: "auto" | "tcp" | "udp") {
	const steps: Step[] = [];
	const states: string[] = [];
	const pictures: (number | undefined)[] = [];
	let changed = () => {};
	const source = new CameraSource({
		access: { v: 1, url: { scheme: "rtsp", host: "127.0.0.1", port: vlc.port, path: vlc.path } },
		transport,
		clock: {
			now: Date.now,
			after: (ms, callback) => {
				const timer = setTimeout(callback, ms);
				return () => clearTimeout(timer);
			},
		},
		log: { info: () => {}, warn: () => {} },
		trace: (step) => void steps.push(step),
	});
	ends.push(() => source.stop());
	const start = () =>
		source.start({
			tracks: () => {},
			unit: (_kind, { data }) => {
				pictures.push(numbers.get(lastUnit(data).toString("latin1")));
				changed();
			},
			state: ({ code }) => {
				states.push(code);
				changed();
			},
		});
	start();
	const until = async (condition: () => boolean) => {
		while (!condition()) {
			await new Promise<void>((resolve) => {
				changed = resolve;
			});
		}
	};
	return { source, start, until, steps, states, pictures };
}
const received = (steps: Step[]) => steps.flatMap(({ received: line }) => (line ? [line.split(" ")[1]] : []));

describe("VLC", () => {
	it.each(["auto", "udp"] as const)("%s: its pictures come by UDP, whole and in order", async (transport) => {
		const { source, until, steps, pictures } = watch(transport);
		await until(() => pictures.length >= 60);
		await source.stop();
		const shown = pictures.slice(0, 60);
		expect(shown).toEqual(shown.map((_, index) => (shown[0]! + index) % clip.length));
		expect(received(steps).includes("461")).toBe(transport === "auto");
		expect(steps.at(-2)?.sent).toContain("TEARDOWN");
	});
	it("TCP alone ends in words", async () => {
		const { until, states } = watch("tcp");
		await until(() => states.includes("stream-unsupported"));
	});
	it("what worked is remembered: the next time TCP is not tried first", async () => {
		const { source, start, until, steps, pictures } = watch("auto");
		await until(() => pictures.length > 0);
		await source.stop();
		const before = steps.length;
		pictures.length = 0;
		start();
		await until(() => pictures.length > 0);
		expect(received(steps.slice(before))).not.toContain("461");
	});
});
