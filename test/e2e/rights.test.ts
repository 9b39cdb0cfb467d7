import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CAMILLE, signUp } from "./person.ts";
import { openChromium, System } from "./system.ts";

/** `SCREENSHOTS=folder` keeps a picture of every step, to be looked at. */
const pictures = process.env["SCREENSHOTS"];

let system: System;
let browser: Browser;
beforeAll(async () => {
	system = await System.start();
	browser = await openChromium();
}, 60_000);
afterAll(async () => {
	await browser?.close();
	await system?.stop();
});

const WORDS = {
	en: {
		locale: "en-GB",
		email: "Email address",
		password: "Password",
		signIn: "Sign in",
		policy: "You have the right to erasure",
		title: "Your data and your rights",
		account: "e-mail address, full name, language",
		entry: "1 entry",
		copy: "Download the copy",
		begun: "The download has begun.",
		archive: "The archive (ZIP)",
		whole: "Whole and unchanged",
		changed: "A file was changed: data/account.json",
		object: "Object to this",
		objected: "You objected.",
		withdraw: "Take the objection back",
		restrict: "Restrict",
		restricted: "The use of your data is restricted.",
		lift: "Lift the restriction",
		directives: "Your directives",
		save: "Save",
		since: "Recorded",
		erase: "Erase the account",
		goodbye: "Goodbye",
		keep: "Keep the account",
		stays: "Your account stays",
		requests: ["Copy of your data", "Objection", "Restriction", "Directives for after your death"],
		holds: "The signature holds",
	},
	fr: {
		locale: "fr-FR",
		email: "Adresse électronique",
		password: "Mot de passe",
		signIn: "Se connecter",
		policy: "Vous avez droit à l’effacement",
		title: "Vos données et vos droits",
		account: "adresse e-mail, nom complet, langue",
		entry: "1 entrée",
		copy: "Télécharger la copie",
		begun: "Le téléchargement a commencé.",
		archive: "L’archive (ZIP)",
		whole: "Entière et inchangée",
		changed: "Un fichier a été changé\u00a0: data/account.json",
		object: "S’y opposer",
		objected: "Vous vous y êtes opposé.",
		withdraw: "Retirer l’opposition",
		restrict: "Limiter",
		restricted: "L’usage de vos données est limité.",
		lift: "Lever la limitation",
		directives: "Vos directives",
		save: "Enregistrer",
		since: "Enregistrées le",
		erase: "Effacer le compte",
		goodbye: "Au revoir",
		keep: "Garder le compte",
		stays: "Votre compte est conservé",
		requests: ["Copie de vos données", "Opposition", "Limitation", "Directives pour après votre mort"],
		holds: "La signature est valable",
	},
} as const;

