import { expect, it } from "vitest";
import { Histogram } from "./histogram.ts";
import type { Way } from "./messages.ts";
import { type Case, compared, faults, rowOf } from "./rows.ts";

const ALONE: Case = { viewers: 100, broadcasts: 1, start: "alone" };

function row(
	way: Way,
	change: { deliveredRatio?: number; sentFps?: number; cpuS?: number; ms?: number } = {},
	one = ALONE,
) {
	const { deliveredRatio = 1, sentFps = 25, cpuS = 1, ms = 10 } = change;
	const latency = new Histogram();
	latency.add(ms);
	const measured = { fps: 25, deliveredRatio, sentFps, latency, serverCpuS: cpuS, viewersCpuS: 1, othersCpuS: 0 };
	return rowOf(way, one, 1, { ...measured, gbit: 4, rssMiB: 100, lost: [] }, 10);
}

it("finds no fault with a viewer that got 99 % of the frames, and says which one got less and why", () => {
	expect(faults(row("relay-tcp", { deliveredRatio: 0.99 }), [])).toEqual([]);
	const [fault, ...others] = faults(row("relay-tcp", { deliveredRatio: 0.98 }), [
		"reset (code 460)",
		"reset (code 460)",
	]);
	expect(fault).toBe(
		"relay tcp, 100 viewers, 1 broadcasts (alone): a viewer received 98 % of the frames (reset (code 460))",
	);
	expect(others).toEqual([]);
});

it("finds fault with a camera that could not send its frames", () => {
	expect(faults(row("bare-wss", { sentFps: 24.75 }), [])).toEqual([]);
	expect(faults(row("bare-wss", { sentFps: 24.7 }), []).join()).toContain("only 24.7 frames a second");
});

it("compares medians of the rounds with what they belong to, and nothing else", () => {
	const other: Case = { viewers: 100, broadcasts: 10, start: "random" };
	const rows = [
		...[9, 3, 1].map((cpuS) => row("relay-http3", { cpuS, ms: cpuS * 10 })),
		...[2, 2, 50].map((cpuS) => row("bare-http3", { cpuS, ms: cpuS * 5 })),
		row("relay-http3", { cpuS: 1000 }, other),
		row("relay-http3", { cpuS: 1000 }, { ...ALONE, viewers: 50 }),
		row("relay-http3", { cpuS: 1000 }, { ...ALONE, start: "same-instant" }),
		row("relay-tcp", { cpuS: 4 }),
		row("bare-wss", { cpuS: 2 }),
		row("bare-tcp", { cpuS: 1 }),
	];
	const { http3, tcp } = compared(rows, ALONE);
	expect(http3.ratio).toBe(1.5);
	expect(http3.p99Ms).toBeCloseTo(30.1);
	expect(http3.p99Ratio).toBeCloseTo(30.1 / 10.1, 2);
	expect([tcp.ratioToWss, tcp.ratioToTcp]).toEqual([2, 4]);
});
