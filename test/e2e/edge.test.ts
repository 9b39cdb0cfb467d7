import { afterAll, beforeAll, expect, it } from "vitest";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { Stage } from "./stage.ts";
import { untilStamp, untilStill } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "edge-camera-password" };
let stage: Stage;
beforeAll(async () => {
	stage = await Stage.open(CAMERA, undefined, true);
}, 90_000);
afterAll(async () => {
	await stage?.close();
});

it("the worker in Cloudflare's runtime, over a libSQL server: from sign-up to the moving picture, and its end at sign-out", async () => {
	const { system, page } = stage;
	await signUp(system);
	await signIn(page, system.origin);
	await linkAgent(page, (await system.startAgent("tcp")) ?? "");
	await addCamera(page, system.origin, { name: "Front door", ...CAMERA, ...stage.camera });
	const first = await untilStamp(page, 10_000);
	await untilStamp(page, 10_000, ({ frame }) => frame !== first.frame);
	// The same in another window: it ends when the person signs out in this one.
	const other = await stage.context.newPage();
	await other.goto(page.url());
	await untilStamp(other, 10_000);
	await page.getByRole("button", { name: "Sign out" }).click();
	await untilStill(other, 6000);
	const log = system.output.join("\n");
	expect(log).toContain('"runtime":"workerd"');
	expect(log).not.toContain(CAMERA.password);
}, 120_000);
