import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";

/** From the request to end to the end by force, ms. */
const GRACE_MS = 5000;

/** One program of the system: a Node process of its own. Its lines on standard output and error come to `onLine`. */
export class Program {
	readonly name: string;
	#child: ChildProcess;
	#exit: Promise<number>;
	#lines = new Set<(line: string) => void>();

	constructor(
		name: string,
		file: string,
		options: { args?: readonly string[]; env: Record<string, string>; cwd: string },
	) {
		this.name = name;
		const { args = [], env, cwd } = options;
		this.#child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
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
				for (const line of lines) for (const hear of this.#lines) hear(line);
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
	/** Resolves with the first line that fits; rejects when the program ends first. */
	async line(pattern: RegExp): Promise<RegExpExecArray> {
		const last: string[] = [];
		let hear: (line: string) => void = () => {};
		const found = new Promise<RegExpExecArray>((resolve) => {
			hear = (line) => {
				last.push(line);
				if (last.length > 5) last.shift();
				const match = pattern.exec(line);
				if (match) resolve(match);
			};
			this.#lines.add(hear);
		});
		const ended = this.#exit.then((code) => {
			throw new Error(`${this.name} ended (${code})${last.length > 0 ? `:\n  ${last.join("\n  ")}` : ""}`);
		});
		try {
			return await Promise.race([found, ended]);
		} finally {
			this.#lines.delete(hear);
		}
	}
	/** Asks it to end, then makes it end. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		this.#child.kill(signal);
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
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
