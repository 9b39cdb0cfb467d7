import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Order, Report } from "../agent-under-test.ts";

/** Camera sources in their own process, with everything that they said. */
export class AgentProcess {
	readonly reports: Report[] = [];
	/** Rejects as soon as the process ends by itself. */
	readonly crashed: Promise<never>;
	#child = spawn(
		process.execPath,
		["--import", "tsx", fileURLToPath(new URL("../agent-under-test.ts", import.meta.url))],
		{
			stdio: ["pipe", "pipe", "pipe"],
		},
	);
	#changed: (() => void)[] = [];
	#ended: Promise<unknown[]>;

	constructor() {
		const complaint = text(this.#child.stderr);
		this.#ended = once(this.#child, "exit");
		this.crashed = this.#ended.then(async ([code]) => {
			throw new Error(`the agent ended (${code}): ${(await complaint).slice(0, 2000)}`);
		});
		this.crashed.catch(() => {});
		createInterface({ input: this.#child.stdout }).on("line", (line) => {
			this.reports.push(JSON.parse(line) as Report);
			for (const resolve of this.#changed.splice(0)) resolve();
		});
	}
	tell(order: Order): void {
		this.#child.stdin.write(`${JSON.stringify(order)}\n`);
	}
	/** The first report from number `from` on that `wanted` fits; rejects when the process ends before. */
	async report<R extends Report>(wanted: (report: Report) => report is R, from = 0): Promise<R> {
		for (let at = from; ; at++) {
			while (at >= this.reports.length) {
				await Promise.race([this.crashed, new Promise<void>((resolve) => this.#changed.push(resolve))]);
			}
			const report = this.reports[at]!;
			if (wanted(report)) return report;
		}
	}
	async end(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.#ended.catch(() => {});
	}
}
