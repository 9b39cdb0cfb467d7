import { Owner } from "../scripts/start/owner.ts";
import { signUp } from "../test/e2e/person.ts";
import { Stage } from "../test/e2e/stage.ts";
import { untilStamp } from "../test/e2e/timecode.ts";
import { type Figures, figuresOf } from "./figures.ts";

const LOADS = 20;
const ACCOUNT = { email: "bench@example.test", fullName: "Bench", password: "a calm sentence, not a word" };
const CAMERA = { user: "viewer", password: "bench-camera" };

/**
 * From a person's click on a camera in the list to its first picture on the screen, and from a typed address (a whole
 * page load) to the same; camera with a GOP of 2 s, its session warm. The baseline is an empty page's load in the same
 * browser: what no viewer can be faster than.
 */
export async function firstPicture(): Promise<Figures> {
	const stage = await Stage.open(CAMERA);
	try {
		const { system, camera, context, page } = stage;
		const owner = new Owner(system.origin);
		await signUp(system, ACCOUNT);
		await owner.signIn(ACCOUNT.email, ACCOUNT.password);
		const link = await system.startAgent("tcp");
		if (!link) throw new Error("the agent showed no link");
		const state = await owner.enrol(link, "bench");
		const url = { scheme: "rtsp" as const, host: "127.0.0.1", port: camera.port, path: camera.path };
		const id = await owner.addCamera(state, "Bench", { v: 1, url, ...CAMERA });
		await context.addCookies([{ name: "session", value: owner.cookie, url: system.origin }]);
		const loads: number[] = [];
		const clicks: number[] = [];
		const empty: number[] = [];
		for (let i = 0; i <= LOADS; i++) {
			const blank = performance.now();
			await page.goto(`${system.origin}/mark.svg`);
			empty.push(performance.now() - blank);
			const typed = performance.now();
			await page.goto(`${system.origin}/cameras/${id}`);
			await untilStamp(page, 15_000);
			loads.push(performance.now() - typed);
			// The list without pictures of its own: another page of the app, then back by its link.
			await page.getByRole("link", { name: "Agents" }).click();
			await page.getByRole("heading", { name: "Agents" }).waitFor();
			const clicked = performance.now();
			await page.evaluate((path) => {
				history.pushState(null, "", path);
				dispatchEvent(new PopStateEvent("popstate"));
			}, `/cameras/${id}`);
			await untilStamp(page, 15_000);
			clicks.push(performance.now() - clicked);
		}
		// The first round warms camera, cache and connections.
		for (const values of [loads, clicks, empty]) values.shift();
		const load = figuresOf(loads, "load_");
		const baseline = figuresOf(empty, "empty_");
		return {
			samples: LOADS,
			gopSeconds: 2,
			...figuresOf(clicks, ""),
			...load,
			...baseline,
			ratioLoadToEmpty: Number((Number(load["load_p50Ms"]) / Math.max(1, Number(baseline["empty_p50Ms"]))).toFixed(2)),
		};
	} finally {
		await stage.close();
	}
}
