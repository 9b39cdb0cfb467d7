import { type ChildProcess, fork } from "node:child_process";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import type { z } from "zod";

/** From the request to end to the end by force, ms. */
const GRACE_MS = 5000;

/** A process of the benchmark, spoken with by messages. It ends with its parent. */
export class Child {
	readonly name: string;
	#process: ChildProcess;
	#exit: Promise<number | null>;

	/** `file` is a TypeScript module; `node` are options of Node before it. */
	constructor(name: string, file: URL, options: { env?: Record<string, string>; node?: readonly string[] } = {}) {
		this.name = name;
		const { env = {}, node = [] } = options;
		this.#process = fork(fileURLToPath(file), {
			execArgv: [...node, "--import", "tsx"],
			env: { ...process.env, ...env },
			stdio: ["ignore", "ignore", "inherit", "ipc"],
		});
		this.#exit = new Promise((resolve) => this.#process.once("exit", resolve));
	}
	get pid(): number {
		return this.#process.pid ?? 0;
	}
	say(message: object): void {
		this.#process.send(message);
	}
	/** The next message, which must fit; rejects when the process ends before, or after `ms`. Ask before it can come. */
	async hear<T>(schema: z.ZodType<T>, ms: number): Promise<T> {
		let timer: ReturnType<typeof setTimeout> | undefined;
		let listen: (message: unknown) => void = () => {};
		const heard = new Promise<unknown>((resolve) => {
			listen = resolve;
			this.#process.once("message", listen);
		});
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(new Error(`${this.name}: no answer within ${ms / 1000} s`)), ms);
		});
		const ended = this.#exit.then((code) => {
			throw new Error(`${this.name} ended (${code ?? "killed"})`);
		});
		try {
			return schema.parse(await Promise.race([heard, late, ended]));
		} finally {
			clearTimeout(timer);
			this.#process.off("message", listen);
		}
	}
	/** Says `message` and gives the answer. */
	ask<T>(message: object, schema: z.ZodType<T>, ms: number): Promise<T> {
		const answer = this.hear(schema, ms);
		this.say(message);
		return answer;
	}
	async stop(): Promise<void> {
		this.#process.kill("SIGTERM");
		const timer = setTimeout(() => this.#process.kill("SIGKILL"), GRACE_MS);
		await this.#exit;
		clearTimeout(timer);
	}
}

/** Inside such a process: what to do with each message, in order; it ends with the parent, and when it is told to. */
export function serveParent(onMessage: (message: unknown) => void | Promise<void>): void {
	process.on("disconnect", () => process.exit(0));
	process.on("SIGTERM", () => process.exit(0));
	process.on("message", (message) => {
		void (async () => onMessage(message))().catch((error) => {
			console.error(error);
			process.exit(1);
		});
	});
}
