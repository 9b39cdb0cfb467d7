import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "@mivisus/transport/certificate";
import { newId, toBase64Url } from "@mivisus/wire/ids";
import { FromPlane, type ToPlane } from "../../relay/messages.ts";
import { TestWorker } from "../../relay/testing/keys.ts";
import { freePort } from "../../scripts/start/programs.ts";
import { Child } from "./child.ts";
import { Listening, type Place, type Server, type Way } from "./messages.ts";

/** For a process to start and listen, on a busy machine. */
const START_MS = 30_000;

/** A server under test in a process of its own, and the way in. */
export interface Running {
	readonly server: Server;
	readonly pid: number;
	/** A place for one session that publishes or views a camera. Use it within a minute. */
	place(role: "publish" | "view", broadcast: string): Promise<Place>;
	stop(): Promise<void>;
}

/** Starts one. `profile`: a folder for a CPU profile of it, written when it ends. */
export async function startServer(way: Way, profile?: string): Promise<Running> {
	const certificate = await makeCertificate({ hosts: ["localhost", "127.0.0.1"] });
	const server = { way, certPem: certificate.certPem, certificateHash: toBase64Url(certificate.sha256) };
	const node = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${join(profile, way)}`];
	return way === "relay-http3" || way === "relay-tcp"
		? startRelay(server, certificate, node)
		: startBare(server, certificate, node);
}

type Pem = { certPem: string; keyPem: string };

async function startBare(server: Server, { certPem, keyPem }: Pem, node: readonly string[]): Promise<Running> {
	const child = new Child(server.way, new URL(`${server.way}.ts`, import.meta.url), { node });
	const { port } = await child.ask({ certPem, keyPem }, Listening, START_MS).catch(async (error) => {
		await child.stop();
		throw error;
	});
	const scheme = { "bare-http3": "https", "bare-wss": "wss" }[server.way as string] ?? "tcp";
	return {
		server,
		pid: child.pid,
		place: async (role, broadcast) => ({ url: `${scheme}://127.0.0.1:${port}/${role}/${broadcast}`, broadcast }),
		stop: () => child.stop(),
	};
}

/** Our data plane as its supervisor starts it, with a certificate, so that TCP has TLS too. */
async function startRelay(server: Server, { certPem, keyPem }: Pem, node: readonly string[]): Promise<Running> {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-bench-relay-"));
	const file = (name: string, text: string) => {
		writeFileSync(join(folder, name), text, { mode: 0o600 });
		return join(folder, name);
	};
	const worker = await TestWorker.create();
	const keys = file("keys.json", JSON.stringify(worker.jwks));
	const ports = { udp: await freePort("udp"), tcp: await freePort("tcp") };
	const child = new Child(server.way, new URL("../../relay/child.ts", import.meta.url), {
		node,
		env: {
			MIVISUS_RELAY_INSTANCE: worker.audience,
			MIVISUS_RELAY_PORT: String(ports.udp),
			MIVISUS_RELAY_TCP_PORT: String(ports.tcp),
			MIVISUS_RELAY_HTTP_PORT: String(await freePort("tcp")),
			MIVISUS_RELAY_TOKEN_KEYS: keys,
			MIVISUS_RELAY_CONTROL_KEYS: keys,
			MIVISUS_RELAY_CERTIFICATE: file("cert.pem", certPem),
			MIVISUS_RELAY_CERTIFICATE_KEY: file("key.pem", keyPem),
			MIVISUS_RELAY_LOG: "warn",
		},
	});
	const stop = async () => {
		await child.stop();
		rmSync(folder, { recursive: true });
	};
	const begin: ToPlane = { type: "begin", slot: 0, revocations: [] };
	await child.ask(begin, FromPlane, START_MS).catch(async (error) => {
		await stop();
		throw error;
	});
	const root = newId();
	const origin = server.way === "relay-http3" ? `https://127.0.0.1:${ports.udp}` : `wss://127.0.0.1:${ports.tcp}`;
	return {
		server,
		pid: child.pid,
		place: async (role, broadcast) => {
			const token = await worker.token({ root, [role === "publish" ? "put" : "get"]: [broadcast] });
			return { url: `${origin}/${root}?jwt=${token}`, broadcast };
		},
		stop,
	};
}
