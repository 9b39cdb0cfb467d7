import { afterAll, beforeAll, expect, it } from "vitest";
import { Rig } from "../../bench/agent-rig.ts";
import type { RelayGrant } from "../../web/src/api/answers.ts";
import { ROOT } from "../graph/imports.ts";
import { scaled } from "../scale.ts";
import { NodeViewer } from "./node-viewer.ts";

const VIEWERS = scaled(10, 50);
const ROUNDS = scaled(1, 5);
/** What is promised (issue: rotation and drain), ms. */
const LONGEST_GAP_MS = 1000;

let rig: Rig;
let camera: string;
let viewers: NodeViewer[] = [];
beforeAll(async () => {
	rig = await Rig.start({ relayTcp: true });
	const agent = await rig.agent({
		name: "node",
		command: [process.execPath, "--import", "tsx"],
		file: `${ROOT}/agent/main.ts`,
	});
	await rig.cameras(agent, 1);
	camera = agent.cameras[0]!;
}, 120_000);
afterAll(async () => {
	for (const viewer of viewers) viewer.close();
	await rig?.stop();
});

it.each(["http3", "tcp"] as const)(
	`over %s: a relay that renews itself goes unnoticed by ${VIEWERS} viewers`,
	async (transport) => {
		viewers = [];
		for (let i = 0; i < VIEWERS; i++) {
			const viewer = new NodeViewer(camera, () => rig.grant<RelayGrant>([camera]), transport);
			viewers.push(viewer);
			await viewer.picture();
		}
		const gaps: number[] = [];
		for (let round = 0; round < ROUNDS; round++) {
			for (const viewer of viewers) viewer.reset();
			const before = viewers.map(({ sessions }) => sessions);
			await rig.system.renewRelay();
			await Promise.all(viewers.map((viewer) => viewer.picture()));
			for (const [i, viewer] of viewers.entries()) expect(viewer.sessions).toBe(before[i]! + 1);
			gaps.push(...viewers.map((viewer) => viewer.gapMs()));
		}
		const sorted = gaps.toSorted((a, b) => a - b);
		const words = `${gaps.length} changes, ${Math.round(sorted[sorted.length >> 1]!)} ms, at most ${Math.round(sorted.at(-1)!)} ms`;
		process.stdout.write(`${transport}: longest gaps of ${words}\n`);
		expect(sorted.at(-1)).toBeLessThanOrEqual(LONGEST_GAP_MS);
		for (const viewer of viewers) viewer.close();
	},
	scaled(60_000, 300_000),
);
