import { setTimeout as pause } from "node:timers/promises";
import { Child } from "./fanout/child.ts";
import { Joined, Ready, type Way } from "./fanout/messages.ts";
import { monotonicMs } from "./fanout/pattern.ts";
import { startPublisher } from "./fanout/rig.ts";
import { type Running, startServer } from "./fanout/servers.ts";
import { type Figures, figuresOf, percentile } from "./figures.ts";

const VIEWERS = 100;
/** They come one after the other within this time, ms. */
const WITHIN_MS = 1000;
const PROCESSES = 2;
const GOP_SECONDS = 4;
/** Each begins at another time of a group: late in it, four seconds of pictures wait for whoever comes. */
const ROUNDS = 8;
/** From one round to the next, groups: until everybody left and the server is at rest. */
const GROUPS_APART = 2;
/** For a picture to come to everyone. */
const JOIN_MS = 30_000;
const READY_MS = 60_000;
const NOTICE_MS = 300;
const CAMERA = "camera-0";

async function round(
	running: Running,
	children: readonly Child[],
): Promise<{ connectMs: number[]; firstMs: number[] }> {
	const beginMs = monotonicMs() + NOTICE_MS;
	const viewers = await Promise.all(
		Array.from({ length: VIEWERS }, async (_, index) => ({
			...(await running.place("view", CAMERA)),
			atMs: beginMs + (index * WITHIN_MS) / VIEWERS,
		})),
	);
	const answers = await Promise.all(
		children.map((child, process) => {
			const own = viewers.filter((_, index) => index % children.length === process);
			return child.ask({ server: running.server, gopSeconds: GOP_SECONDS, viewers: own }, Joined, JOIN_MS);
		}),
	);
	return {
		connectMs: answers.flatMap(({ connectMs }) => connectMs),
		firstMs: answers.flatMap(({ firstMs }) => firstMs),
	};
}

async function joinBy(way: Way): Promise<{ connectMs: number[]; firstMs: number[] }> {
	const children: { stop(): Promise<void> }[] = [];
	try {
		const running = await startServer(way);
		children.push(running);
		children.unshift(await startPublisher(running, [CAMERA], [0], GOP_SECONDS));
		// Somebody looks already, so the relay has the group that is under way.
		const first = new Child("viewer", new URL("fanout/viewers.ts", import.meta.url));
		children.unshift(first);
		const places = [await running.place("view", CAMERA)];
		await first.ask({ server: running.server, spacingMs: 0, viewers: places }, Ready, READY_MS);
		const joiners = Array.from(
			{ length: PROCESSES },
			() => new Child("viewers", new URL("fanout/joiners.ts", import.meta.url)),
		);
		children.unshift(...joiners);
		const all: { connectMs: number[]; firstMs: number[] } = { connectMs: [], firstMs: [] };
		const gopMs = GOP_SECONDS * 1000;
		const beganMs = monotonicMs();
		for (let turn = 0; turn <= ROUNDS; turn++) {
			await pause(Math.max(0, beganMs + turn * (GROUPS_APART + 1 / ROUNDS) * gopMs - monotonicMs()));
			const { connectMs, firstMs } = await round(running, joiners);
			// The first compiles code, in the server as in the viewers.
			if (turn === 0) continue;
			all.connectMs.push(...connectMs);
			all.firstMs.push(...firstMs);
		}
		return all;
	} finally {
		for (const child of children) await child.stop();
	}
}

/**
 * 100 viewers who come within one second to a camera of 4 Mbit/s with groups of 4 s that somebody watches already: from the
 * beginning of each one's connection to its first whole frame, which must be a key frame, in eight rounds that begin at eight
 * times of a group. Relay, publisher and viewers (two processes) are processes of their own. `connect…` is the part until the
 * session stands, what no relay can be faster than. `p95Ms` at the top is the slower transport's.
 */
export async function join(): Promise<Figures> {
	const figures: Figures = {
		viewers: VIEWERS,
		withinMs: WITHIN_MS,
		gopSeconds: GOP_SECONDS,
		samples: VIEWERS * ROUNDS,
	};
	const slowest: number[] = [];
	for (const transport of ["http3", "tcp"] as const) {
		const { connectMs, firstMs } = await joinBy(`relay-${transport}`);
		const p95Of = (values: readonly number[]) =>
			percentile(
				[...values].sort((a, b) => a - b),
				0.95,
			);
		figures[transport] = {
			...figuresOf(firstMs, ""),
			...figuresOf(connectMs, "connect_"),
			mostMs: Math.round(Math.max(...firstMs)),
			ratioToConnect: Number((p95Of(firstMs) / p95Of(connectMs)).toFixed(2)),
		};
		slowest.push(p95Of(firstMs));
	}
	return { p95Ms: Math.round(Math.max(...slowest)), ...figures };
}
