import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestWorker } from "../../relay/testing/keys.ts";
import { ROOT } from "../graph/imports.ts";

/** A relay as it is run, a supervisor and its data plane, on free ports of this machine. */
export class RelayProcess {
	readonly worker: TestWorker;
	readonly ports: { port: number; tcpPort: number; httpPort: number };
	/** The data plane's. */
	readonly pid: number;
	#child: ChildProcess;
	#folder: string;
	#output: () => string;

	private constructor(
		worker: TestWorker,
		child: ChildProcess,
		folder: string,
		{ pid, ...ports }: RelayProcess["ports"] & { pid: number },
		output: () => string,
	) {
		this.worker = worker;
		this.ports = ports;
		this.pid = pid;
		this.#child = child;
		this.#folder = folder;
		this.#output = output;
	}
	static async start(env: NodeJS.ProcessEnv): Promise<RelayProcess> {
		const worker = await TestWorker.create();
		const folder = mkdtempSync(join(tmpdir(), "mivisus-relay-"));
		const keys = join(folder, "keys.json");
		writeFileSync(keys, JSON.stringify(worker.jwks));
		const child = spawn(process.execPath, ["--import", "tsx", join(ROOT, "relay/main.ts")], {
			env: {
				...process.env,
				MIVISUS_RELAY_TOKEN_KEYS: keys,
				MIVISUS_RELAY_CONTROL_KEYS: keys,
				MIVISUS_RELAY_PORT: "0",
				MIVISUS_RELAY_TCP_PORT: "0",
				MIVISUS_RELAY_HTTP_PORT: "0",
				...env,
			},
			stdio: ["ignore", "pipe", "pipe"],
		});
		let output = "";
		const said = await new Promise<RelayProcess["ports"] & { pid: number }>((resolve, reject) => {
			const read = (chunk: Buffer) => {
				output += chunk;
				const line = (text: string) => output.split("\n").find((each) => each.includes(text) && each.endsWith("}"));
				const [plane, control] = [line('"relay is listening"'), line('"the control side is listening"')];
				if (plane && control) resolve({ ...JSON.parse(plane), ...JSON.parse(control) });
			};
			child.stdout.on("data", read);
			child.stderr.on("data", read);
			child.once("exit", () => reject(new Error(`the relay ended:\n${output}`)));
		});
		return new RelayProcess(worker, child, folder, said, () => output);
	}
	/** Everything that it wrote. */
	get output(): string {
		return this.#output();
	}
	get running(): boolean {
		return this.#child.exitCode === null && this.#child.signalCode === null;
	}
	/** The most memory that was ever resident, MiB, as the kernel counted it. */
	peakMiB(): number {
		const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
		return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
	}
	/** A sample of its metrics, like `sessions{transport="tcp"}`. */
	async metric(name: string): Promise<number> {
		const text = await (await fetch(`http://127.0.0.1:${this.ports.httpPort}/metrics`)).text();
		const line = text.split("\n").find((one) => one.startsWith(`mivisus_relay_${name} `));
		return Number(line?.split(" ").at(-1));
	}
	async stop(): Promise<void> {
		if (this.running) {
			const ended = new Promise((resolve) => this.#child.once("exit", resolve));
			this.#child.kill("SIGKILL");
			await ended;
		}
		rmSync(this.#folder, { recursive: true });
	}
}
