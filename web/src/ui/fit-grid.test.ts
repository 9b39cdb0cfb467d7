import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitGrid } from "./fit-grid.ts";

describe("the grid", () => {
	it.each([
		[1, 1440, 843, 1, 1440],
		[2, 1440, 843, 2, 719],
		[3, 1440, 843, 2, 719],
		[4, 1440, 843, 2, 719],
		[6, 1440, 843, 3, 478],
		[9, 1440, 843, 3, 478],
		[3, 360, 680, 1, 360],
		[12, 360, 680, 1, 360],
	])("%i tiles in %i × %i: %i columns", (count, width, height, columns, tile) => {
		const fitted = fitGrid(count, width, height, 2);
		expect(fitted.columns).toBe(columns);
		expect(Math.abs(fitted.tile - tile)).toBeLessThan(10);
	});
	it("never overflows sideways, and shows no tile too small to see while it can scroll", () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 64 }),
				fc.integer({ min: 320, max: 4000 }),
				fc.integer({ min: 200, max: 2200 }),
				(count, width, height) => {
					const { columns, tile } = fitGrid(count, width, height, 2);
					expect(columns * tile + (columns - 1) * 2).toBeLessThanOrEqual(width);
					expect(tile).toBeGreaterThanOrEqual(300);
				},
			),
		);
	});
});
