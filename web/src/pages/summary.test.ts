import { expect, it } from "vitest";
import type { Mark } from "../watch/protocol.ts";
import { summarize } from "./summary.ts";

it.each<[Mark[], Mark | undefined, string | undefined]>([
	[[], undefined, undefined],
	[["paused"], undefined, undefined],
	[["live"], "live", "Live"],
	[["live", "live"], "live", "Both live"],
	[["live", "live", "live"], "live", "All 3 live"],
	[["live", "paused"], "live", "One in view, live"],
	[["live", "live", "paused"], "live", "Both in view live"],
	[["live", "live", "live", "paused"], "live", "All 3 in view live"],
	[["connecting"], "connecting", "Connecting"],
	[["refused"], "refused", "No picture"],
	[["live", "waiting"], "waiting", "1 of 2 live"],
	[["live", "stale", "waiting"], "stale", "1 of 3 live"],
	[["connecting", "waiting"], "waiting", "None of 2 live"],
])("%j", (marks, mark, text) => {
	const summary = summarize(marks);
	expect([summary?.mark, summary?.text]).toEqual([mark, text]);
});
