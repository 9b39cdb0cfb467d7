import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChromium, System } from "./system.ts";

/** `SCREENSHOTS=folder` keeps a picture of every step, to be looked at. */
const pictures = process.env["SCREENSHOTS"];
const STRONG = "a calm sentence, not a word";
const STRONGER = "another calm sentence, longer";

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

/** The words of one language, as a person finds them on the pages. */
const WORDS = {
	en: {
		locale: "en-GB",
		name: "Full name",
		email: "Email address",
		password: "Password",
		accept: ["I accept the terms", "I accept the agreement"],
		create: "Create the account",
		checkMail: "Check your mail",
		strong: "Strong.",
		guessable: "Guessed quickly",
		confirm: "Confirm and sign in",
		confirmed: "Your address is confirmed.",
		unconfirmed: "not confirmed yet",
		signIn: "Sign in",
		signOut: "Sign out",
		withPasskey: "Sign in with a passkey",
		addPasskey: "Add a passkey",
		used: "Last used",
		forgot: "Forgot your password?",
		sendLink: "Send the link",
		newPassword: "New password",
		setPassword: "Set the new password",
		resetDone: "every session was ended",
		ended: "Your session has ended",
		account: "Your account",
		subject: "Confirm your address for Mivisus",
		newEmail: "New email address",
		changeEmail: "Change the address",
		isItYou: "Is it you?",
		nothingChanged: "Nothing was changed",
		goOn: "Continue",
		confirmEmail: "Confirm the new address",
		emailConfirmed: "The address is confirmed",
	},
	fr: {
		locale: "fr-FR",
		name: "Nom complet",
		email: "Adresse électronique",
		password: "Mot de passe",
		accept: ["J’accepte les conditions", "J’accepte l’accord"],
		create: "Créer le compte",
		checkMail: "Consultez votre messagerie",
		strong: "Solide.",
		guessable: "Se devine vite",
		confirm: "Confirmer et se connecter",
		confirmed: "Votre adresse est confirmée.",
		unconfirmed: "pas encore confirmée",
		signIn: "Se connecter",
		signOut: "Se déconnecter",
		withPasskey: "Se connecter avec une clé d’accès",
		addPasskey: "Ajouter une clé d’accès",
		used: "Dernière utilisation",
		forgot: "Mot de passe oublié",
		sendLink: "Envoyer le lien",
		newPassword: "Nouveau mot de passe",
		setPassword: "Définir le nouveau mot de passe",
		resetDone: "toutes les sessions ont pris fin",
		ended: "Votre session a pris fin",
		account: "Votre compte",
		subject: "Confirmez votre adresse pour Mivisus",
		newEmail: "Nouvelle adresse électronique",
		changeEmail: "Changer l’adresse",
		isItYou: "Est-ce bien vous",
		nothingChanged: "Rien n’a été changé",
		goOn: "Continuer",
		confirmEmail: "Confirmer la nouvelle adresse",
		emailConfirmed: "L’adresse est confirmée",
	},
} as const;

