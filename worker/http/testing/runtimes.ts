import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the worker runs on. */
export type Runtime = "node" | "deno" | "workerd";
export const RUNTIMES: readonly Runtime[] = ["node", "deno", "workerd"];

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Deno itself, not the npm package's script around it: that one would hide it from our signals. */
const DENO = join(ROOT, `node_modules/@deno/linux-${process.arch}-glibc/deno`);

/** Deno's flags are those of its task in deno.json. */
function command(runtime: Runtime): string[] {
	if (runtime === "node") return [process.execPath, "--import", "tsx", "worker/main.node.ts"];
	if (runtime === "workerd") return [process.execPath, "--import", "tsx", "scripts/start/edge.ts"];
	const { tasks } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
	return [DENO, ...tasks.worker.command.split(" ").slice(1)];
}

/** Starts the worker with `env` and nothing else of this process's environment. */
export function launch(runtime: Runtime, env: Record<string, string>): ChildProcess {
	return spawn("/bin/sh", ["-c", 'umask 022; exec "$@"', "sh", ...command(runtime)], {
		cwd: ROOT,
		env: { PATH: process.env["PATH"], ...env },
		stdio: ["ignore", "pipe", "pipe"],
		// A group of its own, to be ended as a whole.
		detached: runtime === "workerd",
	});
}

/** Ends what `launch` started; by force with its children: workerd is one, and would live on. */
export function signal(runtime: Runtime, child: ChildProcess, name: NodeJS.Signals): void {
	if (runtime === "workerd" && name === "SIGKILL" && child.pid !== undefined) process.kill(-child.pid, name);
	else child.kill(name);
}
