import { z } from "zod";

/** Hours of one camera's week in which it is off; the same hours may be named for several days. */
export const MAX_OFF_HOURS = 28;
const DAY_MINUTES = 24 * 60;

/** `from` to before `to`, in minutes of the wall clock; a `to` before `from` is the next day's. */
export const OffHours = z
	.strictObject({
		/** 1 is Monday, 7 is Sunday (ISO 8601). */
		days: z.array(z.number().int().min(1).max(7)).min(1).max(7),
		from: z
			.number()
			.int()
			.min(0)
			.max(DAY_MINUTES - 1),
		/** 1440 is midnight at the day's end. */
		to: z.number().int().min(0).max(DAY_MINUTES),
	})
	.refine(({ from, to }) => from !== to, { error: "begin and end are the same" });

/** The privacy switch of one camera. Off, its session is closed: nothing reads it, so nothing can leave the house. */
export const Privacy = z.strictObject({
	/** `week`: off in `hours`, on in between. */
	mode: z.enum(["on", "off", "week"]),
	hours: z.array(OffHours).max(MAX_OFF_HOURS),
});
export type Privacy = z.infer<typeof Privacy>;

/** What a camera has whose owner never touched the switch. */
export const ALWAYS_ON: Privacy = { mode: "on", hours: [] };

/** What the clock on the wall of a house shows. */
export interface WallTime {
	/** 1 is Monday, 7 is Sunday. */
	day: number;
	/** Since midnight as the clock shows it, 0 to 1439. */
	minute: number;
	/** e.g. `2026-11-27`. */
	date: string;
}
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** A clock of `zone` (IANA name): ms since 1970 to what it shows. Throws RangeError for a zone that is none. */
export function wallClock(zone: string): (ms: number) => Readonly<WallTime> {
	const format = new Intl.DateTimeFormat("en-GB", {
		timeZone: zone,
		weekday: "short",
		year: "numeric",
		month: "2-digit",
		day: "2-digit",
		hour: "2-digit",
		minute: "2-digit",
		hourCycle: "h23",
	});
	// Asked for at each picture that leaves. Within a minute the answer is the same: zones differ by whole minutes.
	let last: { minute: number; shows: Readonly<WallTime> } | undefined;
	return (ms) => {
		const minute = Math.floor(ms / 60_000);
		if (last?.minute === minute) return last.shows;
		const shown = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
		const shows = {
			day: DAYS.indexOf(shown["weekday"] ?? "") + 1,
			minute: Number(shown["hour"]) * 60 + Number(shown["minute"]),
			date: `${shown["year"]}-${shown["month"]}-${shown["day"]}`,
		};
		last = { minute, shows };
		return shows;
	};
}

/** The zone of this machine. */
export const machineZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * Whether the switch keeps a camera off at that time. The week goes by the wall: an hour that the clocks leave out is over
 * at once, and in an hour that they show twice a camera is off both times.
 */
export function isOff({ mode, hours }: Privacy, { day, minute }: WallTime): boolean {
	if (mode !== "week") return mode === "off";
	const before = day === 1 ? 7 : day - 1;
	return hours.some(({ days, from, to }) => {
		if (from < to) return days.includes(day) && minute >= from && minute < to;
		return (days.includes(day) && minute >= from) || (days.includes(before) && minute < to);
	});
}
