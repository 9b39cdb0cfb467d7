import { expect, it } from "vitest";
import { seeded } from "../test/scale.ts";
import { slopeOf } from "./slope.ts";

const random = seeded(20261127);
const hours = Array.from({ length: 120 }, (_, i) => i / 240);
/** A sum of uniform values, close enough to a normal one. */
const noise = () => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);

it("a line without noise has its slope, and no doubt", () => {
	const { perHour, halfWidth } = slopeOf(
		hours,
		hours.map((x) => 90 + 3 * x),
	);
	expect(perHour).toBeCloseTo(3, 9);
	expect(halfWidth).toBeLessThan(1e-6);
});
it("of a hundred flat ones with noise that wanders, most intervals hold the truth", () => {
	let held = 0;
	for (let round = 0; round < 100; round++) {
		let drift = 0;
		const values = hours.map(() => {
			drift = 0.7 * drift + noise();
			return 100 + drift;
		});
		const { perHour, halfWidth } = slopeOf(hours, values);
		if (Math.abs(perHour) <= halfWidth) held += 1;
	}
	expect(held).toBeGreaterThanOrEqual(85);
});
it("too few points are no slope", () => expect(() => slopeOf([1, 2], [1, 2])).toThrow("ten points"));