describe.each(["en", "fr"] as const)("an account's life (%s)", (language) => {
	const words = WORDS[language];
	const email = `camille-${language}@example.test`;
	const person = { name: "Camille Martin", email };
	let page: Page;
	let step = 0;
	const open = async (dark = language === "fr", width = language === "fr" ? 360 : 1280) => {
		const context = await browser.newContext({
			locale: words.locale,
			colorScheme: dark ? "dark" : "light",
			viewport: { width, height: 800 },
		});
		context.setDefaultTimeout(15_000);
		return context.newPage();
	};
	const picture = async (name: string) => {
		step += 1;
		if (!pictures) return;
		mkdirSync(pictures, { recursive: true });
		await page.screenshot({
			path: join(pictures, `${language}-${String(step).padStart(2, "0")}-${name}.png`),
			fullPage: true,
		});
	};
	const button = (name: string) => page.getByRole("button", { name, exact: true });
	const field = (name: string) => page.getByLabel(name, { exact: true });
	/** What only somebody who is signed in sees, on a phone too. */
	const signedIn = () => page.getByRole("link", { name: words.account }).waitFor();
	const typeAndSignIn = async (password: string) => {
		await page.goto(`${system.origin}/sign-in`);
		await field(words.email).fill(email);
		await field(words.password).fill(password);
		await button(words.signIn).click();
	};
	/** What a mail scanner does that runs scripts: opens the link and waits. */
	const scan = async (link: string) => {
		const scanner = await browser.newContext();
		const tab = await scanner.newPage();
		const posts: string[] = [];
		tab.on("request", (request) => {
			if (request.method() !== "GET") posts.push(request.url());
		});
		for (const address of [link, link.replace("#", "?token=")]) {
			await fetch(address.split("#")[0] ?? "", { method: "HEAD" });
			await tab.goto(address);
			await tab.waitForLoadState("networkidle");
		}
		await scanner.close();
		expect(posts).toEqual([]);
	};

	beforeAll(async () => {
		page = await open();
	});

	it("P03: signs up, and is told how good the password is while typing", async () => {
		await page.goto(`${system.origin}/sign-up`);
		await field(words.name).fill(person.name);
		await field(words.email).fill(email);
		await field(words.password).fill("Camille Martin 2026");
		await page.getByText(words.guessable).waitFor();
		await picture("guessable");
		await field(words.password).fill(STRONG);
		await page.getByText(words.strong).waitFor();
		for (const accept of words.accept) await page.getByRole("checkbox", { name: accept }).check();
		await picture("sign-up");
		await button(words.create).click();
		await page.getByText(words.checkMail).waitFor();
		await picture("check-mail");
	});
	it("A01: before the link is used nobody gets in; a scanner that opens it uses nothing up", async () => {
		await typeAndSignIn(STRONG);
		await page.getByText(words.unconfirmed).waitFor();
		await picture("unconfirmed");
		const mail = await system.mailbox.wait(({ to, subject }) => to === email && subject === words.subject);
		expect(mail.text).not.toContain(person.name);
		const link = await system.mailbox.link(email, "/confirm");
		await scan(link);
		await page.goto(link);
		// The token is out of the address bar before anything else happens.
		expect(page.url()).toBe(`${system.origin}/confirm`);
		await picture("confirm");
		await field(words.password).fill(STRONG);
		await button(words.confirm).click();
		await page.getByText(words.confirmed).waitFor();
		await signedIn();
		await picture("confirmed");
	});
	it("T09, 02.12: adds a passkey and signs in with it", async () => {
		const session = await page.context().newCDPSession(page);
		await session.send("WebAuthn.enable");
		await session.send("WebAuthn.addVirtualAuthenticator", {
			options: {
				protocol: "ctap2",
				transport: "internal",
				hasResidentKey: true,
				hasUserVerification: true,
				isUserVerified: true,
				automaticPresenceSimulation: true,
			},
		});
		await page.getByRole("link", { name: words.account }).click();
		await button(words.addPasskey).click();
		await page.getByRole("list").filter({ hasText: "Chrome" }).first().waitFor();
		await picture("account");
		// On a phone signing out stands on this page only, elsewhere in the bar as well.
		await button(words.signOut).filter({ visible: true }).last().click();
		await button(words.withPasskey).click();
		await signedIn();
		await page.goto(`${system.origin}/account`);
		await page.getByText(words.used).first().waitFor();
		await picture("passkey-used");
	});
	it("P05, T08: resets the password by mail; the sessions from before are dead", async () => {
		const other = page;
		page = await open();
		await page.goto(`${system.origin}/sign-in`);
		await page.getByRole("link", { name: words.forgot }).click();
		await field(words.email).fill(email);
		await picture("forgot");
		await button(words.sendLink).click();
		await page.getByText(words.checkMail).waitFor();
		const link = await system.mailbox.link(email, "/reset");
		await scan(link);
		await page.goto(link);
		expect(page.url()).toBe(`${system.origin}/reset`);
		await field(words.newPassword).fill(STRONGER);
		await page.getByText(words.strong).waitFor();
		await picture("reset");
		await button(words.setPassword).click();
		await page.getByText(words.resetDone).waitFor();
		await picture("reset-done");
		await other.goto(`${system.origin}/account`);
		await other.getByRole("button", { name: words.signIn, exact: true }).waitFor();
		await typeAndSignIn(STRONG);
		await page.getByRole("alert").waitFor();
		await typeAndSignIn(STRONGER);
		await signedIn();
		await other.context().close();
	});
	it("what cannot be undone asks who one is when that was long ago, then goes on by itself; cancelled, nothing happens", async () => {
		const database = createClient({ url: `file:${join(system.home, "worker.db")}`, timeout: 5000 });
		await database.execute("UPDATE sessions SET proved_at = 1");
		database.close();
		await page.goto(`${system.origin}/account`);
		await field(words.newEmail).fill(`new-${email}`);
		await button(words.changeEmail).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByRole("heading", { name: words.isItYou }).waitFor();
		await picture("proof");
		await page.keyboard.press("Escape");
		await page.getByText(words.nothingChanged).waitFor();
		await button(words.changeEmail).click();
		await dialog.getByLabel(words.password, { exact: true }).fill("not the password at all");
		await dialog.getByRole("button", { name: words.goOn, exact: true }).click();
		await dialog.getByRole("alert").waitFor();
		await dialog.getByLabel(words.password, { exact: true }).fill(STRONGER);
		await dialog.getByRole("button", { name: words.goOn, exact: true }).click();
		const link = await system.mailbox.link(`new-${email}`, "/confirm-address");
		await scan(link);
		await page.goto(link);
		await button(words.confirmEmail).click();
		await page.getByText(words.emailConfirmed).waitFor();
		await picture("address-confirmed");
	});
	it("09.3, 08.4: none of it contacted anybody else, or left anything in the browser but the session", async () => {
		const foreign: string[] = [];
		page.on("request", (request) => {
			if (new URL(request.url()).origin !== system.origin) foreign.push(request.url());
		});
		for (const path of ["/account", "/terms", "/processing", "/"]) {
			await page.goto(`${system.origin}${path}`);
			await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
			await picture(path.slice(1) || "home");
		}
		expect(foreign).toEqual([]);
		expect((await page.context().cookies()).map(({ name }) => name)).toEqual(["session"]);
		expect(await page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))")).toEqual([]);
	});
});
