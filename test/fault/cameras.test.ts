/** A camera that was away is back within 10 s, without help, whatever took it away. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { AgentProcess } from "../cameras/agent-process.ts";
import type { Report } from "../cameras/agent-under-test.ts";
import { scaled, seeded, seedOf } from "../scale.ts";
import { Cable, hasNamespaces } from "./namespaces.ts";

const ROUNDS = scaled(1, 20);
/** At most so long it is away. */
const AWAY_MS = scaled(2000, 8000);
const BACK_MS = 10_000;
/** Of one round: away for a while, noticed, back. */
const ROUND_MS = 40_000;
const PORT = 8554;
const PASSWORD = "p@ss:a%0X/b?";
const demo = fileURLToPath(new URL("../../scripts/demo-camera/main.ts", import.meta.url));

const endings: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of endings.splice(0).reverse()) await end();
});
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The demo camera as a program of its own, so that it can be killed. Port 0: any. */
class Camera {
	port = 0;
	#around: readonly string[];
	#host: string;
	#child: ChildProcess | undefined;
	constructor(host: string, port = 0, around: readonly string[] = []) {
		this.#host = host;
		this.port = port;
		this.#around = around;
		endings.push(() => this.kill());
	}
	async start(): Promise<void> {
		const args = ["--import", "tsx", demo, "--host", this.#host, "--port", String(this.port), "--user", "viewer"];
		const [command = "", ...rest] = [...this.#around, process.execPath, ...args];
		const env = { ...process.env, MIVISUS_DEMO_CAMERA_PASSWORD: PASSWORD };
		this.#child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"], env });
		const [line] = await once(createInterface({ input: this.#child.stdout! }), "line");
		this.port = Number(/:(\d+)\//.exec(line)?.[1]);
	}
	/** Ends it without a word to its visitors. */
	async kill(): Promise<void> {
		const child = this.#child;
		this.#child = undefined;
		if (!child) return;
		child.kill("SIGKILL");
		await once(child, "exit");
	}
}
/** An agent that reads it, in its own process. */
function reading(camera: Camera, host: string, transport: "tcp" | "udp", options = {}) {
	const agent = new AgentProcess(options);
	endings.push(() => agent.end());
	const url = { scheme: "rtsp" as const, host, port: camera.port, path: "/live" };
	agent.tell({ do: "start", id: "camera", access: { v: 1, url, user: "viewer", password: PASSWORD }, transport });
	const next = (wanted: (report: Report) => boolean) =>
		agent.report((report): report is Report => wanted(report), agent.reports.length);
	const picture = () => next((report) => "picture" in report);
	const lost = () => next((report) => "state" in report && report.state === "camera-unreachable");
	return { agent, picture, lost };
}
/** ms until the next picture. */
async function timed(back: Promise<unknown>): Promise<number> {
	const sinceMs = performance.now();
	await back;
	return performance.now() - sinceMs;
}

describe.each(["tcp", "udp"] as const)("by %s", (transport) => {
	it(
		`a camera that is killed and starts again, ${ROUNDS} times`,
		async () => {
			const random = seeded(seedOf(`camera reboot, ${transport}`));
			const camera = new Camera("127.0.0.1");
			await camera.start();
			const { picture, lost } = reading(camera, "127.0.0.1", transport);
			for (let round = 0; round < ROUNDS; round++) {
				await picture();
				const noticed = lost();
				await camera.kill();
				await noticed;
				await pause(random() * AWAY_MS);
				await camera.start();
				expect(await timed(picture()), `round ${round}`).toBeLessThan(BACK_MS);
			}
		},
		ROUNDS * ROUND_MS,
	);
});

it(
	`a wrong clock: the agent's jumps by up to a day while the camera restarts, ${ROUNDS} times`,
	async () => {
		const random = seeded(seedOf("wrong clock"));
		const folder = mkdtempSync(join(tmpdir(), "mivisus-clock-"));
		endings.push(() => rmSync(folder, { recursive: true }));
		const clock = join(folder, "clock");
		writeFileSync(clock, "0");
		const camera = new Camera("127.0.0.1");
		await camera.start();
		const preload = [fileURLToPath(new URL("stepped-clock.mjs", import.meta.url))];
		const { picture, lost } = reading(camera, "127.0.0.1", "tcp", { preload, env: { STEPPED_CLOCK: clock } });
		for (let round = 0; round < ROUNDS; round++) {
			await picture();
			writeFileSync(clock, String(Math.round((random() - 0.5) * 2 * 86_400_000)));
			expect(await timed(picture()), `the step alone, round ${round}`).toBeLessThan(2000);
			const noticed = lost();
			await camera.kill();
			await noticed;
			writeFileSync(clock, String(Math.round((random() - 0.5) * 2 * 86_400_000)));
			await camera.start();
			expect(await timed(picture()), `round ${round}`).toBeLessThan(BACK_MS);
		}
	},
	ROUNDS * ROUND_MS,
);

describe.skipIf(!hasNamespaces())("in network namespaces (as root on Linux; not run elsewhere)", () => {
	let cable: Cable;
	beforeAll(() => {
		cable = new Cable();
		return () => cable.remove();
	});
	const both = async (transport: "tcp" | "udp") => {
		const camera = new Camera(cable.address, PORT, cable.at("camera"));
		await camera.start();
		return { camera, ...reading(camera, cable.address, transport, { around: cable.at("agent") }) };
	};
	it.each(["tcp", "udp"] as const)(
		"the cable is pulled and put back, by %s",
		async (transport) => {
			const random = seeded(seedOf(`cable, ${transport}`));
			const { picture, lost } = await both(transport);
			for (let round = 0; round < ROUNDS; round++) {
				await picture();
				const noticed = lost();
				cable.pull();
				expect(await timed(noticed), `noticed, round ${round}`).toBeLessThan(BACK_MS);
				await pause(random() * AWAY_MS);
				cable.join();
				expect(await timed(picture()), `round ${round}`).toBeLessThan(BACK_MS);
			}
		},
		ROUNDS * ROUND_MS,
	);
	it(
		"half-open TCP: the camera restarts behind a pulled cable and knows nothing of the old connection",
		async () => {
			const random = seeded(seedOf("half-open"));
			const { camera, picture, lost } = await both("tcp");
			for (let round = 0; round < ROUNDS; round++) {
				await picture();
				const noticed = lost();
				cable.pull();
				await camera.kill();
				await cable.forget();
				// Before or after the agent noticed: both happen.
				if (random() < 0.5) await noticed;
				await camera.start();
				cable.join();
				expect(await timed(picture()), `round ${round}`).toBeLessThan(BACK_MS);
				await noticed;
			}
		},
		ROUNDS * ROUND_MS,
	);
});
