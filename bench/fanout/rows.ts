import { type Figures, percentile } from "../figures.ts";
import type { Way } from "./messages.ts";
import { FPS } from "./pattern.ts";
import type { Measured } from "./rig.ts";

/** A viewer that got less of what its camera sent did not get the picture; nor did a camera that could not send all. */
const LEAST_SHARE = 0.99;
/** Losses whose reason is told, of one measurement. */
const TOLD = 3;

/** How cameras start: several at random times of a group, or all with their key frames at the same instant. */
export type Start = "alone" | "random" | "same-instant";
export interface Case {
	viewers: number;
	broadcasts: number;
	start: Start;
}
/** One row of the table; what each figure means is said at the benchmark itself. */
export interface Row extends Figures {
	server: "relay" | "bare";
	transport: string;
	viewers: number;
	broadcasts: number;
	start: Start;
	round: number;
	fps: number;
	deliveredRatio: number;
	p50Ms: number;
	p99Ms: number;
	cpuSPerGbit: number;
	rssMiB: number;
}

const round = (value: number, digits = 3) => Number(value.toFixed(digits));
const median = (values: readonly number[]) =>
	percentile(
		[...values].sort((a, b) => a - b),
		0.5,
	);

export function rowOf(
	way: Way,
	{ viewers, broadcasts, start }: Case,
	turn: number,
	measured: Measured,
	seconds: number,
): Row {
	const [server, transport] = way.split("-") as ["relay" | "bare", string];
	return {
		server,
		transport,
		viewers,
		broadcasts,
		start,
		round: turn,
		fps: round(measured.fps, 2),
		deliveredRatio: round(measured.deliveredRatio, 4),
		p50Ms: round(measured.latency.percentile(0.5), 1),
		p99Ms: round(measured.latency.percentile(0.99), 1),
		cpuSPerGbit: round(measured.serverCpuS / measured.gbit),
		rssMiB: round(measured.rssMiB, 1),
		sentFps: round(measured.sentFps, 2),
		samples: measured.latency.total,
		serverCores: round(measured.serverCpuS / seconds, 2),
		viewersCores: round(measured.viewersCpuS / seconds, 2),
		othersCores: round(measured.othersCpuS / seconds, 2),
	};
}
/** Why a row does not say what it seems to, in words; `lost` as the viewers told it. */
export function faults(row: Row, lost: readonly string[]): string[] {
	const at = `${row.server} ${row.transport}, ${row.viewers} viewers, ${row.broadcasts} broadcasts (${row.start})`;
	const found: string[] = [];
	if (row.deliveredRatio < LEAST_SHARE) {
		const why = [...new Set(lost)].slice(0, TOLD).join("; ") || "the rest came too late";
		found.push(`${at}: a viewer received ${round(row.deliveredRatio * 100, 1)} % of the frames (${why})`);
	}
	if (Number(row["sentFps"]) < FPS * LEAST_SHARE) {
		found.push(`${at}: a camera could send only ${row["sentFps"]} frames a second: the machine is too busy`);
	}
	return found;
}
/** The decisive figures of one case: medians of its rows, ours divided by what it is compared with. */
export function compared(rows: readonly Row[], { viewers, broadcasts, start }: Case) {
	const of = (server: string, transport: string, name: "cpuSPerGbit" | "p99Ms") => {
		const found = rows.filter(
			(row) =>
				row.viewers === viewers &&
				row.broadcasts === broadcasts &&
				row.start === start &&
				row.server === server &&
				row.transport === transport,
		);
		return median(found.map((row) => row[name]));
	};
	const ratio = (ours: string, bare: string, name: "cpuSPerGbit" | "p99Ms") =>
		round(of("relay", ours, name) / of("bare", bare, name));
	return {
		http3: {
			ratio: ratio("http3", "http3", "cpuSPerGbit"),
			p99Ratio: ratio("http3", "http3", "p99Ms"),
			p99Ms: of("relay", "http3", "p99Ms"),
		},
		tcp: {
			ratioToWss: ratio("tcp", "wss", "cpuSPerGbit"),
			ratioToTcp: ratio("tcp", "tcp", "cpuSPerGbit"),
			p99Ratio: ratio("tcp", "wss", "p99Ms"),
			p99Ms: of("relay", "tcp", "p99Ms"),
		},
	};
}
