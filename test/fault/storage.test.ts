import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Keys, TestAgent, TestPage } from "../../worker/http/testing/parties.ts";
import { type Answered, cookieOf, PASSWORD, TestWorker } from "../../worker/http/testing/server.ts";
import { checkDatabase } from "../../worker/store/check.ts";

const isRoot = process.getuid?.() === 0;
const DAY_MS = 86_400_000;
const CHECK_DB = fileURLToPath(new URL("../../scripts/check-db.ts", import.meta.url));

/** A command of the system, which must succeed. */
function run(command: string, ...args: string[]): void {
	const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
	if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
}
/** Whether this is the one answer that says: not now, and nothing was done. */
function expectUnavailable(answer: Answered): void {
	expect(`${answer.status} ${answer.problem}`, answer.text).toBe("503 unavailable");
	expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
	expect(answer.text).not.toMatch(/SQLITE|\.ts:|\/tmp\//);
}
/** Renames the camera until that is refused; resolves with the last name that was accepted, and the refusal. */
async function renameUntilRefused(page: TestPage, camera: string): Promise<{ accepted: string; refusal: Answered }> {
	let accepted = "Door";
	for (let n = 0; n < 400; n++) {
		const name = `Door ${n}`;
		const answer = await page.call("PATCH", `/cameras/${camera}`, { name });
		if (answer.status !== 204) return { accepted, refusal: answer };
		accepted = name;
	}
	throw new Error("nothing was ever refused");
}
async function nameOf(page: TestPage): Promise<string | undefined> {
	const { status, json } = await page.call("GET", "/cameras");
	expect(status).toBe(200);
	return (json as { cameras: { name: string }[] }).cameras[0]?.name;
}

describe.runIf(isRoot)("D6: a disk of its own", () => {
	let place: string;
	let worker: TestWorker;
	let page: TestPage;
	let camera: string;
	beforeAll(async () => {
		place = mkdtempSync(join(tmpdir(), "mivisus-full-"));
		run("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place);
		worker = await TestWorker.start({ MIVISUS_DATABASE: join(place, "worker.db") });
		page = await TestPage.open(worker, "ada@example.test");
		camera = await page.addCamera(await page.link());
	});
	afterAll(async () => {
		await worker.close();
		run("umount", place);
		rmSync(place, { recursive: true });
	});
	afterEach(() => rmSync(join(place, "ballast"), { force: true }));
	const fill = () => {
		// Whatever is free, to the last block.
		spawnSync("dd", ["if=/dev/zero", `of=${join(place, "ballast")}`, "bs=4096"]);
	};

	it("full: what is asked is refused or done, never both; reading goes on; with room again, so does writing", async () => {
		for (let round = 0; round < 3; round++) {
			const { pid } = worker;
			fill();
			const { accepted, refusal } = await renameUntilRefused(page, camera);
			expectUnavailable(refusal);
			expect(await nameOf(page)).toBe(accepted === "Door" && round > 0 ? "after" : accepted);
			for (const [method, path, body] of [
				["POST", "/session", { email: "ada@example.test", password: PASSWORD, label: "x" }],
				["PATCH", "/account", { fullName: "Nobody" }],
				["DELETE", `/cameras/${camera}`, {}],
			] as const) {
				expectUnavailable(await page.call(method, path, body));
			}
			expect((await page.call("GET", "/session")).status).toBe(200);
			rmSync(join(place, "ballast"));
			expect((await page.call("PATCH", `/cameras/${camera}`, { name: "after" })).status).toBe(204);
			expect(await nameOf(page)).toBe("after");
			expect(worker.pid).toBe(pid);
		}
		// In a process of its own: connections of this one would keep the disk busy until their memory is collected.
		run(process.execPath, "--import", "tsx", CHECK_DB, join(place, "worker.db"));
		expect(worker.output).toContain("The disk is full.");
	});
	it("full when it starts: it serves what it can instead of dying again and again", async () => {
		fill();
		await worker.end("SIGKILL");
		await worker.restart();
		expect(await nameOf(page)).toBe("after");
		// The start empties the log into the file, which makes a little room.
		fill();
		expectUnavailable(await page.call("PATCH", `/cameras/${camera}`, { name: "no" }));
		rmSync(join(place, "ballast"));
		expect((await page.call("PATCH", `/cameras/${camera}`, { name: "again" })).status).toBe(204);
	});
	it("read-only when it starts: the same; writing goes on with the next start", async () => {
		await worker.end();
		run("mount", "-o", "remount,ro", place);
		const before = worker.output.length;
		await worker.restart();
		expect(await nameOf(page)).toBe("again");
		expectUnavailable(await page.call("PATCH", `/cameras/${camera}`, { name: "no" }));
		expect(worker.output.slice(before)).toContain("The database file cannot be written.");
		run("mount", "-o", "remount,rw", place);
		await worker.end();
		await worker.restart();
		expect((await page.call("PATCH", `/cameras/${camera}`, { name: "writable" })).status).toBe(204);
		expect(await nameOf(page)).toBe("writable");
	});
});
describe("D6: a file that is no database, or none that may be opened", () => {
	it.each<[string, string, (file: string) => void]>([
		["garbage", "The database file is none.", (file) => writeFileSync(file, "no database at all ".repeat(500))],
		[
			"a folder",
			"The database file cannot be opened: is its folder there, and may this user write in it\\?",
			(file) => mkdirSync(file),
		],
	])("%s: the worker ends with one line that says so", async (_, says, make) => {
		const folder = mkdtempSync(join(tmpdir(), "mivisus-none-"));
		const file = join(folder, "worker.db");
		make(file);
		try {
			await expect(TestWorker.start({ MIVISUS_DATABASE: file })).rejects.toThrow(
				new RegExp(`^the worker did not start: ${file}: ${says}\n$`),
			);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});
});

describe("D6: a limit on what the process may write", () => {
	it("is a full disk to it: refused, alive, and well again when it is lifted", async () => {
		const worker = await TestWorker.start();
		try {
			const page = await TestPage.open(worker, "ada@example.test");
			const camera = await page.addCamera(await page.link());
			const { size } = statSync(join(worker.folder, "worker.db-wal"));
			run("prlimit", `--pid=${worker.pid}`, `--fsize=${size}:`);
			const { accepted, refusal } = await renameUntilRefused(page, camera);
			expectUnavailable(refusal);
			expect(await nameOf(page)).toBe(accepted);
			run("prlimit", `--pid=${worker.pid}`, "--fsize=unlimited:");
			expect((await page.call("PATCH", `/cameras/${camera}`, { name: "after" })).status).toBe(204);
			expect(await nameOf(page)).toBe("after");
			expect(await checkDatabase(join(worker.folder, "worker.db"), Date.now())).toEqual([]);
		} finally {
			await worker.close();
		}
	});
});

describe("D6: a clock that is set by a day", () => {
	let folder: string;
	let file: string;
	const step = (ms: number) => writeFileSync(file, String(ms));
	let worker: TestWorker;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "mivisus-clock-"));
		file = join(folder, "clock");
		step(0);
		const preload = new URL("stepped-clock.mjs", import.meta.url).href;
		worker = await TestWorker.start({ NODE_OPTIONS: `--import=${preload}`, STEPPED_CLOCK: file });
	});
	afterAll(async () => {
		await worker.close();
		rmSync(folder, { recursive: true });
	});
	afterEach(() => step(0));

	it.each([
		["forward", DAY_MS],
		["back", -DAY_MS],
	])("%s: nothing is opened that must stay shut, nothing breaks, and set right all is as before", async (name, ms) => {
		const email = `${name}@example.test`;
		const page = await TestPage.open(worker, email);
		const agent = await page.link();
		const camera = await page.addCamera(agent);
		const code = new TestAgent(worker, await Keys.make());
		await code.announce();
		const since = worker.mailbox.mails.length;
		await worker.call("POST", "/password-resets", { body: { email } });
		const token = await worker.mailed(email, "/reset", since);

		step(ms);
		// Forward it is an older session, back one from tomorrow: that one is not believed.
		expect((await page.call("GET", "/session")).status).toBe(ms > 0 ? 200 : 401);
		const signedIn = await worker.call("POST", "/session", { body: { email, password: PASSWORD, label: "x" } });
		expect(signedIn.status).toBe(200);
		const cookie = cookieOf(signedIn.headers);
		expect((await worker.call("GET", "/cameras", { cookie })).status).toBe(200);
		if (ms > 0) {
			expect((await page.claim(code)).problem).toBe("code-unusable");
			const reset = await worker.call("POST", "/password-resets/complete", {
				body: { token, password: "a calm sentence" },
			});
			expect(reset.problem).toBe("link-unusable");
			// What needs a fresh proof needs one now.
			expect((await page.call("DELETE", `/agents/${agent.id}`)).problem).toBe("proof-required");
		}
		// The nonce that the agent holds is of another day; it gets another and goes on.
		await agent.call("/agent/state", { after: 0, waitMs: 0 });
		expect((await agent.state()).cameras).toEqual([{ id: camera, name: "Door" }]);

		step(0);
		expect((await page.call("GET", "/session")).status).toBe(200);
		expect((await worker.call("GET", "/session", { cookie })).status).toBe(ms > 0 ? 401 : 200);
		await agent.call("/agent/state", { after: 0, waitMs: 0 });
		expect((await agent.state()).cameras).toEqual([{ id: camera, name: "Door" }]);
		expect((await page.call("PATCH", `/cameras/${camera}`, { name: "after" })).status).toBe(204);
		const other = await TestPage.open(worker, `${name}-later@example.test`);
		expect((await other.call("GET", "/session")).status).toBe(200);
		expect(worker.output).not.toContain("a request failed");
		expect(await checkDatabase(join(worker.folder, "worker.db"), Date.now())).toEqual([]);
	});
});
