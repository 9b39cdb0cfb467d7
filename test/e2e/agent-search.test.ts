import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Describe, Discover } from "../../agent/control.ts";
import { deviceService } from "../../agent/discovery/discover.ts";
import { MAX_FOUND } from "../../agent/discovery/limits.ts";
import { PageServer } from "../../agent/page/server.ts";
import { createIdentity, loadIdentity } from "../../agent/pairing/identity.ts";
import { CameraError } from "../../agent/rtsp/errors.ts";
import { RunningAgent } from "../../agent/running.ts";
import { StateStore } from "../../agent/secrets/state.ts";
import { runOptions } from "../../agent/testing/run-options.ts";
import { ScriptedCamera } from "../cameras/scripted.ts";
import { openChromium } from "./system.ts";

/** What the network answers to who looks for cameras; the test lays it out. */
let discover: Discover;
/** What a camera answers to who asks it for its streams. */
let describeCamera: Describe;
let home: string;
let server: PageServer;
let browser: Browser;
let page: Page;
beforeAll(async () => {
	home = mkdtempSync(join(tmpdir(), "mivisus-search-"));
	const store = await StateStore.open(home, async () => ({ v: 1, identity: await createIdentity(), cameras: [] }));
	const control = new RunningAgent({
		...runOptions(home),
		store,
		identity: await loadIdentity(store.current.identity),
		discover: (options) => discover(options),
		describe: (...question) => describeCamera(...question),
	});
	server = await PageServer.open({ control, port: 0, now: Date.now, report: () => {} });
	browser = await openChromium();
	const context = await browser.newContext({ locale: "en-GB" });
	context.setDefaultTimeout(10_000);
	page = await context.newPage();
	await page.goto(server.newLink());
});
afterAll(async () => {
	await browser?.close();
	server?.close();
	rmSync(home, { recursive: true, force: true });
});
const look = () => page.getByRole("button", { name: "Look for cameras" }).click();
const found = (name: string, host: string, port = 554) => ({
	device: `urn:${name}`,
	name,
	address: { host, port },
	xaddrs: [deviceService(host, port)],
});

it("cameras stand there as they answer; one that is chosen fills the form, and no password of another goes to it", async () => {
	let more = () => {};
	discover = async function* () {
		yield { ...found("Porch", "192.168.1.20"), maker: "ACME" };
		await new Promise<void>((resolve) => {
			more = resolve;
		});
		yield found("<b>Garden</b>", "fe80::1", 8554);
	};
	await page.getByLabel("Password", { exact: true }).fill("typed for another");
	await look();
	const porch = page.getByRole("button", { name: "Porch (ACME, 192.168.1.20)" });
	await porch.waitFor();
	await page.getByText("Looking for cameras in this network…").waitFor();
	more();
	await page.getByText("2 found. Choose one, or type an address.").waitFor();
	await porch.click();
	await page.getByText("Porch at 192.168.1.20. Type its user and password").waitFor();
	expect(await page.getByLabel("Address").inputValue()).toBe("");
	expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Porch");
	expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
	await page.getByRole("button", { name: "<b>Garden</b> (fe80::1)" }).click();
	await page.getByText("<b>Garden</b> at fe80::1.").waitFor();
});
it("A04: one that is chosen is asked itself where its pictures are, with user and password as typed", async () => {
	const asked: unknown[] = [];
	const camera = await ScriptedCamera.listen({ play: (peer) => peer.frames(peer.media.gop(5)) });
	try {
		discover = async function* () {
			yield found("Porch", "127.0.0.1", 80);
		};
		describeCamera = async (at, { user, password }) => {
			if (!("xaddrs" in at)) throw new Error("what it said of itself was forgotten");
			const { device, address } = at;
			asked.push({ device, ...address, user, password: password?.reveal() });
			if (user !== "viewer") throw new CameraError("camera-refused", "The camera refused the user or the password.");
			const main = { scheme: "rtsp" as const, host: address.host, port: camera.port, path: "/main" };
			return { streams: { main }, sources: ["c1"] };
		};
		await look();
		await page.getByRole("button", { name: "Porch (127.0.0.1)" }).click();
		const test = page.getByRole("button", { name: "Test", exact: true });
		await test.click();
		await page.getByText("The camera refused the user or the password.").waitFor();
		await page.getByLabel("User name").fill("viewer");
		await page.getByLabel("Password", { exact: true }).fill("S3cr@t#?&é");
		await test.click();
		await page.getByText("The camera answered. H.264, 64x48").waitFor();
		const at = { device: "urn:Porch", host: "127.0.0.1", port: 80 };
		expect(asked).toEqual([
			{ ...at, user: undefined, password: undefined },
			{ ...at, user: "viewer", password: "S3cr@t#?&é" },
		]);
		const paths = (await camera.peer(0)).requests.map(({ url }) => new URL(url).pathname);
		expect(paths[0]).toBe("/main");
	} finally {
		await camera.close();
	}
});
it("A04: a recorder is asked which of its channels is meant; that one is tested", async () => {
	const camera = await ScriptedCamera.listen({ play: (peer) => peer.frames(peer.media.gop(5)) });
	try {
		discover = async function* () {
			yield found("Recorder", "127.0.0.1", 80);
		};
		describeCamera = async (_, __, { source = "Entrance" }) => {
			const main = { scheme: "rtsp" as const, host: "127.0.0.1", port: camera.port, path: `/${source}` };
			return { streams: { main }, sources: ["Entrance", "Yard"] };
		};
		await look();
		await page.getByRole("button", { name: "Recorder (127.0.0.1)" }).click();
		expect(await page.getByLabel("Channel").isVisible()).toBe(false);
		const test = page.getByRole("button", { name: "Test", exact: true });
		await test.click();
		await page.getByText("This device has several channels.").waitFor();
		await page.getByLabel("Channel").selectOption("Yard");
		await test.click();
		await page.getByText("The camera answered. H.264, 64x48").waitFor();
		expect(camera.peers.length).toBe(1);
		expect(new URL((await camera.peer(0)).requests[0]!.url).pathname).toBe("/Yard");
	} finally {
		await camera.close();
	}
});
it("a network that answers without end fills no page", async () => {
	discover = async function* () {
		for (let i = 0; ; i++) yield found(`Camera ${i}`, "192.168.1.20");
	};
	await look();
	await page.getByText(`${MAX_FOUND} found.`).waitFor();
	expect(await page.locator(".found button").count()).toBe(MAX_FOUND);
});
it("none answers: said in words", async () => {
	discover = async function* () {};
	await look();
	await page.getByText("None answered. Some cameras do not say that they are there").waitFor();
});
it("who leaves the page ends the search", async () => {
	let ended = () => {};
	const over = new Promise<void>((resolve) => {
		ended = resolve;
	});
	discover = async function* ({ signal }) {
		yield found("Porch", "192.168.1.20");
		await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
		ended();
	};
	await look();
	await page.getByRole("button", { name: /Porch/ }).waitFor();
	await page.goto("about:blank");
	await over;
});
