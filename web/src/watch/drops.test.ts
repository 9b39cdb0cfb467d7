import { describe, expect, it } from "vitest";
import { Drops } from "./drops.ts";

describe("the count of dropped pictures", () => {
	it("leaves out what is skipped while a view comes to the present, however long its first picture took", () => {
		const drops = new Drops();
		expect(drops.count(3, 0)).toBe(0);
		expect(drops.count(7, 9000)).toBe(0);
		drops.arrived(10_000);
		drops.arrived(11_000);
		expect(drops.count(60, 12_000)).toBe(0);
		expect(drops.count(60, 12_001)).toBe(0);
		expect(drops.count(62, 12_250)).toBe(2);
	});
	it("keeps what it counted when the view begins anew, and leaves that beginning out too", () => {
		const drops = new Drops();
		drops.arrived(0);
		expect(drops.count(0, 2000)).toBe(0);
		expect(drops.count(5, 3000)).toBe(5);
		drops.begin();
		expect(drops.count(40, 4000)).toBe(5);
		drops.arrived(5000);
		expect(drops.count(50, 6000)).toBe(5);
		expect(drops.count(51, 7001)).toBe(6);
	});
});
