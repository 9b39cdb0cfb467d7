import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { fromBase64Url, newId } from "@mivisus/wire/ids";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TestWorker } from "./testing/keys.ts";

/** The relay as it is run: a supervisor, its data plane, files and variables. */
let folder: string;
let supervisor: ChildProcess | undefined;
let output = "";
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-relay-"));
	output = "";
});
afterEach(() => {
	supervisor?.kill("SIGKILL");
	rmSync(folder, { recursive: true });
});

const freePort = () =>
	new Promise<number>((resolve) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address() as { port: number };
			server.close(() => resolve(port));
		});
	});
function run(env: NodeJS.ProcessEnv): Promise<number | null> {
	const main = fileURLToPath(new URL("main.ts", import.meta.url));
	const child = spawn(process.execPath, ["--import", "tsx", main], {
		env: { ...process.env, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	supervisor = child;
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (chunk) => {
			output += chunk;
		});
	}
	return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}
interface Health {
	startedAtMs: number;
	certificateHashes: [string];
}
/** Asks until the relay answers, as one that started after `afterMs`. */
async function healthy(httpPort: number, afterMs = 0): Promise<Health> {
	for (let attempt = 0; attempt < 100; attempt++) {
		const health = await fetch(`http://127.0.0.1:${httpPort}/healthz`).then(
			(answer) => answer.json() as Promise<Health>,
			() => undefined,
		);
		if (health && health.startedAtMs > afterMs) return health;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	throw new Error(`the relay does not answer:\n${output}`);
}

it("runs, comes back after a crash of its plane, and ends in order", async () => {
	const worker = await TestWorker.create();
	const keys = join(folder, "keys.json");
	writeFileSync(keys, JSON.stringify(worker.jwks));
	const [port, httpPort] = [await freePort(), await freePort()];
	const ended = run({
		MIVISUS_RELAY_TOKEN_KEYS: keys,
		MIVISUS_RELAY_CONTROL_KEYS: keys,
		MIVISUS_RELAY_PORT: String(port),
		MIVISUS_RELAY_HTTP_PORT: String(httpPort),
	});
	const health = await healthy(httpPort);
	const enter = async ({ certificateHashes }: Health) => {
		const root = newId();
		const url = new URL(`https://127.0.0.1:${port}/${root}?jwt=${await worker.token({ root })}`);
		return MoqPeer.client(await connectHttp3(url, { certificateHashes: [fromBase64Url(certificateHashes[0])] }));
	};
	const before = await enter(health);
	await before.subscribe(".relay", "clock", 255);

	const plane = Number(/"pid":(\d+)/.exec(output)?.[1]);
	expect(plane).toBeGreaterThan(1);
	process.kill(plane, "SIGKILL");
	const again = await healthy(httpPort, health.startedAtMs);
	const after = await enter(again);
	await after.subscribe(".relay", "clock", 255);

	supervisor?.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect((await after.closed).code).toBe(WIRE_ERROR_CODES["going-away"]);
	await expect(fetch(`http://127.0.0.1:${httpPort}/healthz`)).rejects.toThrow();
	expect(output).not.toContain("jwt");
}, 40_000);

it("a wrong configuration is said in words, and not tried again", async () => {
	expect(await run({ MIVISUS_RELAY_TOKEN_KEYS: "", MIVISUS_RELAY_CONTROL_KEYS: join(folder, "none") })).toBe(1);
	expect(output).toContain("MIVISUS_RELAY_TOKEN_KEYS");
	expect(output).not.toContain("    at ");
}, 20_000);
