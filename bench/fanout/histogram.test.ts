import { expect, it } from "vitest";
import { Histogram } from "./histogram.ts";

it("tells percentiles to a tenth of a millisecond, also of several added up", () => {
	const histogram = new Histogram();
	for (let ms = 1; ms <= 99; ms++) histogram.add(ms);
	expect(histogram.percentile(0.5)).toBeCloseTo(50.1);
	const other = new Histogram();
	other.add(1000);
	histogram.addAll(other.entries);
	expect(histogram.total).toBe(100);
	expect(histogram.percentile(0.99)).toBeCloseTo(99.1);
	expect(histogram.percentile(1)).toBeCloseTo(1000.1);
});

it("counts what is below its first step and above its last one there", () => {
	const histogram = new Histogram();
	histogram.add(-1);
	histogram.add(1e9);
	expect(histogram.percentile(0.5)).toBeCloseTo(0.1);
	expect(histogram.percentile(1)).toBeCloseTo(20_000.1);
	expect(new Histogram().percentile(0.99)).toBe(0);
});
