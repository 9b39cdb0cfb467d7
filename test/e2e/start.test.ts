import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Owner } from "../../scripts/start/owner.ts";
import { freePort, Program } from "../../scripts/start/programs.ts";
import { ROOT } from "../graph/imports.ts";
import { openChromium } from "./system.ts";

let home: string;
let browser: Browser;
let page: Page;
let running: Program | undefined;
beforeAll(async () => {
	home = mkdtempSync(join(tmpdir(), "mivisus-start-"));
	browser = await openChromium();
	page = await (await browser.newContext({ locale: "en-GB" })).newPage();
});
afterAll(async () => {
	// Longer than it gives its own programs: ended by force, it would leave them behind.
	await running?.stop("SIGINT", 30_000);
	await browser?.close();
	rmSync(home, { recursive: true, force: true });
}, 45_000);

/** What `npm start` runs once packages are installed; resolves with what it prints for a person. */
async function start(port: number) {
	const args = ["--port", String(port), "--home", home];
	const program = new Program("start", join(ROOT, "scripts/start/main.ts"), { args, env: {}, cwd: ROOT });
	const [[, origin = ""], [, email = ""], [, password = ""]] = await Promise.all([
		program.line(/Open\s+(\S+)/),
		program.line(/E-mail\s+(\S+)/),
		program.line(/Password\s+(\S+)/),
	]);
	return { program, origin, email, password };
}
/** Waits until the demo camera's tile says that it is live. */
const live = () => page.locator('[data-camera][data-state="live"]').first().waitFor({ timeout: 20_000 });

it("shows the demo camera to the printed account, goes on without the demo's agent, and keeps everything for the next time", async () => {
	const port = await freePort("tcp");
	const first = await start(port);
	running = first.program;
	await page.goto(`${first.origin}/sign-in`);
	await page.getByLabel("Email address").fill(first.email);
	await page.getByLabel("Password", { exact: true }).fill(first.password);
	await page.getByRole("button", { name: "Sign in", exact: true }).click();
	await live();

	// A taken port is one clear line.
	const second = new Program("second", join(ROOT, "scripts/start/main.ts"), {
		args: ["--port", String(port), "--home", home],
		env: {},
		cwd: ROOT,
	});
	await second.line(/^Port \d+ is taken\. Is Mivisus running already\?/);
	expect(await second.exited).toBe(1);

	const owner = new Owner(first.origin);
	await owner.signIn(first.email, first.password);
	const { agents } = await owner.call<{ agents: { id: string }[] }>("GET", "/agents");
	expect(agents).toHaveLength(1);
	await owner.call("DELETE", `/agents/${agents[0]?.id}`);
	await first.program.line(/The demo agent was unlinked/);
	await owner.call("GET", "/agents");

	await first.program.stop("SIGINT", 30_000);
	expect(await first.program.exited).toBe(0);
	await first.program.line(/Stopped\./);
	const again = await start(port);
	running = again.program;
	expect([again.email, again.password]).toEqual([first.email, first.password]);
	// Still signed in, and the demo is back with an agent of its own.
	await page.goto(again.origin);
	await live();
}, 90_000);