describe.each(["en", "fr"] as const)("a person's rights (%s)", (language) => {
	const words = WORDS[language];
	const person = { ...CAMILLE, email: `rights-${language}@example.test`, language };
	let page: Page;
	let step = 0;
	const picture = async (name: string) => {
		step += 1;
		if (!pictures) return;
		mkdirSync(pictures, { recursive: true });
		const path = join(pictures, `rights-${language}-${String(step).padStart(2, "0")}-${name}.png`);
		await page.screenshot({ path, fullPage: true });
	};
	const button = (name: string) => page.getByRole("button", { name, exact: true });
	const signIn = async () => {
		await page.goto(`${system.origin}/sign-in`);
		await page.getByLabel(words.email, { exact: true }).fill(person.email);
		await page.getByLabel(words.password, { exact: true }).fill(person.password);
		await button(words.signIn).click();
		await page.waitForURL(`${system.origin}/`);
	};
	const openRights = async () => {
		await page.goto(`${system.origin}/your-data`);
		await page.getByRole("heading", { name: words.title, level: 1 }).waitFor();
		await button(words.copy).waitFor();
	};
	beforeAll(async () => {
		await signUp(system, person);
		const context = await browser.newContext({
			locale: words.locale,
			colorScheme: language === "fr" ? "dark" : "light",
			viewport: { width: language === "fr" ? 360 : 1280, height: 800 },
			acceptDownloads: true,
		});
		context.setDefaultTimeout(15_000);
		page = await context.newPage();
		await signIn();
	}, 60_000);

	it("01.1: reads the policy, with its tables, in their language", async () => {
		await page.goto(`${system.origin}/privacy`);
		await page.getByText(words.policy).waitFor();
		await page.getByRole("cell", { name: words.account }).first().waitFor();
		// Nothing of the generator's marks is left.
		expect(await page.locator(".prose").innerHTML()).not.toContain("table 02");
		await picture("policy");
	});
	it("07.1: sees what is held, why, and how much of it", async () => {
		await openRights();
		const held = page.getByRole("listitem").filter({ hasText: words.account });
		expect(await held.textContent()).toContain(words.entry);
		await picture("held");
	});
	it("07.4: downloads the copy, verifies it in the browser, and one changed byte is told", async () => {
		const downloading = page.waitForEvent("download");
		await button(words.copy).click();
		const file = await (await downloading).path();
		await page.getByText(words.begun).waitFor();
		await page.goto(`${system.origin}/verify-export`);
		const bytes = readFileSync(file);
		await page
			.getByLabel(words.archive)
			.setInputFiles({ name: "copy.zip", mimeType: "application/zip", buffer: bytes });
		await page.getByText(words.whole).waitFor();
		await picture("verified");
		const at = bytes.indexOf(person.fullName);
		bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
		await page
			.getByLabel(words.archive)
			.setInputFiles({ name: "changed.zip", mimeType: "application/zip", buffer: bytes });
		await page.getByText(words.changed).waitFor();
		await picture("changed");
		// The page in the archive opens without a network and asks for nothing.
		const offline = await browser.newContext({ offline: true, locale: words.locale });
		const folder = join(system.home, `copy-${language}`);
		mkdirSync(folder, { recursive: true });
		const { openZip } = await import("@mivisus/wire/archive-zip");
		const archive = await openZip(new Blob([readFileSync(file)]));
		writeFileSync(join(folder, "index.html"), await archive.read("index.html", 1 << 24));
		const reader = await offline.newPage();
		await reader.goto(`file://${join(folder, "index.html")}`);
		expect(await reader.getByText(person.email).count()).toBeGreaterThan(0);
		if (pictures) await reader.screenshot({ path: join(pictures, `rights-${language}-offline.png`), fullPage: true });
		await offline.close();
	});
	it("07.5: objects, sees that it stands, and takes it back", async () => {
		await openRights();
		await button(words.object).click();
		await page.getByText(words.objected).waitFor();
		await picture("objected");
		await button(words.withdraw).click();
		await button(words.object).waitFor();
	});
	it("07.6: restricts, is refused what would begin, and lifts it", async () => {
		await button(words.restrict).click();
		await page.getByRole("dialog").getByRole("button", { name: words.restrict, exact: true }).click();
		await page.getByText(words.restricted).first().waitFor();
		await picture("restricted");
		await button(words.lift).click();
		await button(words.restrict).waitFor();
	});
	it("07.9: leaves directives; every request is listed with its number", async () => {
		const area = page.getByLabel(words.directives, { exact: true });
		await area.fill("Erase everything.\nTell nobody.");
		await area.locator("xpath=ancestor::form").getByRole("button", { name: words.save, exact: true }).click();
		await page.getByText(words.since).waitFor();
		for (const kind of words.requests) await page.getByRole("heading", { name: kind, level: 3 }).first().waitFor();
		await picture("directives");
	});
	it("07.3: erases the account, takes it back with the mailed link, erases it again, and checks the receipt", async () => {
		const erase = async () => {
			await button(words.erase).click();
			await page.getByRole("dialog").getByRole("button", { name: words.erase, exact: true }).click();
			await page.getByRole("heading", { name: words.goodbye }).waitFor();
		};
		await erase();
		await picture("left");
		await page.goto(await system.mailbox.link(person.email, "/undo"));
		await picture("undo");
		await button(words.keep).click();
		await page.getByText(words.stays).waitFor();
		await signIn();
		await openRights();
		await erase();
		// The week is over; the next start's jobs erase it.
		const client = createClient({ url: `file:${join(system.home, "worker.db")}`, timeout: 5000 });
		await client.execute({ sql: "UPDATE accounts SET erase_at = 1 WHERE email = ?", args: [person.email] });
		client.close();
		await system.worker.stop();
		await system.startWorker();
		await page.goto(await system.mailbox.link(person.email, "/receipt"));
		await page.getByText(words.holds).waitFor();
		await picture("receipt");
		await page.goto(`${system.origin}/your-data`);
		await button(words.signIn).waitFor();
	});
});
