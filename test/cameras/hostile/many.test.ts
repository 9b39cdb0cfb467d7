/** R9: more than 200 hostile cameras against camera sources in a process of their own, each over real sockets. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Report } from "../agent-under-test.ts";
import { ScriptedCamera } from "../scripted.ts";
import { AgentProcess } from "./agent-process.ts";
import { type Behaviour, MIB } from "./behaviour.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { HEADERS } from "./headers.ts";
import { REPLIES } from "./replies.ts";
import { STREAMS } from "./streams.ts";

const BEHAVIOURS: Behaviour[] = [...REPLIES, ...DESCRIPTIONS, ...HEADERS, ...STREAMS];
/** As many cameras as an agent may have. */
const AT_ONCE = 63;
/** Within this time the owner must be told something of a camera, or see it. */
const STALL_MS = 10_000;
/** What the cameras of one round may hold together: a picture, a message and the sockets' buffers each. */
const MOST_BYTES = 256 * MIB;
const HELD_BYTES = 16 * MIB;
/** No camera may take the time of the others for so long. */
const BLOCKED_MS = 3000;
const BORNE_MS = 1000;
const HONEST = "honest";

type Said = Extract<Report, { state: string }>;
const saysMore =
	(id: string) =>
	(report: Report): report is Said =>
		"state" in report && report.id === id && (report.state !== "waiting" || report.detail !== "");
const isStopped =
	(id: string) =>
	(report: Report): report is Extract<Report, { stopped: true }> =>
		"stopped" in report && report.id === id;
const isWeight = (report: Report): report is Extract<Report, { heldBytes: number }> => "heldBytes" in report;

let agent: AgentProcess;
let honest: ScriptedCamera;
let pace: NodeJS.Timeout;
const at = (camera: ScriptedCamera) => ({
	v: 1 as const,
	url: { scheme: "rtsp" as const, host: "127.0.0.1", port: camera.port, path: "/live" },
	user: "viewer",
	password: "hunter22",
});
const weigh = async () => {
	const from = agent.reports.length;
	agent.tell({ do: "weigh" });
	return agent.report(isWeight, from);
};
/** Connections take up to a second to end, and hold what they were about to write. */
async function settled(beforeBytes: number) {
	let weight = await weigh();
	for (let tries = 1; weight.heldBytes - beforeBytes >= HELD_BYTES && tries < 20; tries++) {
		await new Promise((resolve) => setTimeout(resolve, 100));
		weight = { ...weight, heldBytes: (await weigh()).heldBytes };
	}
	return weight;
}
beforeAll(async () => {
	agent = new AgentProcess();
	honest = await ScriptedCamera.listen({
		play: (peer) => {
			peer.frames(peer.media.gop(5));
			pace = setInterval(() => peer.frames(peer.media.pictures(1)), 40);
		},
	});
	agent.tell({ do: "start", id: HONEST, access: at(honest), transport: "tcp" });
	await agent.report((report): report is Report => "picture" in report);
});
afterAll(async () => {
	clearInterval(pace);
	await agent.end();
	await honest.close();
});

/** Hostile cameras at the same time, from start to stop: what their owners were told first. */
async function endure(behaviours: readonly Behaviour[]): Promise<{ name: string; said: Said }[]> {
	const from = agent.reports.length;
	const cameras = await Promise.all(behaviours.map(({ script }) => ScriptedCamera.listen(script)));
	for (const [index, { name, transport = "tcp" }] of behaviours.entries()) {
		agent.tell({ do: "start", id: name, access: at(cameras[index]!), transport });
	}
	const outcomes = await Promise.all(
		behaviours.map(async ({ name }) => ({ name, said: await agent.report(saysMore(name), from) })),
	);
	// What they go on sending must be borne, too.
	await new Promise((resolve) => setTimeout(resolve, BORNE_MS));
	for (const { name } of behaviours) agent.tell({ do: "stop", id: name });
	await Promise.all(behaviours.map(({ name }) => agent.report(isStopped(name), from)));
	await Promise.all(cameras.map((camera) => camera.close()));
	return outcomes;
}

it("200 hostile cameras: no crash, no stall, no memory, no process, no secret, and an honest one among them is undisturbed", async () => {
	expect(new Set(BEHAVIOURS.map(({ name }) => name)).size).toBe(BEHAVIOURS.length);
	expect(BEHAVIOURS.length).toBeGreaterThanOrEqual(200);
	const before = await weigh();
	for (let n = 0; n < BEHAVIOURS.length; n += AT_ONCE) {
		const outcomes = await endure(BEHAVIOURS.slice(n, n + AT_ONCE));
		for (const { name, said } of outcomes) expect(said.ms, `${name}: ${said.detail}`).toBeLessThanOrEqual(STALL_MS);
		const weight = await settled(before.heldBytes);
		expect(weight.mostBytes).toBeLessThan(MOST_BYTES);
		expect(weight.heldBytes - before.heldBytes).toBeLessThan(HELD_BYTES);
		expect(weight.processes).toBe(0);
		expect(weight.blockedMs).toBeLessThan(BLOCKED_MS);
	}
	const text = JSON.stringify(agent.reports);
	expect(text).not.toMatch(/hunter22|127\.0\.0\.1|192\.0\.2/);
	const own = agent.reports.filter(
		(report): report is Said | Extract<Report, { picture: true }> => "id" in report && report.id === HONEST,
	);
	expect(
		own.flatMap((report) => ("state" in report ? [report.state] : [])).filter((state) => state !== "waiting"),
	).toEqual(["live"]);
	const times = own.filter((report) => "picture" in report).map(({ ms }) => ms);
	const gaps = times.slice(1).map((ms, index) => ms - times[index]!);
	expect(Math.max(...gaps)).toBeLessThan(STALL_MS);
}, 120_000);
