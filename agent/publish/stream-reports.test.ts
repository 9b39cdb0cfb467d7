import { expect, it } from "vitest";
import { MAX_STREAM_REPORTS } from "../limits.ts";
import { type StreamReport, StreamReports } from "./stream-reports.ts";

class Away extends Error {}

/** A service in the test's hand; resolves `heard` with each batch. */
function service(refuse: () => Error | undefined = () => undefined) {
	let now = 1000;
	const batches: StreamReport[][] = [];
	const waiting: (() => void)[] = [];
	const reports = new StreamReports({
		send: async (batch) => {
			const error = refuse();
			if (error) throw error;
			batches.push(batch);
			for (const resolve of waiting.splice(0)) resolve();
		},
		isPassing: (error) => error instanceof Away,
		now: () => now++,
	});
	const stop = new AbortController();
	const running = reports.run(stop.signal);
	return {
		reports,
		batches,
		heard: () => new Promise<void>((resolve) => waiting.push(resolve)),
		end: () => {
			stop.abort();
			return running;
		},
	};
}

it("02.4: tells a time and a state for each change, and nothing of what is none", async () => {
	const { reports, batches, heard, end } = service();
	reports.changed("door", "idle");
	reports.changed("door", "waiting");
	reports.changed("door", "live");
	await heard();
	reports.changed("door", "waiting");
	reports.changed("door", "live");
	reports.changed("door", "camera-unreachable");
	reports.changed("door", "camera-refused");
	reports.changed("door", "stream-unsupported");
	reports.changed("door", "idle");
	await heard();
	expect(batches).toEqual([
		[{ camera: "door", atMs: 1000, status: "live" }],
		[
			{ camera: "door", atMs: 1001, status: "lost" },
			{ camera: "door", atMs: 1002, status: "refused" },
			{ camera: "door", atMs: 1003, status: "idle" },
		],
	]);
	await end();
});
it("a service that is away hears of the last changes later; what it refuses is not told again", async () => {
	let error: Error | undefined = new Away();
	const { reports, batches, heard, end } = service(() => error);
	const states = ["live", "camera-unreachable"] as const;
	for (let n = 0; n <= MAX_STREAM_REPORTS; n++) reports.changed("door", states[n % 2]!);
	await new Promise((resolve) => setImmediate(resolve));
	error = undefined;
	await heard();
	expect(batches[0]).toHaveLength(MAX_STREAM_REPORTS);
	expect(batches[0]?.[0]).toMatchObject({ atMs: 1001, status: "lost" });

	error = new Error("refused");
	reports.changed("door", states[(MAX_STREAM_REPORTS + 1) % 2]!);
	await new Promise((resolve) => setImmediate(resolve));
	error = undefined;
	reports.changed("door", "idle");
	await heard();
	expect(batches[1]).toMatchObject([{ status: "idle" }]);
	await end();
});
it("nothing is told of a camera that is gone", async () => {
	const { reports, batches, heard, end } = service();
	reports.changed("door", "live");
	reports.changed("garden", "live");
	reports.forget("door");
	await heard();
	expect(batches).toMatchObject([[{ camera: "garden" }]]);
	await end();
});
