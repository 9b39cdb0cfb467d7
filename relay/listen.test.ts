import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Certificate, makeCertificate } from "@mivisus/transport/certificate";
import { loadHttp3 } from "@mivisus/transport/fails/native";
import { FakeServer } from "@mivisus/transport/fake";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { loadNative, NativeUnavailableError } from "@mivisus/transport/http3/native";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import type { SessionServer } from "@mivisus/transport/port";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { newId } from "@mivisus/wire/ids";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RelayConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { type Backends, listenUdp } from "./listen.ts";
import { type Log, silentLog } from "./log.ts";
import { startPlane } from "./plane.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";

const works = (load: () => unknown) =>
	Promise.resolve()
		.then(load)
		.then(
			() => true,
			() => false,
		);
const [napiLoads, failsLoads] = [await works(loadNative), await works(loadHttp3)];

let worker: TestWorker;
let config: RelayConfig;
let certificate: Certificate;
beforeAll(async () => {
	worker = await TestWorker.create();
	certificate = await makeCertificate({ hosts: ["localhost"] });
});
beforeEach(async () => {
	config = await testConfig(worker);
});

describe("what carries HTTP/3", () => {
	type Outcome = "loads" | "missing" | "taken";
	const backend = (name: "http3" | "fails", outcome: Outcome) => async (): Promise<SessionServer> => {
		if (outcome === "missing") throw new NativeUnavailableError(`${name} is missing here: install it`);
		if (outcome === "taken") throw new Error("EADDRINUSE");
		const server = new FakeServer();
		return { transport: name, port: 1, next: () => server.next() };
	};
	/** The choice of a setting, and what the log says of it. */
	async function choose(transport: RelayConfig["transport"], http3: Outcome, fails: Outcome) {
		const said: string[] = [];
		const say = (level: string) => (facts: object, text: string) =>
			void said.push(`${level}: ${text} ${JSON.stringify(facts)}`);
		const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
		const tried: string[] = [];
		const attempt = (name: "http3" | "fails", outcome: Outcome) => () => {
			tried.push(name);
			return backend(name, outcome)();
		};
		const backends: Backends = { http3: attempt("http3", http3), fails: attempt("fails", fails) };
		const server = await listenUdp({ ...config, transport }, certificate, log, backends);
		return { chosen: server?.transport, tried, said: said.join("\n") };
	}

	it.each([
		["auto", "loads", "loads", "http3", ["http3"]],
		["auto", "missing", "loads", "fails", ["http3", "fails"]],
		["auto", "missing", "missing", undefined, ["http3", "fails"]],
		["http3", "loads", "loads", "http3", ["http3"]],
		["fails", "loads", "loads", "fails", ["fails"]],
		["tcp", "loads", "loads", undefined, []],
	] as const)("%s, where http3 %s and fails %s: %s", async (setting, http3, fails, expected, expectedTried) => {
		const { chosen, tried, said } = await choose(setting, http3, fails);
		expect(chosen).toBe(expected);
		expect(tried).toEqual(expectedTried);
		expect(said).toContain(expected ? "HTTP/3 is served" : "sessions come over TCP alone");
		expect(said).toContain(`"setting":"${setting}"`);
		expect(said.includes("http3 is missing here: install it")).toBe(http3 === "missing");
		expect(said.includes("fails is missing here: install it")).toBe(fails === "missing");
	});
	it.each(["http3", "fails"] as const)(
		"%s, asked for by name and missing: says what to do, and takes no other",
		async (name) => {
			const error = await choose(name, "missing", "missing").catch((e) => e);
			expect(error).toBeInstanceOf(ConfigError);
			expect(error.message).toContain(`MIVISUS_RELAY_TRANSPORT) is ${name}, but ${name} is missing here: install it`);
			expect(error.message).toContain("to auto");
		},
	);
	it("a taken port is no reason to take another backend", async () => {
		await expect(choose("auto", "taken", "loads")).rejects.toThrow("EADDRINUSE");
	});
});

describe("a relay", () => {
	it("on TCP alone serves sessions there, says so, and takes no UDP port", async () => {
		const udp = createSocket("udp6").bind(0, "::");
		await once(udp, "listening");
		// A port that is taken would stop a relay that listens on it.
		const plane = await startPlane({
			config: { ...config, transport: "tcp", port: udp.address().port },
			log: silentLog,
		});
		expect(plane.port).toBeUndefined();
		expect(plane.transports).toEqual(["tcp"]);
		const root = newId();
		const url = new URL(`ws://127.0.0.1:${plane.tcpPort}/${root}?jwt=${await worker.token({ root })}`);
		const peer = await MoqPeer.client(await connectTcp(url, { timeoutMs: 3000 }));
		const clock = await peer.subscribe(".relay", "clock", 255);
		expect((await (await clock.groups.next()).value?.next())?.length).toBeGreaterThan(0);
		peer.close();
		plane.close();
		udp.close();
	});
	it.skipIf(!napiLoads)("by default serves HTTP/3 by the native one, and TCP beside it", async () => {
		const plane = await startPlane({ config, log: silentLog });
		expect(plane.transports).toEqual(["http3", "tcp"]);
		plane.close();
	});
	it.skipIf(!failsLoads)("with fails serves HTTP/3 by that one, and TCP beside it", async () => {
		const plane = await startPlane({ config: { ...config, transport: "fails" }, log: silentLog });
		expect(plane.transports).toEqual(["fails", "tcp"]);
		const root = newId();
		const url = new URL(`https://127.0.0.1:${plane.port}/${root}?jwt=${await worker.token({ root })}`);
		const peer = await MoqPeer.client(await connectHttp3(url, { certificateHashes: [plane.certificateHash] }));
		await peer.subscribe(".relay", "clock", 255);
		peer.close();
		plane.close();
	});
	it.skipIf(failsLoads)(
		"with fails, where its native part is missing, ends at once and says what to install",
		async () => {
			const folder = mkdtempSync(join(tmpdir(), "mivisus-relay-"));
			const keys = join(folder, "keys.json");
			writeFileSync(keys, JSON.stringify(worker.jwks));
			const main = fileURLToPath(new URL("main.ts", import.meta.url));
			const relay = spawn(process.execPath, ["--import", "tsx", main], {
				env: {
					...process.env,
					MIVISUS_RELAY_TRANSPORT: "fails",
					MIVISUS_RELAY_TOKEN_KEYS: keys,
					MIVISUS_RELAY_CONTROL_KEYS: keys,
					MIVISUS_RELAY_PORT: "0",
					MIVISUS_RELAY_HTTP_PORT: "0",
				},
			});
			let output = "";
			for (const stream of [relay.stdout, relay.stderr]) {
				stream.on("data", (chunk) => {
					output += chunk;
				});
			}
			// Not tried again: the supervisor ends too.
			const [status] = await once(relay, "close");
			expect(status).toBe(1);
			expect(output).toMatch(/MIVISUS_RELAY_TRANSPORT\) is fails, but .*npm install .*http3-quiche@/);
			expect(output).not.toContain("    at ");
			expect(output).not.toContain("http3 loader");
			rmSync(folder, { recursive: true });
		},
	);
});
