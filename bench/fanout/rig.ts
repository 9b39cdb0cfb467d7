import { setTimeout as pause } from "node:timers/promises";
import { machineCpuS, usage } from "../usage.ts";
import { Child } from "./child.ts";
import { Histogram } from "./histogram.ts";
import { type Place, PublisherReport, Ready, ViewersReport, type Way, type Window } from "./messages.ts";
import { monotonicMs } from "./pattern.ts";
import { type Running, startServer } from "./servers.ts";

/** Viewers' processes: with one of them alone, what it cannot read would be the server's fault. */
const VIEWER_PROCESSES = 2;
/**
 * One thread for the native part passes less from core to core than one for each core. Without, viewers are the bottleneck: at 200
 * over HTTP/3 they missed up to half of the frames in two of three runs in which, with it, they missed none.
 */
const VIEWER_ENV = { TOKIO_WORKER_THREADS: "1" };
/** Between two sessions of a viewers' process, ms: connecting is not what is measured. */
const SPACING_MS = 20;
/** For all sessions to have a picture. */
const READY_MS = 60_000;
/** After that, until code is compiled and queues are what they will be. */
const SETTLE_MS = 4000;
/** From the order to its beginning, so that everyone knows the window before. */
const NOTICE_MS = 200;
/** After the window: what is later than this is lost, as far as a viewer of live pictures can tell. */
const GRACE_MS = 2000;
const REPORT_MS = 10_000;
const GOP_SECONDS = 2;

export interface Setting {
	viewers: number;
	/** When each camera's groups begin, ms after those of the first. */
	phasesMs: readonly number[];
}
/** What was measured in one window. */
export interface Measured {
	/** Whole frames that a viewer got, each second: the mean of all. */
	fps: number;
	/** Of the frames that its camera sent: the viewer with the smallest share. */
	deliveredRatio: number;
	sentFps: number;
	latency: Histogram;
	serverCpuS: number;
	viewersCpuS: number;
	/** Of what has no part in the measurement. */
	othersCpuS: number;
	gbit: number;
	rssMiB: number;
	lost: string[];
}

/** One server, so many viewers, one window of `seconds`. Rejects where sessions cannot be had at all. */
export async function measure(way: Way, setting: Setting, seconds: number, profile?: string): Promise<Measured> {
	const children: { stop(): Promise<void> }[] = [];
	try {
		const running = await startServer(way, profile);
		children.push(running);
		const broadcasts = setting.phasesMs.map((_, index) => `camera-${index}`);
		const publisher = await startPublisher(running, broadcasts, setting.phasesMs, GOP_SECONDS);
		children.unshift(publisher);
		const groups = await Promise.all(
			Array.from({ length: VIEWER_PROCESSES }, async (_, process) => {
				const watched = Array.from({ length: setting.viewers }, (_, index) => broadcasts[index % broadcasts.length]!);
				return Promise.all(
					watched.filter((_, index) => index % VIEWER_PROCESSES === process).map((name) => running.place("view", name)),
				);
			}),
		);
		const viewers: { child: Child; places: Place[] }[] = [];
		for (const places of groups.filter(({ length }) => length > 0)) {
			const child = new Child("viewers", new URL("viewers.ts", import.meta.url), { env: VIEWER_ENV });
			children.unshift(child);
			viewers.push({ child, places });
		}
		await Promise.all(
			viewers.map(({ child, places }) =>
				child.ask({ server: running.server, spacingMs: SPACING_MS, viewers: places }, Ready, READY_MS),
			),
		);
		await pause(SETTLE_MS);
		return await watch(running, publisher, viewers, seconds);
	} finally {
		for (const child of children) await child.stop();
	}
}

/** A publisher of these cameras; resolves once all are connected. */
export async function startPublisher(
	{ server, place }: Running,
	broadcasts: readonly string[],
	phasesMs: readonly number[],
	gopSeconds: number,
): Promise<Child> {
	const cameras = await Promise.all(
		broadcasts.map(async (name, index) => ({ ...(await place("publish", name)), afterMs: phasesMs[index] ?? 0 })),
	);
	const child = new Child("publisher", new URL("publisher.ts", import.meta.url));
	await child.ask({ server, gopSeconds, cameras }, Ready, READY_MS).catch(async (error) => {
		await child.stop();
		throw error;
	});
	return child;
}

async function watch(
	{ pid }: Running,
	publisher: Child,
	viewers: readonly { child: Child; places: readonly Place[] }[],
	seconds: number,
): Promise<Measured> {
	const fromMs = monotonicMs() + NOTICE_MS;
	const window: Window = { fromMs, toMs: fromMs + seconds * 1000 };
	for (const child of [publisher, ...viewers.map(({ child }) => child)]) child.say(window);
	const cpuS = () => {
		const [server, sending] = [usage(pid).cpuS, usage(publisher.pid).cpuS];
		const reading = viewers.reduce((sum, { child }) => sum + usage(child.pid).cpuS, 0);
		return { server, viewers: reading, others: machineCpuS() - server - sending - reading };
	};
	await pause(window.fromMs - monotonicMs());
	const before = cpuS();
	await pause(window.toMs - monotonicMs());
	const after = cpuS();
	const { rssMiB } = usage(pid);
	await pause(GRACE_MS);
	const { sent } = await publisher.ask({ count: true }, PublisherReport, REPORT_MS);
	const latency = new Histogram();
	const [shares, lost]: [number[], string[]] = [[], []];
	let [frames, bytes] = [0, 0];
	for (const { child, places } of viewers) {
		const report = await child.ask({ count: true }, ViewersReport, REPORT_MS);
		latency.addAll(report.latency);
		lost.push(...report.lost);
		bytes += report.bytes;
		for (const [index, got] of report.frames.entries()) {
			frames += got;
			shares.push(got / (sent[places[index]?.broadcast ?? ""] || Number.POSITIVE_INFINITY));
		}
	}
	const allSent = Object.values(sent);
	return {
		fps: frames / shares.length / seconds,
		deliveredRatio: Math.min(...shares),
		sentFps: Math.min(...allSent) / seconds,
		latency,
		serverCpuS: after.server - before.server,
		viewersCpuS: after.viewers - before.viewers,
		othersCpuS: after.others - before.others,
		gbit: (bytes * 8) / 1e9,
		rssMiB,
		lost,
	};
}
