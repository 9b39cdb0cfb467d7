import { describe, expect, it } from "vitest";
import { SoundMeter } from "./sound-meter.ts";

describe("the meter of a camera's sound", () => {
	const begin = () => {
		const clock = { ms: 50_000 };
		return { clock, meter: new SoundMeter(() => clock.ms) };
	};
	it("counts pieces and tells the loudest sample of all channels, whichever its sign", () => {
		const { meter } = begin();
		expect([meter.decoded, meter.peak]).toEqual([0, 0]);
		meter.heard([Float32Array.of(0.25, 0.125), Float32Array.of(0, -0.5)]);
		meter.heard([Float32Array.of(0.125)]);
		expect([meter.decoded, meter.peak]).toEqual([2, 0.5]);
	});
	it("forgets what was loud after two seconds at most, whether sound goes on or not", () => {
		const { clock, meter } = begin();
		meter.heard([Float32Array.of(0.5)]);
		clock.ms += 1000;
		meter.heard([Float32Array.of(0.125)]);
		expect(meter.peak).toBe(0.5);
		clock.ms += 1000;
		expect(meter.peak).toBe(0.125);
		clock.ms += 2000;
		expect([meter.decoded, meter.peak]).toEqual([2, 0]);
	});
});
