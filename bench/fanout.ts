import { parseArgs } from "node:util";
import { z } from "zod";
import { seeded } from "../test/scale.ts";
import type { Way } from "./fanout/messages.ts";
import { MBITS } from "./fanout/pattern.ts";
import { measure } from "./fanout/rig.ts";
import { type Case, compared, faults, type Row, rowOf } from "./fanout/rows.ts";
import { Failed, type Figures } from "./figures.ts";

const VIEWERS = [1, 10, 50, 100, 200];
/** Where servers are compared with each other: measured several times in turn, because a machine is never quite quiet. */
const COMPARED = 100;
const ROUNDS = 3;
const CAMERAS = 10;
const GOP_MS = 2000;
/** How long each measurement lasts unless given, s: CPU time is counted in steps of 10 ms. */
const SECONDS = 10;
/** Servers in the order in which they are measured: ours beside what it is compared with. */
const WAYS: readonly Way[] = ["relay-http3", "bare-http3", "relay-tcp", "bare-wss", "bare-tcp"];

const Options = z.object({
	seconds: z.coerce.number().min(1).max(600).default(SECONDS),
	viewers: z
		.string()
		.transform((text) => text.split(",").map(Number))
		.pipe(z.array(z.int().min(1).max(240)).min(1))
		.default(VIEWERS),
	/** Of measurements at 100 viewers. */
	rounds: z.coerce.number().int().min(1).max(9).default(ROUNDS),
	only: z.enum(WAYS).optional(),
	profile: z.string().optional(),
});

const ALONE: Case = { viewers: COMPARED, broadcasts: 1, start: "alone" };
const RANDOM: Case = { viewers: COMPARED, broadcasts: CAMERAS, start: "random" };
const SAME_INSTANT: Case = { ...RANDOM, start: "same-instant" };

/** What is measured, and how often. */
function plan(viewers: readonly number[], rounds: number): { one: Case; times: number }[] {
	const alone = viewers.map((count) => ({ one: { ...ALONE, viewers: count }, times: count === COMPARED ? rounds : 1 }));
	if (!viewers.includes(COMPARED)) return alone;
	return [...alone, { one: RANDOM, times: 1 }, { one: SAME_INSTANT, times: 1 }];
}
/** The same for every server, so that they are compared at the same work. */
function phases({ broadcasts, start }: Case): number[] {
	const random = seeded(broadcasts);
	return Array.from({ length: broadcasts }, () => (start === "random" ? random() * GOP_MS : 0));
}
/**
 * What it costs to give one camera's picture to many: our relay over HTTP/3 and over TCP with TLS (`server: "relay"`), and beside
 * each what only copies (`"bare"`): the same HTTP/3 without our protocol, a plain WebSocket over TLS, plain TCP without TLS.
 * Every server is a process of its own, fed by a publisher's process with 25 frames a second and 4 Mbit/s for each camera, and
 * read whole by two processes of viewers, each viewer with a session of its own. Servers and processes are new for each row.
 *
 * `fps` and `deliveredRatio`: whole frames that came until 2 s after the window, as the mean of all viewers, and as a share of what
 * was sent for the viewer with the smallest; below 0.99 the run fails. `p50Ms`, `p99Ms`: from the publisher's write to the whole
 * frame at the viewer. Publisher, server and viewers share the machine's cores, so that time holds the waiting for each of them:
 * only beside a row of the same run does it say something about the server. `cpuSPerGbit`: CPU time of the server's process, user
 * and kernel, for each Gbit of payload that arrived (steps of 10 ms: at one viewer a rough figure). `rssMiB` at the window's end.
 * `serverCores`, `viewersCores`, `othersCores`: how many cores they kept busy, and what has no part in the measurement; where the
 * sum comes near the machine's number of cores, latency says little about the server.
 *
 * `http3` and `tcp`: ratios at 100 viewers of one camera (medians of the rounds); `tenBroadcasts…`: of ten cameras with ten viewers
 * each. Options: `--seconds`, `--viewers 1,10`, `--rounds`, `--only relay-http3`, `--profile FOLDER` (a CPU profile of each server).
 */
export async function fanout(): Promise<Figures> {
	const { values } = parseArgs({
		args: process.argv.slice(3),
		options: {
			seconds: { type: "string" },
			viewers: { type: "string" },
			rounds: { type: "string" },
			only: { type: "string" },
			profile: { type: "string" },
		},
	});
	const options = Options.safeParse(values);
	if (!options.success) throw new Error(`These options cannot be used:\n${z.prettifyError(options.error)}`);
	const { seconds, viewers, rounds, only, profile } = options.data;
	const rows: Row[] = [];
	const failures: string[] = [];
	for (const { one, times } of plan(viewers, rounds)) {
		for (let turn = 1; turn <= times; turn++) {
			for (const way of only ? [only] : WAYS) {
				const setting = { viewers: one.viewers, phasesMs: phases(one) };
				try {
					const measured = await measure(way, setting, seconds, profile);
					const row = rowOf(way, one, turn, measured, seconds);
					rows.push(row);
					failures.push(...faults(row, measured.lost));
					process.stderr.write(`${JSON.stringify(row)}\n`);
				} catch (error) {
					failures.push(`${way}, ${one.viewers} viewers, ${one.broadcasts} broadcasts: ${(error as Error).message}`);
				}
			}
		}
	}
	const comparable = viewers.includes(COMPARED) && !only;
	const figures: Figures = {
		...(comparable && {
			...compared(rows, ALONE),
			tenBroadcasts: compared(rows, RANDOM),
			tenBroadcastsSameInstant: compared(rows, SAME_INSTANT),
		}),
		mbitsPerViewer: MBITS,
		seconds,
		samples: rows.length,
		rows,
	};
	if (failures.length > 0) throw new Failed(failures, figures);
	return figures;
}
