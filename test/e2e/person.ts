import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import type { Page } from "playwright-core";
import type { System } from "./system.ts";

/** An account's owner as the tests know them, unless they are somebody else. */
export const CAMILLE = {
	email: "camille@example.test",
	fullName: "Camille Martin",
	password: "a calm sentence, not a word",
};

/** An account whose address is confirmed with the mail. */
export async function signUp({ origin, mailbox }: System, person = CAMILLE): Promise<void> {
	const post = async (path: string, body: object) => {
		const headers = { origin, "content-type": "application/json" };
		const response = await fetch(`${origin}/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
		if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
	};
	await post("/accounts", { ...person, terms: TERMS_VERSION, agreement: AGREEMENT_VERSION });
	const token = new URL(await mailbox.link(person.email, "/confirm")).hash.slice(1);
	await post("/accounts/confirm", { token, password: person.password });
}
/** What a person does on the pages, step by step, each until the page says that it is done. */
export async function signIn(page: Page, origin: string, person = CAMILLE): Promise<void> {
	await page.goto(`${origin}/sign-in`);
	await page.getByLabel("Email address").fill(person.email);
	await page.getByLabel("Password", { exact: true }).fill(person.password);
	await page.getByRole("button", { name: "Sign in", exact: true }).click();
	await page.getByRole("button", { name: "Sign out" }).waitFor();
}
export async function linkAgent(page: Page, link: string): Promise<void> {
	await page.goto(link);
	await page.getByRole("button", { name: "Link this agent" }).click();
	await page.getByText("The agent is linked").first().waitFor();
}
/** A camera as its owner knows it. */
interface Owned {
	name: string;
	user: string;
	password: string;
	port: number;
	path: string;
}
/** Ends with the form on its way; what comes of it is the test's business. */
export async function typeCamera(page: Page, origin: string, camera: Owned): Promise<void> {
	await page.goto(`${origin}/cameras/new`);
	await page.getByLabel("Name", { exact: true }).fill(camera.name);
	await page.getByLabel("Camera address").fill(`127.0.0.1:${camera.port}${camera.path}`);
	await page.getByLabel("User name").fill(camera.user);
	await page.getByLabel("Password", { exact: true }).fill(camera.password);
	await page.getByRole("button", { name: "Add the camera" }).click();
}
/** Ends on the camera's live page. */
export async function addCamera(page: Page, origin: string, camera: Owned): Promise<void> {
	await typeCamera(page, origin, camera);
	await page.getByText("The camera answered").waitFor({ timeout: 20_000 });
	await page.getByRole("link", { name: "See it large" }).click();
	await page.waitForURL(/\/cameras\/[\w-]{22}$/);
}
