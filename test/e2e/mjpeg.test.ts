import { afterAll, beforeAll, expect, it } from "vitest";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { Stage } from "./stage.ts";
import { ageOf, untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "test-camera" };
let stage: Stage;

beforeAll(async () => {
	stage = await Stage.open({ ...CAMERA, video: "jpeg", audio: "none" });
	const { system, page } = stage;
	await signUp(system);
	await signIn(page, system.origin);
	await linkAgent(page, (await system.startAgent("tcp")) ?? "");
	await addCamera(page, system.origin, { name: "Old door", ...CAMERA, ...stage.camera });
}, 60_000);
afterAll(async () => {
	await stage?.close();
});

it("a camera that sends MJPEG is seen: the picture is the camera's, it moves, and it is of now", async () => {
	const { page } = stage;
	const first = await untilStamp(page, 10_000);
	const later = await untilStamp(page, 8000, ({ frame }) => (frame - first.frame + 65_536) % 65_536 >= 100);
	expect(ageOf(later)).toBeLessThan(2000);
	await page.getByRole("button", { name: "Figures" }).click();
	const figure = page.locator('[data-figure="codec"] dd');
	await expect.poll(() => figure.textContent(), { timeout: 5000 }).toBe("MJPEG");
	expect(await figure.getAttribute("title")).toBe("jpeg");
});

it("who opens it later need not wait for the next group", async () => {
	const second = await stage.context.newPage();
	await second.goto(stage.system.origin);
	await second
		.getByRole("link", { name: /Old door/ })
		.first()
		.waitFor();
	await second.goto(stage.page.url());
	await untilStamp(second, 1500, (stamp) => ageOf(stamp) < 2000);
	await second.close();
});
