import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openZip } from "@mivisus/wire/archive-zip";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addCamera, CAMILLE, linkAgent, signIn, signUp } from "./person.ts";
import { openWindow, Stage } from "./stage.ts";
import { untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };
const SECOND = { email: "second@example.test", fullName: "Somebody New", password: "another calm sentence" };
const pictures = process.env["SCREENSHOTS"];

let stage: Stage;
beforeAll(async () => {
	stage = await Stage.open(CAMERA);
}, 60_000);
afterAll(() => stage?.close());

const picture = async (page: Page, name: string) => {
	if (!pictures) return;
	mkdirSync(pictures, { recursive: true });
	await page.screenshot({ path: join(pictures, `bring-${name}.png`), fullPage: true });
};
/** The copy, as the browser saves it. */
async function copyOf(page: Page, origin: string): Promise<Buffer> {
	await page.goto(`${origin}/your-data`);
	const downloading = page.waitForEvent("download");
	await page.getByRole("button", { name: "Download the copy" }).click();
	return readFileSync(await (await downloading).path());
}
async function contents(copy: Buffer) {
	const archive = await openZip(new Blob([new Uint8Array(copy)]));
	const json = async (path: string) => JSON.parse(new TextDecoder().decode(await archive.read(path, 1 << 20)));
	const cameras = (await json("data/cameras.json")) as Record<string, unknown>[];
	const { fullName, language } = await json("data/account.json");
	return {
		fullName,
		language,
		cameras: cameras.map(({ name, scheme, host, port, path, sound }) => ({ name, scheme, host, port, path, sound })),
	};
}

it("07.4, P32: what one account's copy holds is an empty account's afterwards: the round trip is equal, and the picture moves", async () => {
	const { system, page: first, camera } = stage;
	await signUp(system);
	await signIn(first, system.origin);
	await linkAgent(first, (await system.startAgent("tcp"))!);
	await addCamera(first, system.origin, { name: "Front door", port: camera.port, path: camera.path, ...CAMERA });
	const copy = await copyOf(first, system.origin);
	await system.agent?.stop();

	await signUp(system, SECOND);
	const second = await openWindow(stage.browser);
	await signIn(second, system.origin, SECOND);
	await linkAgent(second, (await system.startAgent("tcp", "agent-2"))!);
	await second.goto(`${system.origin}/bring-along`);
	const input = second.getByLabel("The archive (ZIP)");
	// Broken: nothing of it is taken.
	const broken = Buffer.from(copy);
	const at = broken.indexOf("Front door");
	broken.writeUInt8((broken[at] ?? 0) ^ 1, at);
	await input.setInputFiles({ name: "broken.zip", mimeType: "application/zip", buffer: broken });
	await second.getByText("A file was changed: data/cameras.json").waitFor();
	await input.setInputFiles({
		name: "hostile.zip",
		mimeType: "application/zip",
		buffer: Buffer.from("PK\u0003\u0004 no"),
	});
	await second.getByText("no copy that Mivisus made").waitFor();
	expect(await contents(await copyOf(second, system.origin))).toEqual({
		fullName: SECOND.fullName,
		language: "en",
		cameras: [],
	});

	await second.goto(`${system.origin}/bring-along`);
	await input.setInputFiles({ name: "copy.zip", mimeType: "application/zip", buffer: copy });
	await second.getByText("Front door").waitFor();
	await picture(second, "found");
	await second.getByLabel("User name").fill(CAMERA.user);
	await second.getByLabel("Password", { exact: true }).fill(CAMERA.password);
	await second.getByRole("button", { name: "Bring it along" }).click();
	await second.getByText("All of it is here.").waitFor({ timeout: 30_000 });
	await picture(second, "done");
	expect(await contents(await copyOf(second, system.origin))).toEqual(await contents(copy));
	expect((await contents(copy)).fullName).toBe(CAMILLE.fullName);
	await second.goto(`${system.origin}/`);
	await second
		.getByRole("link", { name: /Front door/ })
		.first()
		.click();
	await untilStamp(second, 15_000);
	// A second time nothing is doubled; in an account with another camera it is refused.

	await second.goto(`${system.origin}/bring-along`);
	await input.setInputFiles({ name: "copy.zip", mimeType: "application/zip", buffer: copy });
	await second.getByText("Front door is here.").waitFor();
	await second.getByRole("button", { name: "Bring it along" }).click();
	await second.getByText("All of it is here.").waitFor();
	expect(await contents(await copyOf(second, system.origin))).toEqual(await contents(copy));
	const access = { port: camera.port, path: camera.path, ...CAMERA };
	await addCamera(second, system.origin, { name: "Street", ...access });
	await second.goto(`${system.origin}/bring-along`);
	await input.setInputFiles({ name: "copy.zip", mimeType: "application/zip", buffer: copy });
	await second.getByText("has other cameras already").waitFor();
	await picture(second, "refused");
}, 120_000);
