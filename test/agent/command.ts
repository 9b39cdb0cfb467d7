import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "../graph/imports.ts";

/** How a command ended: its exit code and what it wrote, standard output and error apart. */
export interface Ended {
	code: number | null;
	out: string;
	err: string;
}

/** Runs `mivisus-agent` as its own process; `input` goes to its standard input, which then ends. */
export function command(args: readonly string[], input = ""): { child: ChildProcess; ended: Promise<Ended> } {
	const child = spawn(process.execPath, ["--import", "tsx", "agent/main.ts", ...args], { cwd: ROOT });
	const [out, err] = [text(child.stdout), text(child.stderr)];
	const code = new Promise<number | null>((resolve) => child.on("exit", resolve));
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	return { child, ended: Promise.all([code, out, err]).then(([code, out, err]) => ({ code, out, err })) };
}

/** The same on a terminal of its own (util-linux `script`); `type` is given what is on the screen, and types. */
export async function onTerminal(
	args: readonly string[],
	type: (screen: string, write: (text: string) => void) => void,
): Promise<{ code: number | null; screen: string }> {
	const line = [process.execPath, "--import", "tsx", join(ROOT, "agent/main.ts"), ...args].map(quoted).join(" ");
	const child = spawn("script", ["-qefc", line, "/dev/null"], { cwd: ROOT });
	let screen = "";
	child.stdout.setEncoding("utf8");
	child.stdout.on("data", (chunk: string) => {
		screen += chunk;
		type(screen, (words) => child.stdin.write(words));
	});
	const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
	return { code, screen };
}
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

/** What others on this machine see of a process: its arguments and those of its children. */
export function seenOf(pid: number): string {
	const read = (path: string) => {
		try {
			return readFileSync(path, "utf8");
		} catch {
			return "";
		}
	};
	const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
	return [read(`/proc/${pid}/cmdline`), ...children.map((child) => seenOf(Number(child)))].join("\n");
}
