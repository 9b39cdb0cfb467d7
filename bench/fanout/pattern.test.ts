import { expect, it } from "vitest";
import { FPS, MBITS, monotonicMs, readStamp, stamp, templates } from "./pattern.ts";

it("sends 4 Mbit/s with a key frame of five times the others, whatever the length of a group", () => {
	for (const gopSeconds of [2, 4]) {
		const { gopFrames, key, other } = templates(gopSeconds);
		expect(gopFrames).toBe(gopSeconds * FPS);
		expect(key.length).toBe(5 * other.length);
		const mbits = ((key.length + (gopFrames - 1) * other.length) * 8) / 1e6 / gopSeconds;
		expect(mbits).toBeCloseTo(MBITS, 2);
	}
});

it("reads the stamp that it wrote, also in the middle of a buffer, and refuses what has none", () => {
	const frame = new Uint8Array(new ArrayBuffer(64), 3, 40);
	const sentMs = monotonicMs();
	stamp(frame, sentMs, 4_000_000_000);
	stamp(new Uint8Array(12), 1, 1);
	const stamped = { sentMs: 0, sequence: 0 };
	readStamp(frame, stamped);
	expect(stamped).toEqual({ sentMs, sequence: 4_000_000_000 });
	expect(() => readStamp(frame.subarray(0, 11), stamped)).toThrow("a frame of 11 bytes");
});
