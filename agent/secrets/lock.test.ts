import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AlreadyRunning, lockHome, meetingPoint } from "./lock.ts";

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

it("of two that start after a crash at the same time, one gets the folder", async () => {
	for (let round = 0; round < 20; round++) {
		// A socket that nobody listens at any more.
		const left = spawn(process.execPath, [
			"-e",
			`require("net").createServer().listen(${JSON.stringify(join(home, "agent.sock"))}, () => process.kill(process.pid, "SIGKILL"))`,
		]);
		await once(left, "exit");
		const both = await Promise.allSettled([lockHome(home), lockHome(home)]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		for (const one of both) if (one.status === "fulfilled") one.value();
	}
});
it.skipIf(process.platform === "win32")(
	"where the socket is not in the folder, nobody can guess where the agent is met",
	async () => {
		const folder = join(home, "x".repeat(120));
		expect(meetingPoint(folder)).toBeUndefined();
		const release = await lockHome(folder, (visitor) => visitor.end("mine"));
		const first = meetingPoint(folder)!;
		expect(statSync(join(folder, "agent.meeting")).mode & 0o777).toBe(0o600);
		expect(statSync(first).mode & 0o777).toBe(0o600);
		const heard = await new Promise<string>((resolve) => connect(first).on("data", (data) => resolve(String(data))));
		expect(heard).toBe("mine");
		release();
		expect(meetingPoint(folder)).toBeUndefined();
		(await lockHome(folder))();
		expect(first).not.toContain(basename(folder));
	},
);
it("who comes while the agent starts is told so, as HTTP", async () => {
	const release = await lockHome(home);
	const answer = await new Promise<string>((resolve, reject) => {
		request({ socketPath: meetingPoint(home), path: "/api/state" }, async (response) => {
			let text = `${response.statusCode} `;
			for await (const chunk of response) text += chunk;
			resolve(text);
		})
			.on("error", reject)
			.end();
	});
	expect(answer).toContain("503");
	expect(answer).toContain("Try again in a moment");
	release();
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
