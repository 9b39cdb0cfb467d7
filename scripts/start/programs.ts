import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { type AddressInfo, createServer } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";

/** From the request to end to the end by force, ms. */
const GRACE_MS = 5000;
const MAX_SAID = 1000;

/** One program of the system: a process of its own, of Node unless `with` names another command. Its lines on standard output and error come to `onLine`. */
export class Program {
	readonly name: string;
	#child: ChildProcess;
	#exit: Promise<number>;
	#lines = new Set<(line: string) => void>();
	/** What was said so far, the newest at the end: who asks late still finds it. */
	#said: string[] = [];

	constructor(
		name: string,
		file: string,
		options: {
			args?: readonly string[];
			env: Record<string, string>;
			cwd: string;
			with?: readonly [string, ...string[]];
		},
	) {
		this.name = name;
		const { args = [], env, cwd, with: [program, ...first] = [process.execPath, "--import", "tsx"] } = options;
		this.#child = spawn(program, [...first, file, ...args], {
			cwd,
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
			// Its own group: Ctrl-C then ends the programs in our order, not all at once in any order.
			detached: process.platform !== "win32",
		});
		this.#exit = new Promise((resolve) => this.#child.on("exit", (code) => resolve(code ?? 1)));
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			let rest = "";
			stream?.setEncoding("utf8");
			stream?.on("data", (text: string) => {
				const lines = (rest + text).split("\n");
				rest = lines.pop() ?? "";
				for (const line of lines) this.#hear(line);
			});
		}
	}
	get exited(): Promise<number> {
		return this.#exit;
	}
	get pid(): number {
		return this.#child.pid ?? 0;
	}
	onLine(hear: (line: string) => void): void {
		this.#lines.add(hear);
	}
	#hear(line: string): void {
		this.#said.push(line);
		if (this.#said.length > MAX_SAID) this.#said.shift();
		for (const hear of this.#lines) hear(line);
	}
	/** The first line, said already or still to come, that fits; rejects when the program ends first. */
	async line(pattern: RegExp): Promise<RegExpExecArray> {
		for (const line of this.#said) {
			const match = pattern.exec(line);
			if (match) return match;
		}
		let hear: (line: string) => void = () => {};
		const found = new Promise<RegExpExecArray>((resolve) => {
			hear = (line) => {
				const match = pattern.exec(line);
				if (match) resolve(match);
			};
			this.#lines.add(hear);
		});
		const ended = this.#exit.then((code) => {
			throw new Error([`${this.name} ended (${code})`, ...this.#said.slice(-5)].join("\n  "));
		});
		try {
			return await Promise.race([found, ended]);
		} finally {
			this.#lines.delete(hear);
		}
	}
	/** By force, with its own children (workerd is one): they would live on. */
	#kill(): void {
		if (process.platform === "win32" || this.#child.pid === undefined) this.#child.kill("SIGKILL");
		else process.kill(-this.#child.pid, "SIGKILL");
	}
	/** Asks it to end, then makes it end. */
	async stop(signal: NodeJS.Signals = "SIGTERM", graceMs = GRACE_MS): Promise<void> {
		if (signal === "SIGKILL") this.#kill();
		else this.#child.kill(signal);
		const timer = setTimeout(() => this.#kill(), graceMs);
		await this.#exit;
		clearTimeout(timer);
	}
}

/** Whether a port of this machine can be taken now. */
export function portFree(port: number, kind: "tcp" | "udp"): Promise<boolean> {
	return new Promise((resolve) => {
		if (kind === "tcp") {
			const server = createServer();
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
		} else {
			const socket = createSocket("udp6");
			socket.once("error", () => resolve(false));
			socket.bind(port, "::", () => socket.close(() => resolve(true)));
		}
	});
}

/** A free TCP or UDP port of this machine. */
export function freePort(kind: "tcp" | "udp"): Promise<number> {
	return new Promise((resolve, reject) => {
		if (kind === "tcp") {
			const server = createServer();
			server.once("error", reject);
			server.listen(0, "127.0.0.1", () => {
				const { port } = server.address() as AddressInfo;
				server.close(() => resolve(port));
			});
		} else {
			const socket = createSocket("udp6");
			socket.once("error", reject);
			socket.bind(0, "::", () => {
				const { port } = socket.address();
				socket.close(() => resolve(port));
			});
		}
	});
}
