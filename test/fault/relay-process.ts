import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificate, makeCertificate } from "@mivisus/transport/certificate";
import { connectHttp3 } from "@mivisus/transport/http3/client";
import { connectTcp } from "@mivisus/transport/tcp/client";
import { urlOf } from "../../relay/testing/doors.ts";
import type { Door, Rights } from "../../relay/testing/honest.ts";
import { TestWorker } from "../../relay/testing/keys.ts";
import { Program } from "../../scripts/start/programs.ts";
import { ROOT } from "../graph/imports.ts";

/** A relay as it is run, a supervisor and its data plane, on free ports of this machine, and a worker that signs for it. */
export class RelayProcess {
	readonly worker: TestWorker;
	readonly certificate: Certificate;
	/** The data plane's. */
	readonly pid: number;
	readonly port: number;
	readonly tcpPort: number;
	readonly httpPort: number;
	#program: Program;
	#folder: string;

	private constructor(
		parts: { worker: TestWorker; certificate: Certificate; program: Program; folder: string },
		facts: { pid: number; port: number; tcpPort: number; httpPort: number },
	) {
		this.worker = parts.worker;
		this.certificate = parts.certificate;
		this.#program = parts.program;
		this.#folder = parts.folder;
		this.pid = facts.pid;
		this.port = facts.port;
		this.tcpPort = facts.tcpPort;
		this.httpPort = facts.httpPort;
	}
	/**
	 * `around`: a command that runs it, as strace. `tls`: without, it makes a certificate of its own for HTTP/3 and takes
	 * sessions over TCP as they come. Rejects when it does not begin to listen.
	 */
	static async start({
		around = [],
		env = {},
		tls = true,
	}: {
		around?: readonly string[];
		env?: Record<string, string>;
		tls?: boolean;
	} = {}) {
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
				...(tls && {
					certificate: file("certificate.pem", certificate.certPem),
					certificateKey: file("key.pem", certificate.keyPem),
				}),
			}),
		);
		const [command = "", ...rest] = [...around, process.execPath, "--import", "tsx"];
		const program = new Program("relay", join(ROOT, "relay/main.ts"), {
			env: { ...env, MIVISUS_RELAY_CONFIG: config },
			cwd: ROOT,
			with: [command, ...rest],
		});
		const [[plane], [control]] = await Promise.all([
			program.line(/^\{.*"relay is listening".*\}$/),
			program.line(/^\{.*"the control side is listening".*\}$/),
		]);
		const facts = { ...JSON.parse(plane), ...JSON.parse(control) };
		return new RelayProcess({ worker, certificate, program, folder }, facts);
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
	/** A sample of its metrics, like `sessions{transport="tcp"}`. */
	async metric(name: string): Promise<number> {
		return (await this.#samples()).get(name) ?? Number.NaN;
	}
	/** Sessions that it has now; its health is up to half a second old. */
	async sessions(): Promise<number> {
		const samples = [...(await this.#samples())];
		return samples.reduce((sum, [name, value]) => (name.startsWith("sessions{") ? sum + value : sum), 0);
	}
	async #samples(): Promise<Map<string, number>> {
		const text = await (await fetch(`http://127.0.0.1:${this.httpPort}/metrics`)).text();
		return new Map(
			[...text.matchAll(/^mivisus_relay_(\S+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)] as const),
		);
	}
	/** Whether its data plane is still the one that was started. */
	get running(): boolean {
		return existsSync(`/proc/${this.pid}`);
	}
	/** The most memory that was ever resident, MiB, as the kernel counted it. */
	peakMiB(): number {
		return this.#status(/^VmHWM:\s+(\d+)/m) / 1024;
	}
	/** Open files and sockets that it has. */
	descriptors(): number {
		return readdirSync(`/proc/${this.pid}/fd`).length;
	}
	async end(): Promise<void> {
		// Around it may be a command that does not pass a signal on: the plane's parent is the supervisor.
		process.kill(this.#status(/^PPid:\s+(\d+)/m), "SIGTERM");
		await this.#program.exited;
		rmSync(this.#folder, { recursive: true });
	}
	#status(field: RegExp): number {
		return Number(field.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1]);
	}
}
