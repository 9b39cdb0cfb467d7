import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Program } from "../../scripts/start/programs.ts";
import { ROOT } from "../graph/imports.ts";
import { addCamera, linkAgent, signIn, signUp } from "./person.ts";
import { openWindow, Stage } from "./stage.ts";
import { untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };

let stage: Stage;
beforeAll(async () => {
	stage = await Stage.open(CAMERA);
}, 60_000);
afterAll(() => stage?.close());

it("a second browser of the account links the agent that is linked already, and gives it orders; the cameras stay", async () => {
	const { system, page: first, camera } = stage;
	const second = await openWindow(stage.browser);
	await signUp(system);
	await signIn(first, system.origin);
	await linkAgent(first, (await system.startAgent("tcp"))!);
	await addCamera(first, system.origin, { name: "Front door", port: camera.port, path: camera.path, ...CAMERA });

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
	await signIn(second, system.origin);
	await linkAgent(second, link);
	expect(await enrolment.exited).toBe(0);
	await system.startAgent("tcp");
	await addCamera(second, system.origin, { name: "Garden", port: camera.port, path: camera.path, ...CAMERA });
	await untilStamp(second, 10_000);
	await first.reload();
	await untilStamp(first, 10_000);
}, 90_000);
