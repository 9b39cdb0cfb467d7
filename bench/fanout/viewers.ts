/** Half of the viewers, in a process of their own: they read everything and count. */
import { setTimeout as pause } from "node:timers/promises";
import { serveParent } from "./child.ts";
import { view } from "./feeds.ts";
import { Histogram } from "./histogram.ts";
import { Count, type Place, type Server, ViewersJob, Window } from "./messages.ts";
import { monotonicMs, readStamp } from "./pattern.ts";

/** Sequences that a viewer remembers, so that a frame which comes twice counts once; more than a window has. */
const REMEMBERED = 1 << 16;
/** Reasons of losses that are told. */
const MAX_LOST = 20;

let window: Window = { fromMs: Number.POSITIVE_INFINITY, toMs: 0 };
const latency = new Histogram();
const frames: number[] = [];
const lost: string[] = [];
let bytes = 0;

/** Resolves once a first frame came. */
function watch(server: Server, place: Place, index: number): Promise<void> {
	const seen = new Uint8Array(REMEMBERED);
	const stamped = { sentMs: 0, sequence: 0 };
	frames[index] = 0;
	return new Promise((resolve, reject) => {
		let first: (() => void) | undefined = resolve;
		const frame = (payload: Uint8Array) => {
			const nowMs = monotonicMs();
			first?.();
			first = undefined;
			if (nowMs >= window.fromMs && nowMs < window.toMs) bytes += payload.length;
			readStamp(payload, stamped);
			const { sentMs, sequence } = stamped;
			if (sentMs < window.fromMs || sentMs >= window.toMs) return;
			const place = sequence % REMEMBERED;
			if (seen[place] === 1) return;
			seen[place] = 1;
			frames[index]! += 1;
			latency.add(nowMs - sentMs);
		};
		const loses = (why: string) => {
			if (lost.length < MAX_LOST) lost.push(why);
		};
		view(server, place, { frame, lost: loses }).catch(reject);
	});
}

async function begin({ server, spacingMs, viewers }: ViewersJob): Promise<void> {
	const begun: Promise<void>[] = [];
	for (const [index, place] of viewers.entries()) {
		begun.push(watch(server, place, index));
		await pause(spacingMs);
	}
	await Promise.all(begun);
	process.send?.({ ready: true });
}

serveParent((message) => {
	const job = ViewersJob.safeParse(message);
	if (job.success) return begin(job.data);
	if (Count.safeParse(message).success) process.send?.({ frames, lost, bytes, latency: latency.entries });
	else window = Window.parse(message);
});
