import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGstCamera } from "../cameras/gst.ts";
import { addCamera, CAMILLE, linkAgent, signIn, signUp } from "./person.ts";
import { commandLines, filesUnder, formsOf, toldIn } from "./secrets.ts";
import { Stage } from "./stage.ts";
import type { System } from "./system.ts";
import { ageOf, madeAfter, untilStamp, untilStill } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };

describe.each(["tcp", "udp"] as const)("a camera in the browser, RTSP over %s", (transport) => {
	let stage: Stage;
	let system: System;
	let context: BrowserContext;
	let page: Page;
	let live: string;
	/** What the service gave to the pages: sessions, tokens. */
	const given = new Set<string>();
	const button = (name: string | RegExp, on = page) => on.getByRole("button", { name });

	beforeAll(async () => {
		stage = await Stage.open(CAMERA);
		({ system, context, page } = stage);
		context.on("response", async (response) => {
			if (!response.url().includes("/api/")) return;
			const cookie = await response.headerValue("set-cookie").catch(() => null);
			const session = /session=([\w.-]{20,})/.exec(cookie ?? "")?.[1];
			if (session) given.add(session);
			if (!response.url().endsWith("/relay-token") || response.status() !== 200) return;
			const { token } = await response.json().catch(() => ({ token: undefined }));
			if (token) given.add(token);
		});
	}, 60_000);
	afterAll(async () => {
		await stage?.close();
	});

	it("a person signs up and signs in", async () => {
		await signUp(system);
		await signIn(page, system.origin);
		await page
			.getByRole("heading", { name: /No cameras yet|Three steps/ })
			.first()
			.waitFor();
	});

	it("the agent shows a link, and the browser enrols it", async () => {
		const link = await system.startAgent(transport);
		expect(link).toBeDefined();
		await linkAgent(page, link!);
		expect(page.url()).not.toContain("#");
	});

	it("the camera is added with its password, as typed, and seen: the picture is the camera's and it moves", async () => {
		await addCamera(page, system.origin, { name: "Front door", ...CAMERA, ...stage.camera });
		live = page.url();
		const first = await untilStamp(page, 10_000);
		const second = await untilStamp(page, 5000, ({ frame }) => frame !== first.frame);
		expect((second.frame - first.frame + 65536) % 65536).toBeLessThan(250);
		expect(ageOf(second)).toBeLessThan(2000);
	});

	it("who opens it between two keyframes has a picture within a second", async () => {
		const second = await context.newPage();
		await second.goto(system.origin);
		await second
			.getByRole("link", { name: /Front door/ })
			.first()
			.waitFor();
		await second.goto(live);
		const begun = Date.now();
		await untilStamp(second, 1000, (stamp) => ageOf(stamp) < 2000);
		expect(Date.now() - begun).toBeLessThan(1000);
		await second.close();
	});

	it("the agent is killed and started again: the picture is back within 5 s", async () => {
		await system.agent!.stop("SIGKILL");
		const killed = Date.now();
		await system.startAgent(transport);
		await untilStamp(page, 5000 - (Date.now() - killed), madeAfter(killed));
	});

	it("the relay is killed: the picture is back within 5 s, by itself", async () => {
		process.kill(await system.relayPlanePid(), "SIGKILL");
		await untilStamp(page, 5000, madeAfter(Date.now()));
	});

	it("A09: nobody looks: no media leaves the house for 10 s", async () => {
		await page.goto("about:blank");
		// The relay unsubscribes when the last viewer left; what was on its way may still arrive.
		await new Promise((resolve) => setTimeout(resolve, 2000));
		const before = system.meter.sentBytes;
		await new Promise((resolve) => setTimeout(resolve, 10_000));
		expect(system.meter.sentBytes - before).toBeLessThan(20_000);
		await page.goto(live);
		await untilStamp(page, 5000, madeAfter(Date.now()));
	}, 30_000);

	it("the camera stops: the viewer says so in words within 5 s", async () => {
		await stage.camera.stop();
		await page.getByText("The camera cannot be reached just now.").waitFor({ timeout: 5000 });
		const { port } = stage.camera;
		stage.camera = await startGstCamera({ ...CAMERA, port });
		// The agent tries again by itself, at most every 15 s.
		await untilStamp(page, 20_000, madeAfter(Date.now()));
	}, 40_000);

	it("sign-out ends the picture within 5 s, in the other window too", async () => {
		const other = await context.newPage();
		await other.goto(live);
		await untilStamp(other, 5000);
		await button("Sign out").click();
		await untilStill(other, 6000);
		await other.close();
	}, 30_000);

	it("P1, 02.10: nothing personal and nothing secret is in what worker, relay and agent write, whatever happened above", () => {
		expect(given.size).toBeGreaterThan(3);
		const { email, fullName, password } = CAMILLE;
		const camera = [CAMERA.password, "Front door", `127.0.0.1:${stage.camera.port}`];
		expect(toldIn(system.output, [email, fullName, password, ...camera, ...given])).toEqual([]);
		for (const program of ["worker", "relay", "agent"])
			expect(system.output.filter((line) => line.startsWith(program)).length, program).toBeGreaterThan(2);
		// The search finds what is there.
		expect(toldIn([...system.output, `x ${email} y`, [...given].join()], [email])).toHaveLength(3);
	});

	it("A13: the camera's password is in no log, no file and no list of processes, in any form", async () => {
		const forms = formsOf(CAMERA.password);
		const processes = commandLines();
		expect(processes.length).toBeGreaterThan(3);
		for (const { path, bytes } of processes) for (const form of forms) expect(bytes.includes(form), path).toBe(false);
		const output = Buffer.from(system.output.join("\n"));
		for (const form of forms) expect(output.includes(form)).toBe(false);
		for (const { path, bytes } of filesUnder(system.home)) {
			for (const form of forms) expect(bytes.includes(form), path).toBe(false);
		}
	});
});
