/**
 * `npm run break`: proves that the tests can fail. Each listed mutation is applied to a copy of the tree, alone, and its
 * named test must turn red; one that stays green is reported and fails the run. `npm run break -- wire` runs those whose
 * file starts so. The tree itself is never changed.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ALL_MUTATIONS } from "./all-mutations.ts";
import type { Mutation } from "./mutations.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const LEFT_OUT = new Set(["node_modules", ".git", "dist", ".mivisus"]);

/** A copy of the tree that shares the installed packages; workspaces resolve into the copy, not back into the tree. */
function copyTree(): string {
	const copy = mkdtempSync(join(tmpdir(), "mivisus-break-"));
	cpSync(root, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(path.slice(root.length).split("/")[0] ?? "") });
	spawnSync("cp", ["-rs", join(root, "node_modules"), join(copy, "node_modules")]);
	rmSync(join(copy, "node_modules/@mivisus"), { recursive: true, force: true });
	spawnSync("mkdir", [join(copy, "node_modules/@mivisus")]);
	for (const room of ["wire", "transport", "worker", "relay", "agent", "web"]) {
		symlinkSync(join(copy, room), join(copy, "node_modules/@mivisus", room));
	}
	return copy;
}

/** Runs one test file, optionally only the tests whose name contains `name`; true when it passes. */
function passes(copy: string, { test, name }: Pick<Mutation, "test" | "name">): boolean {
	const args = ["--no-install", "vitest", "run", test, ...(name ? ["-t", name] : [])];
	return spawnSync("npx", args, { cwd: copy, stdio: "ignore", timeout: 300_000 }).status === 0;
}

const only = process.argv[2] ?? "";
const chosen = ALL_MUTATIONS.filter(({ file }) => file.startsWith(only));
const copy = copyTree();
let survived = 0;
try {
	for (const test of new Set(chosen.map(({ test }) => test))) {
		if (!passes(copy, { test })) throw new Error(`${test} is red before anything was broken`);
	}
	for (const mutation of chosen) {
		const path = join(copy, mutation.file);
		const original = readFileSync(path, "utf8");
		const parts = original.split(mutation.find);
		if (parts.length !== 2)
			throw new Error(`${mutation.file}: «${mutation.find}» stands there ${parts.length - 1} times, not once`);
		writeFileSync(path, parts.join(mutation.replace));
		const red = !passes(copy, mutation);
		writeFileSync(path, original);
		if (!red) survived += 1;
		console.log(`${red ? "red  " : "GREEN"} ${mutation.file}: ${mutation.why}`);
	}
} finally {
	rmSync(copy, { recursive: true, force: true });
}
console.log(`${chosen.length - survived} of ${chosen.length} mutations turned their test red`);
process.exit(survived === 0 && chosen.length > 0 ? 0 : 1);
