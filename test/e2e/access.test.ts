import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGstCamera } from "../cameras/gst.ts";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { openWindow, Stage } from "./stage.ts";
import type { System } from "./system.ts";
import { madeAfter, untilStamp } from "./timecode.ts";

const BEFORE = { user: "viewer", password: "before-canary" };
const AFTER = { user: "owner", password: "after-canary" };

let stage: Stage;
let system: System;
let page: Page;
let live: string;
const field = (name: string) => page.getByLabel(name, { exact: true });
const button = (name: string) => page.getByRole("button", { name });

beforeAll(async () => {
	stage = await Stage.open(BEFORE);
	({ system, page } = stage);
	await signUp(system);
	await signIn(page, system.origin);
	await linkAgent(page, (await system.startAgent("tcp")) ?? "");
	await addCamera(page, system.origin, { name: "Front door", ...BEFORE, ...stage.camera });
	live = page.url();
}, 60_000);
afterAll(async () => {
	await stage?.close();
});

it("a camera whose password was changed says so, and leads to where it is typed", async () => {
	await untilStamp(page, 10_000);
	const { port, path } = stage.camera;
	await stage.camera.stop();
	stage.camera = await startGstCamera({ ...AFTER, port });
	await page.getByText(/refused the agent just now\. Check the user name and password\./).waitFor({ timeout: 20_000 });
	await page.getByRole("link", { name: "Address and password" }).click();
	await page.waitForURL(/settings#access$/);
	await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("access");
	expect(await field("Camera address").inputValue()).toBe(`rtsp://127.0.0.1:${port}${path}`);
	expect(await field("Password").inputValue()).toBe("");
});

it("a wrong one is answered by the camera, in words", async () => {
	await field("User name").fill(AFTER.user);
	await field("Password").fill("not-it");
	await button("Change and ask the camera").click();
	await page.getByText(/The camera refused the agent just now/).waitFor({ timeout: 20_000 });
	expect(await field("Password").inputValue()).toBe("not-it");
});

it("the right one by its picture; the page then keeps it no longer", async () => {
	const typed = Date.now();
	await field("Password").fill(AFTER.password);
	await button("Change and ask the camera").click();
	await page.getByText("The camera answered. Here is a picture.").waitFor({ timeout: 20_000 });
	await expect.poll(() => field("Password").inputValue()).toBe("");
	await page.getByRole("link", { name: "See it large" }).click();
	await untilStamp(page, 10_000, madeAfter(typed));
	expect(page.url()).toBe(live);
});

it("another address is shown from then on, and the sound stays as the owner set it", async () => {
	await page.goto(`${live}/settings`);
	await button("Switch sound on").click();
	await button("I have understood, switch it on").click();
	await button("Switch sound off").waitFor();
	const moved = await startGstCamera(AFTER);
	try {
		await field("Camera address").fill(`127.0.0.1:${moved.port}${moved.path}`);
		await field("User name").fill(AFTER.user);
		await field("Password").fill(AFTER.password);
		await button("Change and ask the camera").click();
		await page.getByText("The camera answered. Here is a picture.").waitFor({ timeout: 20_000 });
		await page.reload();
		expect(await field("Camera address").inputValue()).toBe(`rtsp://127.0.0.1:${moved.port}${moved.path}`);
		expect(await button("Switch sound off").isVisible()).toBe(true);
		await stage.camera.stop();
		await page.goto(live);
		await untilStamp(page, 10_000, madeAfter(Date.now()));
	} finally {
		await stage.camera.stop();
		stage.camera = moved;
	}
}, 60_000);

it("a name of blanks is refused in the page, in our words", async () => {
	await page.goto(`${live}/settings`);
	await field("Name").fill("   ");
	await button("Save the name").click();
	await page.getByText("Give the camera a name.").waitFor();
	expect(await page.getByText(/malformed|Too small/).count()).toBe(0);
});

it("a browser that is not linked is told so, and what deleting there leaves behind", async () => {
	const stranger = await openWindow(stage.browser);
	await signIn(stranger, system.origin);
	await stranger.goto(`${live}/settings`);
	await stranger.getByText("Address and password can only be changed from a browser that is linked").waitFor();
	expect(await stranger.getByLabel("Password", { exact: true }).count()).toBe(0);
	await stranger.getByRole("button", { name: "Delete this camera" }).click();
	await stranger.getByRole("dialog").getByText("keeps the sealed address and password").waitFor();
	await stranger.context().close();
});
