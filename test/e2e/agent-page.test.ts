import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command } from "../agent/command.ts";
import { linkAgent, signIn, signUp } from "./person.ts";
import { formsOf } from "./secrets.ts";
import { Stage } from "./stage.ts";
import { ageOf, madeAfter, readStamp, untilStamp } from "./timecode.ts";

const CAMERA = { user: "viewer", password: "S3cr@t#?&é" };
const SIZES = [
	{ width: 320, height: 640 },
	{ width: 360, height: 800 },
	{ width: 1280, height: 900 },
];
/** Where pictures of the page go, for a person to look at; none are made otherwise. */
const pictures = process.env["SCREENSHOTS"];

describe("the agent's own page", () => {
	let stage: Stage;
	/** The owner's window on the service, and the agent's own page in English. */
	let owner: Page;
	let page: Page;
	const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
	const card = (name: string) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name }) });
	const homeOf = () => join(stage.system.home, "agent");

	/** A fresh link to the agent's own page, as the command line gives it. */
	const pageLink = async () => {
		const { out } = await command(["page", "--home", homeOf()]).ended;
		return /http:\/\/127\.0\.0\.1:\d+\/#\S+/.exec(out)?.[0] ?? "";
	};
	const open = async (link: string, options: BrowserContextOptions = { locale: "en-GB" }) => {
		const context = await stage.browser.newContext({ viewport: SIZES[2]!, ...options });
		context.setDefaultTimeout(15_000);
		const opened = await context.newPage();
		const faults: string[] = [];
		opened.on("pageerror", (error) => faults.push(error.message));
		opened.on("console", (message) => message.type() === "error" && faults.push(message.text()));
		await opened.goto(link);
		return { opened, faults, close: () => context.close() };
	};
	let faults: string[];
	let link: string;

	beforeAll(async () => {
		stage = await Stage.open(CAMERA);
		owner = stage.page;
		await signUp(stage.system);
		link = (await stage.system.startAgent("tcp"))!;
		const [own] = await stage.system.agent!.line(/http:\/\/127\.0\.0\.1:\d+\/#\S+/);
		({ opened: page, faults } = await open(own));
	}, 60_000);
	afterAll(() => stage?.close());

	it("opens by its link, which leaves no secret in the address, and not without one", async () => {
		await page.getByText("Not linked to an account yet.").waitFor();
		expect(new URL(page.url()).hash).toBe("");
		expect(await page.evaluate(() => document.cookie)).toBe("");
		await page.reload();
		await page.getByText("Not linked to an account yet.").waitFor();
		const { opened, close } = await open(page.url());
		await opened.getByText("This page is closed.").waitFor();
		await opened.getByText("mivisus-agent page").waitFor();
		await close();
	});

	it("shows link, code and fingerprint; the owner's browser shows the same fingerprint and links the agent", async () => {
		await signIn(owner, stage.system.origin);
		expect(await page.getByRole("link", { name: "Open the link here" }).getAttribute("href")).toBe(link);
		const finger = (await page.locator(".finger").textContent()) ?? "";
		expect(finger).toMatch(/^(\S{4} ){10}\S{3}$/);
		const drawn = await page.locator("canvas.code").evaluate((canvas: HTMLCanvasElement) => canvas.width);
		expect(drawn).toBeGreaterThan(200);
		await look("unlinked");
		await owner.goto(link);
		await owner.getByText(finger.slice(0, 9)).first().waitFor();
		await linkAgent(owner, link);
		await page.getByText("Linked. No camera yet.").waitFor();
	});

	it("A04: says what is wrong with a camera in words, and what to do; what was typed stays", async () => {
		await page.getByLabel("Address").fill(`127.0.0.1:${stage.camera.port}${stage.camera.path}`);
		await page.getByLabel("User name").fill(CAMERA.user);
		await page.getByLabel("Password", { exact: true }).fill("wrong");
		await button("Test").click();
		await page.getByText(/^The camera .*user or .*password/).waitFor();
		await page.getByText("lock out for minutes").waitFor();
		expect(await page.getByLabel("User name").inputValue()).toBe(CAMERA.user);
		await look("refused");
	});

	it("A04: the right password, as typed: a still picture of this moment, made by the browser", async () => {
		await page.getByLabel("Password", { exact: true }).fill(CAMERA.password);
		await button("Test").click();
		await page.getByText(/^The camera answered\. H\.264, 640x360, sound AAC/).waitFor();
		await page.locator("form canvas.still").waitFor();
		const stamp = await readStamp(page, "form canvas.still");
		expect(stamp && ageOf(stamp)).toBeLessThan(10_000);
		await look("tested");
	});

	it("adds it: its owner sees it in the web app, and it plays", async () => {
		await page.getByLabel("Name", { exact: true }).fill("Cellar");
		await button("Add the camera").click();
		await page.getByText("Added. It is in your account").waitFor();
		expect(await page.getByLabel("Password", { exact: true }).inputValue()).toBe("");
		await card("Cellar").getByText("Nobody watches. Nothing leaves this house.").waitFor();
		await page.getByText("No picture has left this house.").waitFor();
		await owner.goto(stage.system.origin);
		await owner
			.getByRole("link", { name: /Cellar/ })
			.first()
			.click();
		await owner.waitForURL(/\/cameras\//);
		const begun = Date.now();
		await untilStamp(owner, 10_000, (stamp) => ageOf(stamp) < 3000);
		expect(Date.now() - begun).toBeLessThan(10_000);
		await card("Cellar").getByText("Live: somebody watches").waitFor();
		await page.getByText(/^The last picture left this house at \d\d:\d\d; [\d.]+ [kM]B today\.$/).waitFor();
		await look("live");
	});

	it("A12: switched off here, the picture ends within 3 s, who watches is told, and no still can be had", async () => {
		await card("Cellar").getByLabel("Off", { exact: true }).check();
		await owner
			.getByText(/switched off at the agent/)
			.first()
			.waitFor({ timeout: 3000 });
		await card("Cellar")
			.getByText(/^Off since/)
			.waitFor();
		const before = await readStamp(owner);
		await card("Cellar").getByRole("button", { name: "Show a picture" }).click();
		await card("Cellar").getByText("The camera is switched off here. Nothing reads it.").waitFor();
		const after = await readStamp(owner);
		expect(after?.frame).toBe(before?.frame);
		await look("off");
	});

	it("A12: by the week: kept, obeyed, and back on the page as it was set; on again, the picture comes back by itself", async () => {
		const one = card("Cellar");
		await one.getByLabel("Off by the week").check();
		await one.getByLabel("Off from").fill("00:00");
		await one.getByLabel("until").fill("00:00");
		await one.getByRole("button", { name: "Add hours" }).click();
		await one.getByRole("button", { name: "Remove these hours" }).nth(1).click();
		await look("week");
		await one.getByRole("button", { name: "Save the week" }).click();
		await one.getByText("Saved.").waitFor();
		await one.getByText(/^Off since/).waitFor();
		await page.reload();
		expect(await card("Cellar").getByLabel("Off by the week").isChecked()).toBe(true);
		expect(await card("Cellar").getByLabel("Mon").isChecked()).toBe(true);
		expect(await card("Cellar").getByLabel("Off from").inputValue()).toBe("00:00");
		const on = Date.now();
		await card("Cellar").getByLabel("On", { exact: true }).check();
		await untilStamp(owner, 5000, madeAfter(on));
	});

	it("by keyboard alone, from the top to the switch; every control has a name", async () => {
		await page.reload();
		await card("Cellar").waitFor();
		const unnamed = await page.locator("input:visible, button:visible, a:visible, canvas:visible").evaluateAll((all) =>
			all
				.filter((element) => {
					const labels = (element as HTMLInputElement).labels;
					const text = element.textContent?.trim() || element.getAttribute("aria-label");
					return !text && !(labels && [...labels].some((label) => label.textContent?.trim()));
				})
				.map((element) => element.outerHTML),
		);
		expect(unnamed).toEqual([]);
		await page.getByRole("button", { name: "Français" }).focus();
		const reached: string[] = [];
		for (let i = 0; i < 4; i++) {
			await page.keyboard.press("Tab");
			reached.push(
				await page.evaluate(
					() => document.activeElement?.textContent || (document.activeElement as HTMLInputElement).value,
				),
			);
		}
		expect(reached.slice(0, 2)).toEqual(["Show a picture", "on"]);
		await page.keyboard.press("Shift+Tab");
		expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe("solid");
	});

	it("in French: everything, what the camera said too; nothing is wider than a phone of 320 px, in either language", async () => {
		const { opened, faults: wrong, close } = await open(await pageLink(), { locale: "fr-FR" });
		await opened.getByRole("heading", { name: "Caméras" }).waitFor();
		await opened.getByText("Interrupteur de vie privée").waitFor();
		await opened.getByLabel("Adresse").fill(`127.0.0.1:${stage.camera.port}/`);
		await opened.getByLabel("Mot de passe", { exact: true }).fill("x");
		await opened.getByLabel("Nom d’utilisateur").fill("x");
		await opened.getByRole("button", { name: "Tester" }).click();
		await opened.getByText(/^La caméra (a |n’a pas de flux)/).waitFor();
		await opened.getByText("Journal", { exact: true }).click();
		await opened.locator(".log li").first().waitFor();
		for (const window of [opened, page]) {
			for (const size of SIZES) {
				await window.setViewportSize(size);
				const wider = await window.evaluate(() => document.documentElement.scrollWidth - innerWidth);
				expect(wider, `${size.width} px`).toBeLessThanOrEqual(0);
			}
		}
		await look("french", opened);
		expect(wrong).toEqual([]);
		await close();
	});

	it("where a browser decodes no video it says so in words, and the camera counts as good", async () => {
		const { opened, close } = await open(await pageLink());
		await opened.evaluate(() => Reflect.deleteProperty(window, "VideoDecoder"));
		await opened.getByRole("button", { name: "Show a picture" }).click();
		await opened.getByText("This browser cannot decode video here").waitFor();
		await opened.getByText(/^The camera answered/).waitFor();
		await close();
	});

	it("A13: it asks nobody but its agent, keeps no password, and its scripts met no fault", async () => {
		const elsewhere: string[] = [];
		page.on("request", (request) => {
			if (!request.url().startsWith(new URL(page.url()).origin)) elsewhere.push(request.url());
		});
		await page.reload();
		await card("Cellar").waitFor();
		expect(elsewhere).toEqual([]);
		expect(faults.filter((fault) => !/40[19]/.test(fault))).toEqual([]);
		const kept = await page.evaluate(() =>
			JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
		);
		const output = stage.system.output.join("\n");
		for (const form of formsOf(CAMERA.password)) {
			expect(kept.includes(form.toString())).toBe(false);
			expect(output.includes(form.toString())).toBe(false);
		}
	});

	/** Pictures of the page as it is, light and dark, narrow and wide. */
	async function look(name: string, window = page): Promise<void> {
		if (!pictures) return;
		for (const colorScheme of ["light", "dark"] as const) {
			for (const size of SIZES.slice(1)) {
				await window.emulateMedia({ colorScheme });
				await window.setViewportSize(size);
				const path = join(pictures, `${name}-${colorScheme}-${size.width}.png`);
				await window.screenshot({ path, fullPage: true });
			}
		}
	}
});
