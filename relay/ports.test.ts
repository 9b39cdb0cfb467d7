import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { RelayConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { silentLog } from "./log.ts";
import { startPlane } from "./plane.ts";
import { portError } from "./ports.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";

let config: RelayConfig;
beforeAll(async () => {
	config = await testConfig(await TestWorker.create());
});
const failure = (change: Partial<RelayConfig>): Promise<Error> =>
	startPlane({ config: { ...config, ...change }, log: silentLog }).then(
		() => Promise.reject(new Error("it started")),
		(error) => error,
	);

it("a port that another program has is named, with the setting that chose it", async () => {
	const tcp = createServer();
	const tcpPort = await new Promise<number>((resolve) =>
		tcp.listen(0, "127.0.0.1", () => resolve((tcp.address() as { port: number }).port)),
	);
	const udp = createSocket("udp4");
	const udpPort = await new Promise<number>((resolve) => udp.bind(0, "127.0.0.1", () => resolve(udp.address().port)));
	const messages = [await failure({ tcpPort }), await failure({ host: "127.0.0.1", port: udpPort })].map((error) => [
		error.message,
		error instanceof ConfigError,
	]);
	const rest = "is taken: end the program that has it, or choose another port";
	// One that is free again in a moment is worth another try, so it is no ConfigError.
	expect(messages).toEqual([
		[`tcpPort (MIVISUS_RELAY_TCP_PORT): TCP port ${tcpPort} ${rest}`, false],
		[`port (MIVISUS_RELAY_PORT): UDP port ${udpPort} ${rest}`, false],
	]);
	tcp.close();
	udp.close();
});
it("an address that this machine does not have is a fault of the configuration", async () => {
	// 192.0.2.0/24 is for documents only (RFC 5737).
	for (const [change, setting] of [
		[{ tcpHost: "192.0.2.1" }, "tcpHost (MIVISUS_RELAY_TCP_HOST)"],
		[{ host: "192.0.2.1", port: 40_000 }, "host (MIVISUS_RELAY_HOST)"],
	] as const) {
		const error = await failure(change);
		expect(error).toBeInstanceOf(ConfigError);
		expect(error.message).toBe(`${setting}: 192.0.2.1 is no address of this machine: give one that is, or :: for all`);
	}
});
it("a port that the user may not open is one, too", () => {
	const settings = { host: "tcpHost", port: "tcpPort" } as const;
	const error = portError({ code: "EACCES" }, { protocol: "TCP", host: "::", port: 443, settings });
	expect(error).toBeInstanceOf(ConfigError);
	expect(error.message).toContain("tcpPort (MIVISUS_RELAY_TCP_PORT): TCP port 443 may not be opened by this user");
});
describe("what only a person can change ends the process in one sentence", () => {
	/** A program of the relay with these settings: what it said, and its exit status. `begin`: as its supervisor starts it. */
	async function run(program: string, env: NodeJS.ProcessEnv, begin?: object) {
		const folder = mkdtempSync(join(tmpdir(), "mivisus-relay-"));
		const keys = join(folder, "keys.json");
		writeFileSync(keys, JSON.stringify((await TestWorker.create()).jwks));
		const child = spawn(process.execPath, ["--import", "tsx", fileURLToPath(new URL(program, import.meta.url))], {
			env: {
				...process.env,
				MIVISUS_RELAY_TOKEN_KEYS: keys,
				MIVISUS_RELAY_CONTROL_KEYS: keys,
				MIVISUS_RELAY_PORT: "0",
				...env,
			},
			stdio: ["ignore", "pipe", "pipe", "ipc"],
		});
		if (begin) child.send(begin);
		let said = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream?.on("data", (chunk) => {
				said += chunk;
			});
		}
		const code = await new Promise((resolve) => child.once("close", resolve));
		rmSync(folder, { recursive: true });
		expect(said).not.toContain("    at ");
		return { said, code };
	}
	it("with the status that is not tried again, where a plane cannot listen", async () => {
		const begin = { type: "begin", slot: 0, revocations: [] };
		const { said, code } = await run(
			"child.ts",
			{ MIVISUS_RELAY_HOST: "192.0.2.1", MIVISUS_RELAY_PORT: "40000" },
			begin,
		);
		expect(said).toContain("host (MIVISUS_RELAY_HOST): 192.0.2.1 is no address of this machine");
		expect(code).toBe(78);
	});
	it("the control side, too", async () => {
		const { said, code } = await run("main.ts", { MIVISUS_RELAY_HTTP_HOST: "192.0.2.1" });
		expect(said).toContain("httpHost (MIVISUS_RELAY_HTTP_HOST): 192.0.2.1 is no address of this machine");
		expect(code).toBe(1);
	});
});
