import { afterAll, beforeAll, expect, it } from "vitest";
import { type DemoCamera, startDemoCamera } from "../../scripts/demo-camera/server.ts";
import { linkAgent, signIn, signUp } from "./person.ts";
import { Stage } from "./stage.ts";
import { untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };

/** The stage's camera, 640 pixels wide and stamped, plays the second stream of this one, which is 1280 wide. */
let stage: Stage;
let main: DemoCamera;
beforeAll(async () => {
	stage = await Stage.open({ ...CAMERA, audio: "none" });
	main = await startDemoCamera({ ...CAMERA, port: 0 });
}, 60_000);
afterAll(async () => {
	await stage?.close();
	await main?.stop();
});
/** Resolves when the picture on the page is so wide. */
const untilWidth = (width: number) =>
	stage.page.waitForFunction((wanted) => document.querySelector("canvas")?.width === wanted, width);

it("V05: the grid shows the camera's second stream, the large picture its main one; back in the grid it is the second again", async () => {
	const { system, page } = stage;
	await signUp(system);
	await signIn(page, system.origin);
	await linkAgent(page, (await system.startAgent("tcp"))!);
	await page.goto(`${system.origin}/cameras/new`);
	await page.getByLabel("Name", { exact: true }).fill("Harbour");
	await page.getByLabel("Camera address").fill(`127.0.0.1:${main.port}${main.path}`);
	await page.getByLabel("User name").fill(CAMERA.user);
	await page.getByLabel("Password", { exact: true }).fill(CAMERA.password);
	const more = page.getByText("Second stream, certificate");
	await more.click();
	await page.getByLabel("Second, smaller stream").fill("rtsp://a:b@127.0.0.1/no");
	await more.click();
	await page.getByRole("button", { name: "Add the camera" }).click();
	await page.getByText("without user and password").waitFor();
	await page.getByLabel("Second, smaller stream").fill(`127.0.0.1:${stage.camera.port}${stage.camera.path}`);
	if (process.env["SCREENSHOTS"])
		await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/two-streams-add.png`, fullPage: true });
	await page.getByRole("button", { name: "Add the camera" }).click();
	await page.getByText("The camera answered").waitFor({ timeout: 20_000 });
	await page.goto(system.origin);
	await untilWidth(640);
	await untilStamp(page, 10_000);
	await page
		.getByRole("link", { name: /Harbour/ })
		.first()
		.click();
	await untilWidth(1280);
	await page.goBack();
	await untilWidth(640);
	await untilStamp(page, 10_000);
	const small = await untilStamp(page, 5000);
	expect(await untilStamp(page, 5000, ({ frame }) => frame !== small.frame)).toBeDefined();
}, 90_000);
