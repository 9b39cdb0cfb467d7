import { describe, expect, it } from "vitest";
import { dueAt, extendedTo, monthsAfter, reminderAt } from "./deadlines.ts";

const DAY_MS = 86_400_000;
/** Noon of every day of 20 years, leap years and the turn of a century without one among them. */
const days = (from: number, years: number) =>
	Array.from({ length: Math.ceil(years * 365.25) }, (_, day) => Date.UTC(from, 0, 1, 12) + day * DAY_MS);

describe("P4: the deadline of a request", () => {
	it("07.7: on every date of 20 years is neither later than 30 days nor than the same day of the next month", () => {
		for (const received of [...days(2026, 20), ...days(2096, 8)]) {
			const due = dueAt(received);
			const at = new Date(received);
			const next = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));
			const lastOfNext = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
			const sameDay = Date.UTC(next.getUTCFullYear(), next.getUTCMonth(), Math.min(at.getUTCDate(), lastOfNext), 12);
			expect(due).toBeLessThanOrEqual(received + 30 * DAY_MS);
			expect(due).toBeLessThanOrEqual(sameDay);
			expect(due).toBeGreaterThanOrEqual(received + 28 * DAY_MS);
			expect(reminderAt(received)).toBe(received + 20 * DAY_MS);
			expect(reminderAt(received)).toBeLessThan(due);
		}
	});
	it.each([
		["2027-01-31", "2027-02-28"],
		["2028-01-31", "2028-02-29"],
		["2027-02-28", "2027-03-28"],
		["2026-12-31", "2027-01-30"],
		["2026-03-31", "2026-04-30"],
		["2026-07-01", "2026-07-31"],
	])("of %s is %s", (received, due) => {
		expect(new Date(dueAt(Date.parse(`${received}T10:00:00Z`))).toISOString()).toBe(`${due}T10:00:00.000Z`);
	});
	it("is put off to three months after the receipt, and only for who was told in time", () => {
		const received = Date.UTC(2026, 10, 30);
		expect(new Date(extendedTo(received, dueAt(received)) ?? 0).toISOString()).toBe("2027-02-28T00:00:00.000Z");
		expect(extendedTo(received, dueAt(received) + 1)).toBeUndefined();
		expect(monthsAfter(received, 12)).toBe(Date.UTC(2027, 10, 30));
	});
});
