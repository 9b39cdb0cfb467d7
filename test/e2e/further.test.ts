import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Program } from "../../scripts/start/programs.ts";
import { type GstCamera, startGstCamera } from "../cameras/gst.ts";
import { ROOT } from "../graph/imports.ts";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { openChromium, System } from "./system.ts";
import { untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };

let system: System;
let camera: GstCamera;
let browser: Browser;
beforeAll(async () => {
	camera = await startGstCamera(CAMERA);
	system = await System.start();
	browser = await openChromium();
}, 60_000);
afterAll(async () => {
	await browser?.close();
	await system?.stop();
	await camera?.stop();
});

it("a second browser of the account links the agent that is linked already, and gives it orders; the cameras stay", async () => {
	const [first, second] = await Promise.all(
		[1, 2].map(async () => {
			const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
			context.setDefaultTimeout(15_000);
			return context.newPage();
		}),
	);
	await signUp(first!, system.origin);
	await signIn(first!, system.origin);
	await linkAgent(first!, (await system.startAgent("tcp"))!);
	await addCamera(first!, system.origin, { name: "Front door", port: camera.port, path: camera.path, ...CAMERA });

	// While it runs, nobody else works in its folder.
	const home = join(system.home, "agent");
	const args = ["enrol", "--origin", system.origin, "--home", home];
	const enrol = () => new Program("enrol", join(ROOT, "agent/main.ts"), { args, env: {}, cwd: ROOT });
	const early = enrol();
	await early.line(/An agent is running already/);
	expect(await early.exited).toBe(1);
	await system.agent?.stop();

	const enrolment = enrol();
	const [link] = await enrolment.line(/https?:\/\/\S+\/enrol#\S+/);
	await signIn(second!, system.origin);
	await linkAgent(second!, link);
	expect(await enrolment.exited).toBe(0);
	await system.startAgent("tcp");
	await addCamera(second!, system.origin, { name: "Garden", port: camera.port, path: camera.path, ...CAMERA });
	await untilStamp(second!, 10_000);
	await first!.reload();
	await untilStamp(first!, 10_000);
}, 90_000);
