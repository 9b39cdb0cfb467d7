import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_JITTER_MS, MAX_OPEN_FRAMES } from "./limits.ts";
import { Pacer } from "./pacing.ts";
import { Presenter } from "./presenter.ts";
import { SoundClock } from "./sound-clock.ts";

/** Epoch microseconds, as an agent stamps them. */
const EPOCH_US = 1.8e15;
const at = (ms: number) => EPOCH_US + ms * 1000;

describe("the pacer", () => {
	it("shows a steady stream as it comes", () => {
		const pacer = new Pacer();
		for (let ms = 0; ms < 2000; ms += 40) {
			pacer.arrived(at(ms), 500 + ms);
			expect(pacer.dueMs(at(ms))).toBeCloseTo(500 + ms, 0);
		}
		expect(pacer.behindMs).toBeCloseTo(0, 0);
	});
	it("takes small jitter away: pictures are due at even distances", () => {
		const pacer = new Pacer();
		const due: number[] = [];
		for (let n = 0; n < 100; n += 1) {
			pacer.arrived(at(n * 40), n * 40 + (n % 2) * 30);
			due.push(pacer.dueMs(at(n * 40)));
		}
		const gaps = due.slice(51).map((ms, n) => ms - due[50 + n]!);
		for (const gap of gaps) expect(Math.abs(gap - 40)).toBeLessThan(3);
	});
	it("never waits longer than its bound, whatever arrives", () => {
		fc.assert(
			fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 2, maxLength: 60 }), (delays) => {
				const pacer = new Pacer();
				let nowMs = 0;
				delays.forEach((delay, n) => {
					nowMs = Math.max(nowMs, n * 40 + delay);
					pacer.arrived(at(n * 40), nowMs);
					expect(pacer.dueMs(at(n * 40)) - nowMs).toBeLessThanOrEqual(MAX_JITTER_MS + 0.5);
				});
			}),
		);
	});
	it("knows how far behind it is, and forgets a better time that is long past", () => {
		const pacer = new Pacer();
		for (let ms = 0; ms < 1000; ms += 40) pacer.arrived(at(ms), ms);
		pacer.arrived(at(1000), 1800);
		expect(pacer.behindMs).toBeCloseTo(800, 0);
		for (let ms = 1040; ms < 14_000; ms += 40) pacer.arrived(at(ms), ms + 800);
		expect(pacer.behindMs).toBeCloseTo(0, 0);
	});
	it.each([-3_600_000, 3_600_000])("begins anew when the agent's clock steps by %i ms", (step) => {
		const pacer = new Pacer();
		for (let ms = 0; ms < 1000; ms += 40) pacer.arrived(at(ms), ms);
		pacer.arrived(at(1000 + step), 1000);
		expect(pacer.behindMs).toBe(0);
		expect(pacer.dueMs(at(1000 + step))).toBeCloseTo(1000, 0);
	});
});

class Picture {
	closed = 0;
	readonly timestamp: number;
	constructor(timestamp: number) {
		this.timestamp = timestamp;
	}
	close(): void {
		this.closed += 1;
	}
}

describe("the presenter", () => {
	it("draws the newest picture that is due, one per refresh, and closes each exactly once", () => {
		const drawn: number[] = [];
		const presenter = new Presenter<Picture>(({ timestamp }) => void drawn.push(timestamp));
		const pictures = [10, 20, 30].map((ms) => new Picture(ms));
		for (const picture of pictures) presenter.give(picture, picture.timestamp);
		expect(presenter.refresh(9)).toBe(false);
		expect(presenter.refresh(25)).toBe(true);
		expect(drawn).toEqual([20]);
		expect(presenter.refresh(25)).toBe(false);
		presenter.refresh(30);
		expect(drawn).toEqual([20, 30]);
		expect(pictures.map(({ closed }) => closed)).toEqual([1, 1, 1]);
		expect(presenter.dropped).toBe(1);
	});
	it("B04: with the refresh stopped it holds no more than its limit", () => {
		const presenter = new Presenter<Picture>(() => {});
		const pictures = Array.from({ length: 100 }, (_, n) => new Picture(n));
		for (const picture of pictures) presenter.give(picture, 0);
		expect(presenter.open).toBe(MAX_OPEN_FRAMES);
		expect(pictures.filter(({ closed }) => closed === 0)).toHaveLength(MAX_OPEN_FRAMES);
		presenter.clear();
		expect(pictures.every(({ closed }) => closed === 1)).toBe(true);
	});
	it("closes a picture whose drawing failed", () => {
		const presenter = new Presenter<Picture>(() => {
			throw new Error("no canvas");
		});
		const picture = new Picture(0);
		presenter.give(picture, 0);
		expect(() => presenter.refresh(1)).toThrow();
		expect(picture.closed).toBe(1);
	});
});

describe("the sound clock", () => {
	it("puts piece after piece, begins anew after a gap, and throws away what piles up", () => {
		const clock = new SoundClock();
		const first = clock.place(0.1, 1)!;
		expect(first).toBeGreaterThan(1);
		expect(clock.place(0.1, 1.05)).toBeCloseTo(first + 0.1, 6);
		expect(clock.place(0.1, 9)).toBeGreaterThan(9);
		let thrown = 0;
		for (let n = 0; n < 20; n += 1) if (clock.place(0.1, 9) === undefined) thrown += 1;
		expect(thrown).toBeGreaterThan(10);
	});
});
