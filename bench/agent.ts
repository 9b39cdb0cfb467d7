import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../scripts/agent-build/compile.ts";
import { hostTarget } from "../scripts/agent-build/targets.ts";
import { ROOT } from "../test/graph/imports.ts";
import { Rig, type RigAgent, type Runtime } from "./agent-rig.ts";
import type { Figures } from "./figures.ts";
import { usage } from "./usage.ts";

/** Until its code is compiled for good: a program that runs for months is measured, not its start. */
const SETTLE_MS = 30_000;
/** How long each of the six measurements lasts unless given, s. */
const SECONDS = 30;
const MANY = 8;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const round = (value: number) => Number(value.toFixed(3));

/** CPU-seconds of some processes for each minute and camera, and the resident memory of all of them at the end, MiB. */
async function measure(pids: readonly number[], cameras: number, seconds: number) {
	const sum = () => pids.reduce((total, pid) => total + usage(pid).cpuS, 0);
	await pause(SETTLE_MS);
	const [before, begun] = [sum(), performance.now()];
	await pause(seconds * 1000);
	const minutes = (performance.now() - begun) / 60_000;
	return {
		cpuS: (sum() - before) / minutes / cameras,
		rssMiB: pids.reduce((total, pid) => total + usage(pid).rssMiB, 0),
	};
}

/** What ffmpeg needs to read the same cameras and throw their packets away. */
async function ffmpeg(address: string, cameras: number, seconds: number) {
	const args = ["-loglevel", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", address];
	const children: ChildProcess[] = Array.from({ length: cameras }, () =>
		spawn("ffmpeg", [...args, ..."-c copy -f null -".split(" ")], { stdio: ["ignore", "ignore", "inherit"] }),
	);
	try {
		const pids = children.map(({ pid }) => pid ?? 0);
		return await measure(pids, cameras, seconds);
	} finally {
		for (const child of children) child.kill("SIGKILL");
	}
}

/** The agent with so many cameras, each of which somebody watches. */
async function agentOf(rig: Rig, agent: RigAgent, cameras: number, seconds: number) {
	await rig.cameras(agent, cameras);
	const watching = await rig.watch(agent.cameras);
	try {
		const [frames, bytes, begun] = [watching.frames, watching.bytes, performance.now()];
		const measured = await measure([agent.program.pid], cameras, seconds);
		const elapsedS = (performance.now() - begun) / 1000;
		return {
			...measured,
			framesPerS: (watching.frames - frames) / elapsedS / cameras,
			mbits: ((watching.bytes - bytes) * 8) / 1e6 / elapsedS / cameras,
		};
	} finally {
		watching.close();
	}
}

/**
 * CPU and memory of the agent while one viewer watches each camera, as ratios to `ffmpeg -c copy -f null`, which only reads:
 * the agent also encrypts and sends. The binary, and the same code on Node. `ready…`: many cameras that are always ready and
 * that nobody watches, so the agent only reads and keeps, too. An argument gives the seconds of each measurement.
 */
export async function agent(): Promise<Figures> {
	const seconds = Number(process.argv[3] ?? SECONDS);
	const folder = mkdtempSync(join(tmpdir(), "mivisus-bench-"));
	const built = await compile(hostTarget(), folder);
	const runtimes: Runtime[] = [
		{ name: "binary", command: ["/usr/bin/env"], file: built.program },
		{ name: "node", command: [process.execPath, "--import", "tsx"], file: join(ROOT, "agent/main.ts") },
	];
	const rig = await Rig.start();
	const figures: Figures = { seconds, mbitsPerCamera: round(rig.mbits) };
	try {
		const baseline: Record<number, number> = {};
		for (const cameras of [1, MANY]) {
			const { cpuS, rssMiB } = await ffmpeg(rig.address, cameras, seconds);
			baseline[cameras] = cpuS;
			figures[`ffmpegCpuS${cameras}`] = round(cpuS);
			figures[`ffmpegRssMiB${cameras}`] = round(rssMiB);
		}
		for (const runtime of runtimes) {
			const prefix = runtime.name === "binary" ? "" : runtime.name;
			const named = (name: string) => (prefix ? prefix + name[0]!.toUpperCase() + name.slice(1) : name);
			const running = await rig.agent(runtime);
			for (const cameras of [1, MANY]) {
				const { cpuS, rssMiB, framesPerS, mbits } = await agentOf(rig, running, cameras, seconds);
				figures[named(`cpuRatio${cameras}`)] = round(cpuS / baseline[cameras]!);
				figures[named(`cpuS${cameras}`)] = round(cpuS);
				figures[named(`rssMiB${cameras}`)] = round(rssMiB);
				figures[named(`framesPerS${cameras}`)] = round(framesPerS);
				figures[named(`mbits${cameras}`)] = round(mbits);
			}
			await rig.ready(running);
			const { cpuS, rssMiB } = await measure([running.program.pid], MANY, seconds);
			figures[named(`readyCpuRatio${MANY}`)] = round(cpuS / baseline[MANY]!);
			figures[named(`readyCpuS${MANY}`)] = round(cpuS);
			figures[named(`readyRssMiB${MANY}`)] = round(rssMiB);
			await running.program.stop();
		}
		return figures;
	} finally {
		await rig.stop();
		rmSync(folder, { recursive: true });
	}
}
