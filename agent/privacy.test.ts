import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOff, MAX_OFF_HOURS, OffHours, Privacy, wallClock } from "./privacy.ts";

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const at = (hour: number, minute = 0) => hour * 60 + minute;
const week = (from: number, to: number, days = EVERY_DAY): Privacy => ({ mode: "week", hours: [{ days, from, to }] });
/** Every minute of `[begin, end)` in which the camera is off, as the zone's clock shows it with UTC beside. */
function offMinutes(privacy: Privacy, zone: string, begin: string, end: string): string[] {
	const clock = wallClock(zone);
	const found: string[] = [];
	for (let ms = Date.parse(begin); ms < Date.parse(end); ms += 60_000) {
		if (isOff(privacy, clock(ms))) found.push(new Date(ms).toISOString().slice(11, 16));
	}
	return found;
}
const ends = (minutes: string[]) => [minutes[0], minutes.at(-1), minutes.length];

describe("A12: the privacy switch", () => {
	it("on is on and off is off, whatever hours are kept for later", () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 1439 }), (day, minute) => {
				const { hours } = week(0, 1440);
				expect(isOff({ mode: "on", hours }, { day, minute, date: "" })).toBe(false);
				expect(isOff({ mode: "off", hours: [] }, { day, minute, date: "" })).toBe(true);
				expect(isOff({ mode: "week", hours }, { day, minute, date: "" })).toBe(true);
				expect(isOff({ mode: "week", hours: [] }, { day, minute, date: "" })).toBe(false);
			}),
		);
	});
	it("begins with its first minute and ends before its last", () => {
		const tuesday = (minute: number) => isOff(week(at(8), at(9, 30), [2]), { day: 2, minute, date: "" });
		expect([at(7, 59), at(8), at(9, 29), at(9, 30)].map(tuesday)).toEqual([false, true, true, false]);
		expect(isOff(week(at(8), at(9), [2]), { day: 3, minute: at(8), date: "" })).toBe(false);
	});
	it("hours over midnight belong to the evening they begin on, Sunday's to Monday morning too", () => {
		const sunday = week(at(22), at(7), [7]);
		const off = (day: number, minute: number) => isOff(sunday, { day, minute, date: "" });
		expect(off(7, at(21, 59))).toBe(false);
		expect(off(7, at(22))).toBe(true);
		expect(off(1, at(6, 59))).toBe(true);
		expect(off(1, at(7))).toBe(false);
		expect(off(7, at(6))).toBe(false);
		expect(off(1, at(22))).toBe(false);
	});
	it("a whole day is 0 to 24, and 24 is not the next day's first minute", () => {
		const monday = week(0, 1440, [1]);
		expect([1439, 0].map((minute, i) => isOff(monday, { day: 1 + i, minute, date: "" }))).toEqual([true, false]);
	});
});

describe("A12: when the clocks change", () => {
	it("spring, Paris 2026-03-29: hours that begin in the hour left out begin after it, and those that end in it end there", () => {
		const [begin, end] = ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"];
		// 01:00 to 02:30 by the wall: the clock jumps from 02:00 to 03:00, at 01:00 UTC.
		expect(ends(offMinutes(week(at(1), at(2, 30)), "Europe/Paris", begin, end))).toEqual(["00:00", "00:59", 60]);
		expect(ends(offMinutes(week(at(2, 30), at(4)), "Europe/Paris", begin, end))).toEqual(["01:00", "01:59", 60]);
		expect(offMinutes(week(at(2, 10), at(2, 50)), "Europe/Paris", begin, end)).toEqual([]);
	});
	it("autumn, Paris 2026-10-25: an hour that comes twice is off twice", () => {
		const [begin, end] = ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"];
		expect(ends(offMinutes(week(at(2), at(3)), "Europe/Paris", begin, end))).toEqual(["00:00", "01:59", 120]);
		expect(ends(offMinutes(week(at(22), at(7)), "Europe/Paris", begin, end))).toEqual(["22:00", "22:59", 480 + 120]);
	});
	it("where midnight itself is left out (Santiago) or comes twice (Cairo), the night is whole", () => {
		const night = week(at(23), at(1));
		expect(
			ends(offMinutes(night, "America/Santiago", "2026-09-06T02:00:00Z", "2026-09-06T12:00:00Z")),
			"23:00 to 24:00, then the clock shows 01:00",
		).toEqual(["03:00", "03:59", 60]);
		expect(ends(offMinutes(night, "Africa/Cairo", "2026-10-29T18:00:00Z", "2026-10-30T06:00:00Z"))).toEqual([
			"20:00",
			"22:59",
			180,
		]);
	});
	it("half-hour zones go by their own wall", () => {
		const [begin, end] = ["2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"];
		expect(offMinutes(week(at(8), at(8, 1)), "Asia/Kolkata", begin, end)).toEqual(["02:30"]);
		expect(offMinutes(week(at(8), at(8, 1)), "Australia/Lord_Howe", begin, end)).toEqual(["21:30"]);
	});
	it("a night over the clocks' change is off in every minute that the wall shows as night", () => {
		const clock = wallClock("Europe/Paris");
		const night = week(at(22), at(7));
		for (let ms = Date.parse("2026-10-24T12:00Z"); ms < Date.parse("2026-10-26T12:00Z"); ms += 60_000) {
			const shown = clock(ms);
			expect(isOff(night, shown)).toBe(shown.minute >= at(22) || shown.minute < at(7));
		}
	});
	it("a zone that is none is said to be none", () => expect(() => wallClock("Europe/Nowhere")).toThrow(RangeError));
});

describe("what a schedule may hold", () => {
	const hours = (change: object) => OffHours.safeParse({ days: [1], from: 60, to: 120, ...change }).success;
	it.each([
		[{}, true],
		[{ to: 60 }, false],
		[{ days: [] }, false],
		[{ days: [0] }, false],
		[{ days: [8] }, false],
		[{ from: -1 }, false],
		[{ from: 1440, to: 1 }, false],
		[{ from: 0, to: 1440 }, true],
		[{ to: 1441 }, false],
		[{ to: 90.5 }, false],
		[{ why: "x" }, false],
	])("%j: %s", (change, taken) => expect(hours(change)).toBe(taken));
	it(`at most ${MAX_OFF_HOURS} hours`, () => {
		const one = week(1, 2).hours[0]!;
		const of = (count: number) => Privacy.safeParse({ mode: "week", hours: Array(count).fill(one) }).success;
		expect([of(MAX_OFF_HOURS), of(MAX_OFF_HOURS + 1)]).toEqual([true, false]);
	});
});
