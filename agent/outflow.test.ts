import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Outflow } from "./outflow.ts";
import { wallClock } from "./privacy.ts";
import { HeldClock } from "./testing/held-clock.ts";

let home: string;
let clock: HeldClock;
const paris = wallClock("Europe/Paris");
const open = () => new Outflow(join(home, "outflow.json"), clock, (ms) => paris(ms).date);
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "mivisus-outflow-"));
	clock = new HeldClock();
	clock.ms = Date.parse("2026-11-27T12:00:00Z");
});
afterEach(() => rmSync(home, { recursive: true }));

it("A09: says when the last picture left and how many bytes today, per camera and in all; sound is no picture", () => {
	const outflow = open();
	expect(outflow.of("a")).toEqual({ lastPictureMs: undefined, todayBytes: 0 });
	outflow.sent("a", 100, "video");
	const pictureMs = clock.ms;
	clock.ms += 5000;
	outflow.sent("a", 10, "audio");
	outflow.sent("b", 7, "audio");
	expect(outflow.of("a")).toEqual({ lastPictureMs: pictureMs, todayBytes: 110 });
	expect(outflow.of("b")).toEqual({ lastPictureMs: undefined, todayBytes: 7 });
	expect(outflow.all).toEqual({ lastPictureMs: pictureMs, todayBytes: 117 });
});
it("the day turns at midnight of the house, not of UTC; the last picture's time stays", () => {
	const outflow = open();
	clock.ms = Date.parse("2026-11-27T22:59:59Z");
	outflow.sent("a", 100, "video");
	expect(outflow.of("a").todayBytes).toBe(100);
	clock.ms += 1000;
	expect(outflow.of("a")).toEqual({ lastPictureMs: clock.ms - 1000, todayBytes: 0 });
	outflow.sent("a", 1, "audio");
	expect(outflow.all.todayBytes).toBe(1);
});
it("survives a restart, is written at most once a minute, and only its owner can read it", () => {
	const first = open();
	first.sent("a", 100, "video");
	first.sent("a", 100, "video");
	expect(readdirSync(home)).toEqual([]);
	expect(clock.timers.size).toBe(1);
	clock.advance(60_000);
	expect(statSync(join(home, "outflow.json")).mode & 0o777).toBe(0o600);
	expect(open().of("a").todayBytes).toBe(200);
	first.sent("a", 5, "video");
	first.save();
	expect(clock.timers.size).toBe(0);
	expect(open().of("a").todayBytes).toBe(205);
	clock.ms += 86_400_000;
	expect(open().of("a")).toEqual({ lastPictureMs: Date.parse("2026-11-27T12:01:00Z"), todayBytes: 0 });
});
it("a damaged file, or a folder that cannot be written, costs the count and nothing else", () => {
	writeFileSync(join(home, "outflow.json"), '{"v":1,"date":7');
	const outflow = open();
	outflow.sent("a", 3, "video");
	outflow.save();
	expect(open().of("a").todayBytes).toBe(3);
	const lost = new Outflow(join("/dev/null", "outflow.json"), clock, () => "");
	lost.sent("a", 3, "video");
	lost.save();
	expect(lost.of("a").todayBytes).toBe(3);
});
it("does not grow with cameras that come and go", () => {
	const outflow = open();
	for (let day = 0; day < 5; day++) {
		for (let i = 0; i < 64; i++) outflow.sent(`${day}-${i}`, 1, "video");
		clock.ms += 86_400_000;
		outflow.all;
	}
	outflow.sent("x", 1, "video");
	outflow.save();
	expect(open().of("4-0").lastPictureMs).toBeGreaterThan(0);
	expect(open().of("0-0").lastPictureMs).toBeUndefined();
});
