import { type ChildProcess, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { makeCertificate } from "@mivisus/transport/certificate";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { fromBase64Url, newId } from "@mivisus/wire/ids";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PLANE_ANSWERS_MS, PLANE_SILENT_MS, STOP_GRACE_MS } from "./limits.ts";
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
/** SHA-256 of the certificate that a TLS server shows, and of the one in a file. */
const certificateAt = (port: number) =>
	new Promise<string>((resolve, reject) => {
		const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
			resolve(socket.getPeerCertificate().fingerprint256);
			socket.destroy();
		});
		socket.on("error", reject);
	});
const fingerprintOf = (file: string) => new X509Certificate(readFileSync(file)).fingerprint256;
interface Health {
	startedAtMs: number;
	instance: string;
	slot: number;
	port: number;
	tcpPort: number;
	revocationSeq: number;
	certificateHashes: string[];
}
/** Asks until the relay answers as wanted. */
async function healthy(httpPort: number, wanted: (health: Health) => boolean = () => true): Promise<Health> {
	for (let attempt = 0; attempt < 400; attempt++) {
		const health = await fetch(`http://127.0.0.1:${httpPort}/healthz`).then(
			async (answer) => (answer.ok ? ((await answer.json()) as Health) : undefined),
			() => undefined,
		);
		if (health && wanted(health)) return health;
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	throw new Error(`the relay does not answer:\n${output}`);
}
/** A relay that runs, and the worker that it believes. */
async function running(env: NodeJS.ProcessEnv = {}) {
	const worker = await TestWorker.create();
	const keys = join(folder, "keys.json");
	writeFileSync(keys, JSON.stringify(worker.jwks));
	const [port, httpPort] = [await freePort(), await freePort()];
	const ended = run({
		MIVISUS_RELAY_TOKEN_KEYS: keys,
		MIVISUS_RELAY_CONTROL_KEYS: keys,
		MIVISUS_RELAY_PORT: String(port),
		MIVISUS_RELAY_ALTERNATE_PORT: "0",
		MIVISUS_RELAY_TCP_PORT: "0",
		MIVISUS_RELAY_HTTP_PORT: String(httpPort),
		...env,
	});
	const enter = async (
		health: Health,
		rights: { root: string; put?: string[]; get?: string[] } = { root: newId() },
	) => {
		const token = await worker.token({ ...rights, aud: health.instance });
		const url = new URL(`https://127.0.0.1:${health.port}/${rights.root}?jwt=${token}`);
		return connectHttp3(url, { certificateHashes: health.certificateHashes.map(fromBase64Url), timeoutMs: 3000 });
	};
	const push = async (revocations: object[]) =>
		fetch(`http://127.0.0.1:${httpPort}/revocations`, {
			method: "POST",
			headers: { Authorization: `Bearer ${await worker.controlToken()}` },
			body: JSON.stringify({ revocations }),
		});
	return { worker, port, httpPort, ended, enter, push, health: await healthy(httpPort) };
}
const planes = () => [...output.matchAll(/"pid":(\d+)/g)].map((match) => Number(match[1]));

it("runs, comes back after a crash of its plane, and ends in order", async () => {
	const { httpPort, ended, enter, health } = await running();
	const before = await MoqPeer.client(await enter(health));
	await before.subscribe(".relay", "clock", 255);

	const [plane] = planes();
	expect(plane).toBeGreaterThan(1);
	process.kill(plane!, "SIGKILL");
	const again = await healthy(httpPort, ({ startedAtMs }) => startedAtMs > health.startedAtMs);
	expect([again.slot, again.port]).toEqual([health.slot, health.port]);
	const after = await MoqPeer.client(await enter(again));
	await after.subscribe(".relay", "clock", 255);

	supervisor?.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect((await after.closed).code).toBe(WIRE_ERROR_CODES["going-away"]);
	await expect(fetch(`http://127.0.0.1:${httpPort}/healthz`)).rejects.toThrow();
	expect(output).not.toContain("jwt");
}, 40_000);

it("changes over to a new process beside the old one, which is left; what was taken back stays so", async () => {
	const { worker, httpPort, ended, enter, push, health } = await running();
	const ref = `session:${newId()}`;
	// Far ahead: however slow this machine is, the token below was issued before it.
	const iat = Math.floor(Date.now() / 1000) + 600;
	const answer = await push([{ seq: 7, ref, iat }]);
	expect([answer.status, await answer.json()]).toEqual([200, { seq: 7 }]);
	const before = await MoqPeer.client(await enter(health));
	const clock = await before.subscribe(".relay", "clock", 255);
	const beats = (await clock.groups.next()).value!;

	const metrics = async () => (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
	expect(await metrics()).toContain('mivisus_relay_sessions{transport="http3"} 1');
	expect((await fetch(`http://127.0.0.1:${httpPort}/readyz`)).status).toBe(200);
	supervisor?.kill("SIGHUP");
	const next = await healthy(httpPort, ({ slot }) => slot === 1);
	expect(await metrics()).toContain('mivisus_relay_sessions{transport="http3"} 0');
	expect(next.port).not.toBe(health.port);
	expect(next.instance).not.toBe(health.instance);
	expect(next.revocationSeq).toBe(7);
	// A page may have been told of either certificate.
	expect(next.certificateHashes).toHaveLength(2);
	expect(next.certificateHashes).toContain(health.certificateHashes[0]);
	const after = await MoqPeer.client(await enter(next));
	await after.subscribe(".relay", "clock", 255);

	for (let leaving = false; !leaving; ) leaving = JSON.parse(Buffer.from((await beats.next())!).toString()).leaving;
	// A token of the old process is none for the new one, and the other way round.
	await expect(enter({ ...next, instance: health.instance })).rejects.toThrow();
	await expect(enter({ ...next, port: health.port })).rejects.toThrow();
	// Taken back before this process began.
	const root = newId();
	const token = await worker.token({ root, aud: next.instance, mivisus: { until: iat + 60, ref: [ref] } });
	const url = new URL(`https://127.0.0.1:${next.port}/${root}?jwt=${token}`);
	const hashes = next.certificateHashes.map(fromBase64Url);
	await expect(connectHttp3(url, { certificateHashes: hashes, timeoutMs: 3000 })).rejects.toThrow();
	before.close();
	await healthy(httpPort, ({ certificateHashes }) => certificateHashes.length === 1);
	// And back again, to the first ports.
	supervisor?.kill("SIGHUP");
	expect((await healthy(httpPort, ({ slot }) => slot === 0)).port).toBe(health.port);
	supervisor?.kill("SIGTERM");
	expect(await ended).toBe(0);
}, 60_000);

it("a new certificate is taken into use as it comes, and one that cannot be used changes nothing", async () => {
	const files = { cert: join(folder, "relay.pem"), key: join(folder, "relay.key") };
	const put = async (certificate: Promise<{ certPem: string; keyPem: string }>) => {
		const { certPem, keyPem } = await certificate;
		writeFileSync(files.cert, certPem);
		writeFileSync(files.key, keyPem);
	};
	const make = () => makeCertificate({ hosts: ["127.0.0.1"] });
	await put(make());
	const { httpPort, health } = await running({
		MIVISUS_RELAY_CERTIFICATE: files.cert,
		MIVISUS_RELAY_CERTIFICATE_KEY: files.key,
	});
	// Browsers trust it by themselves, or not at all.
	expect(health.certificateHashes).toEqual([]);
	const shown = () => certificateAt(health.tcpPort);
	const first = await shown();
	expect(first).toBe(fingerprintOf(files.cert));

	writeFileSync(files.cert, "not a certificate");
	supervisor?.kill("SIGHUP");
	await vi.waitFor(() => expect(output).toContain("the new process cannot serve"), { timeout: 20_000, interval: 50 });
	expect((await healthy(httpPort)).startedAtMs).toBe(health.startedAtMs);

	await put(make());
	const next = await healthy(httpPort, ({ slot }) => slot === 1);
	expect(await certificateAt(next.tcpPort)).toBe(fingerprintOf(files.cert));
	expect(fingerprintOf(files.cert)).not.toBe(first);
}, 90_000);

it("a plane that hangs is entered by nobody, says nothing was applied, and is ended by force with the rest", async () => {
	const { httpPort, ended, push } = await running();
	const [plane] = planes();
	process.kill(plane!, "SIGSTOP");
	const stopped = Date.now();
	const health = async () => (await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status;
	await vi.waitFor(async () => expect(await health()).toBe(503), { timeout: PLANE_SILENT_MS + 2000, interval: 100 });
	expect(Date.now() - stopped).toBeGreaterThan(PLANE_SILENT_MS - 1000);
	const asked = Date.now();
	const answer = await push([{ seq: 1, ref: `session:${newId()}`, iat: 1 }]);
	expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([
		503,
		"https://mivisus.com/problems/not-applied",
	]);
	expect(Date.now() - asked).toBeGreaterThanOrEqual(PLANE_ANSWERS_MS - 50);
	const told = Date.now();
	supervisor?.kill("SIGTERM");
	expect(await ended).toBe(0);
	expect(Date.now() - told).toBeGreaterThanOrEqual(STOP_GRACE_MS - 50);
	expect(() => process.kill(plane!, 0)).toThrow();
}, 40_000);

it("a wrong configuration is said in words, and not tried again", async () => {
	expect(await run({ MIVISUS_RELAY_TOKEN_KEYS: "", MIVISUS_RELAY_CONTROL_KEYS: join(folder, "none") })).toBe(1);
	expect(output).toContain("MIVISUS_RELAY_TOKEN_KEYS");
	expect(output).not.toContain("    at ");
}, 20_000);
