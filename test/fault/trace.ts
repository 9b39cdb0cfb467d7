import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** What a program did to the files of one folder, in its order. Names are those of the files in the folder. */
export type Deed =
	| { kind: "create"; file: string }
	| { kind: "write"; file: string; at: number; bytes: Buffer }
	| { kind: "truncate"; file: string; size: number }
	/** Resolved: all of the file's content is on the disk. */
	| { kind: "sync"; file: string }
	/** The folder itself: which names there are. */
	| { kind: "sync-names" }
	| { kind: "remove"; file: string }
	/** What the program promised to somebody. */
	| { kind: "say"; text: string };

/** The calls that change files. A kill between two others leaves the same files as one at the next of these. */
const CHANGING = ["pwrite64", "fsync", "ftruncate", "unlink", "fdatasync", "unlinkat"] as const;
const PROMISES = "promises";

/** In the traced program: what is said here takes its place among the deeds. */
export function sayIn(folder: string): (text: string) => void {
	const path = join(folder, PROMISES);
	writeFileSync(path, "");
	return (text) => writeFileSync(path, text, { flag: "a" });
}

/** Runs a TypeScript file under strace and resolves with what it did in `folder`. Rejects when it failed. */
export async function traced(script: string, args: readonly string[], folder: string): Promise<Deed[]> {
	const there = new Set(readdirSync(folder));
	const log = `${folder}.strace`;
	const trace = ["openat", "write", ...CHANGING].join();
	// With its filter in the kernel strace is quick, but injects nothing.
	const { code } = await strace(
		["--seccomp-bpf", "-xx", "-y", "-s", "1000000", "-o", log, "-e", `trace=${trace}`],
		script,
		args,
	);
	if (code !== 0) throw new Error(`the traced program ended with ${code}`);
	const deeds = parse(readFileSync(log, "latin1"), folder, there);
	rmSync(log);
	return deeds;
}

/** Runs it and kills it at its `nth` use of `call`; resolves with whether it came so far. */
export async function killedAt(
	call: (typeof CHANGING)[number],
	nth: number,
	script: string,
	args: readonly string[],
): Promise<boolean> {
	const inject = `inject=${call}:signal=SIGKILL:when=${nth}`;
	const { signal, code } = await strace(["-o", "/dev/null", "-e", `trace=${call}`, "-e", inject], script, args);
	const killed = signal === "SIGKILL" || code === 128 + 9;
	if (!killed && code !== 0) throw new Error(`the program ended with ${code} instead of being killed`);
	return killed;
}

async function strace(options: readonly string[], script: string, args: readonly string[]) {
	const child = spawn("strace", ["-f", ...options, process.execPath, "--import", "tsx", script, ...args], {
		stdio: ["ignore", "ignore", "pipe"],
	});
	let errors = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		errors += text;
	});
	const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
	if (code !== 0 && code !== 128 + 9 && signal !== "SIGKILL") writeSync(2, errors);
	return { code, signal };
}

const unhex = (text: string) => Buffer.from(text.replaceAll("\\x", ""), "hex");

/** Reads strace's lines; a call that another thread interrupted stands in two of them. */
function parse(text: string, folder: string, there: Set<string>): Deed[] {
	const deeds: Deed[] = [];
	const begun = new Map<string, string>();
	for (const line of text.split("\n")) {
		const [, pid = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
		if (rest.endsWith("<unfinished ...>")) {
			begun.set(pid, rest.slice(0, -"<unfinished ...>".length));
			continue;
		}
		const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
		const call = resumed ? (begun.get(pid) ?? "") + resumed[1] : rest;
		const deed = deedOf(call, folder, there);
		if (deed) deeds.push(deed);
	}
	return deeds;
}

function deedOf(call: string, folder: string, there: Set<string>): Deed | undefined {
	const [, name = "", inside = "", result = ""] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(call) ?? [];
	if (name === "" || result.startsWith("-")) return undefined;
	const quoted = /"((?:\\x[0-9a-f]{2})*)"/.exec(inside)?.[1] ?? "";
	const open = /^\d+<([^>]*)>/.exec(inside)?.[1] ?? "";
	const path = name === "openat" || name.startsWith("unlink") ? unhex(quoted).toString() : plain(open);
	if (path === folder) return name.endsWith("sync") ? { kind: "sync-names" } : undefined;
	if (!path.startsWith(`${folder}/`)) return undefined;
	const file = path.slice(folder.length + 1);
	// Shared memory beside the log: it does not outlive the machine, and is made anew.
	if (file.endsWith("-shm")) return undefined;
	const numbers = inside.slice(inside.lastIndexOf('"') + 1).match(/\d+/g) ?? [];
	if (name === "openat") {
		if (!inside.includes("O_CREAT") || there.has(file)) return undefined;
		there.add(file);
		return file === PROMISES ? undefined : { kind: "create", file };
	}
	if (name === "write" || name === "pwrite64") {
		const bytes = unhex(quoted).subarray(0, Number(result));
		if (file === PROMISES) return { kind: "say", text: bytes.toString() };
		if (name === "write") throw new Error(`${file} is written in a way that is not followed`);
		return { kind: "write", file, at: Number(numbers[1]), bytes };
	}
	if (name === "ftruncate") return { kind: "truncate", file, size: Number(/(\d+)$/.exec(inside)?.[1]) };
	if (name.startsWith("unlink")) {
		there.delete(file);
		return { kind: "remove", file };
	}
	return { kind: "sync", file };
}

/** Names of open files come in hexadecimal or as they are, by the version of strace. */
const plain = (name: string) => (name.startsWith("\\x") ? unhex(name).toString() : name);
