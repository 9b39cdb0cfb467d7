import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Certificate, makeCertificate } from "@mivisus/transport/certificate";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { urlOf } from "../../relay/testing/doors.ts";
import type { Door, Rights } from "../../relay/testing/honest.ts";
import { TestWorker } from "../../relay/testing/keys.ts";

const main = fileURLToPath(new URL("../../relay/main.ts", import.meta.url));

/** A relay as it is run, a supervisor and its data plane, with TLS on TCP, and a worker that signs for it. */
export class RelayProcess {
	readonly worker: TestWorker;
	readonly certificate: Certificate;
	/** The data plane's. */
	readonly pid: number;
	readonly port: number;
	readonly tcpPort: number;
	readonly httpPort: number;
	#process: ChildProcess;
	#folder: string;

	private constructor(
		parts: { worker: TestWorker; certificate: Certificate; process: ChildProcess; folder: string },
		facts: { pid: number; port: number; tcpPort: number; httpPort: number },
	) {
		this.worker = parts.worker;
		this.certificate = parts.certificate;
		this.#process = parts.process;
		this.#folder = parts.folder;
		this.pid = facts.pid;
		this.port = facts.port;
		this.tcpPort = facts.tcpPort;
		this.httpPort = facts.httpPort;
	}
	/** `around`: a command that runs it, as strace. Rejects when it does not begin to listen. */
	static async start({ around = [], env = {} }: { around?: readonly string[]; env?: NodeJS.ProcessEnv } = {}) {
		const folder = mkdtempSync(join(tmpdir(), "mivisus-relay-"));
		const file = (name: string, text: string) => {
			writeFileSync(join(folder, name), text);
			return join(folder, name);
		};
		const worker = await TestWorker.create();
		const certificate = await makeCertificate({ hosts: ["localhost", "127.0.0.1"] });
		const keys = file("keys.json", JSON.stringify(worker.jwks));
		const config = file(
			"relay.json",
			JSON.stringify({
				port: 0,
				tcpPort: 0,
				alternatePort: 0,
				alternateTcpPort: 0,
				httpPort: 0,
				tokenKeys: keys,
				controlKeys: keys,
				certificate: file("certificate.pem", certificate.certPem),
				certificateKey: file("key.pem", certificate.keyPem),
			}),
		);
		const [command = "", ...rest] = [...around, process.execPath, "--import", "tsx", main];
		const started = spawn(command, rest, {
			stdio: ["ignore", "pipe", "inherit"],
			env: { ...process.env, ...env, MIVISUS_RELAY_CONFIG: config },
		});
		const ended = once(started, "exit").then(() => {
			throw new Error("the relay ended before it listened");
		});
		ended.catch(() => {});
		const lines = createInterface({ input: started.stdout! });
		const facts: { pid?: number; port?: number; tcpPort?: number; httpPort?: number } = {};
		while (facts.pid === undefined || facts.httpPort === undefined) {
			const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
			Object.assign(facts, JSON.parse(line));
		}
		return new RelayProcess({ worker, certificate, process: started, folder }, facts as Required<typeof facts>);
	}
	http3(): Door {
		return async (rights) =>
			connectHttp3(await this.url("http3", rights), { certificateHashes: [this.certificate.sha256] });
	}
	tcp(): Door {
		return async (rights) => connectTcp(await this.url("tcp", rights), { ca: this.certificate.certPem });
	}
	/** Where the holder of a fresh token goes. */
	url(way: "http3" | "tcp", rights: Rights): Promise<URL> {
		const base = way === "tcp" ? `wss://localhost:${this.tcpPort}` : `https://127.0.0.1:${this.port}`;
		return urlOf(this.worker, base, rights);
	}
	/** Sessions that it has now; its health is up to half a second old. */
	async sessions(): Promise<number> {
		const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text();
		const counts = [...text.matchAll(/^mivisus_relay_sessions\{.*\} (\d+)$/gm)].map((match) => Number(match[1]));
		return counts.reduce((sum, count) => sum + count, 0);
	}
	/** Open files and sockets that it has. */
	descriptors(): number {
		return readdirSync(`/proc/${this.pid}/fd`).length;
	}
	async end(): Promise<void> {
		// Around it may be a command that does not pass a signal on: the plane's parent is the supervisor.
		const supervisor = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]);
		process.kill(supervisor, "SIGTERM");
		if (this.#process.exitCode === null) await once(this.#process, "exit");
		rmSync(this.#folder, { recursive: true });
	}
}
