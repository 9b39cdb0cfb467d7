import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AlreadyRunning, lockHome } from "./lock.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "mivisus-lock-"));
});
afterEach(() => rmSync(home, { recursive: true }));

it.each([
	["an ordinary folder", ""],
	["a folder whose path is too long for a socket", "x".repeat(120)],
])("%s is one agent's at a time", async (_, name) => {
	const folder = join(home, name);
	mkdirSync(folder, { recursive: true });
	const release = await lockHome(folder);
	await expect(lockHome(folder)).rejects.toThrow(AlreadyRunning);
	await expect(lockHome(join(home, "other"))).resolves.toBeTypeOf("function");
	release();
	(await lockHome(folder))();
});

it("what a killed agent left behind stops nobody", async () => {
	const lock = fileURLToPath(new URL("lock.ts", import.meta.url));
	const script = `const { lockHome } = await import(${JSON.stringify(lock)}); await lockHome(${JSON.stringify(home)}); console.log("locked"); setInterval(() => {}, 1000);`;
	const other = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	await once(other.stdout, "data");
	await expect(lockHome(home)).rejects.toThrow(/running already.*--home/);
	other.kill("SIGKILL");
	await once(other, "exit");
	(await lockHome(home))();
});
