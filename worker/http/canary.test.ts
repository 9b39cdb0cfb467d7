import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { afterAll, beforeAll, expect, it } from "vitest";
import { routeTable } from "./openapi.ts";
import { Authenticator } from "./testing/authenticator.ts";
import { TestPage, until } from "./testing/parties.ts";
import { type Answered, cookieOf, TestWorker } from "./testing/server.ts";

let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start({ MIVISUS_PROXIES: "1" });
});
afterAll(() => worker.close());

/** A value that stands nowhere else in the world. */
const canary = (what: string) => `${what}-${randomBytes(9).toString("hex")}`;

it("P1, 02.2, 02.10: what is personal or secret is in no log, no refusal and no address, whatever route it went through", async () => {
	const secrets = {
		email: `${canary("mail")}@example.test`,
		newEmail: `${canary("next")}@example.test`,
		fullName: canary("Name"),
		password: canary("secret sentence"),
		wrong: canary("wrong sentence"),
		next: canary("another sentence"),
		label: canary("Browser"),
		camera: canary("Door"),
		host: `${canary("cam")}.lan`,
		network: "203.0.113.77",
		directives: canary("After me"),
	};
	const refusals: string[] = [];
	const addresses: string[] = [];
	const call = async (method: string, path: string, body?: unknown, cookie?: string): Promise<Answered> => {
		addresses.push(path);
		const headers = { "x-forwarded-for": secrets.network, "user-agent": secrets.label };
		const answer = await worker.call(method, path, { ...(body !== undefined && { body }), cookie, headers });
		if (answer.status >= 400) refusals.push(answer.text, JSON.stringify([...answer.headers]));
		return answer;
	};
	const { email, password, fullName, wrong, next, label } = secrets;
	const accepted = { terms: TERMS_VERSION, agreement: AGREEMENT_VERSION };
	const found = new Set<string>(Object.values(secrets));

	// Failures first: everything wrong that carries something personal.
	await call("POST", "/accounts", { email, fullName, password, language: "xx", ...accepted });
	await call("POST", "/accounts", { email: `${email} ${email}`, fullName, password, ...accepted });
	await call("POST", "/accounts", { email, fullName, password: "short", ...accepted });
	await call("POST", "/accounts", { email, fullName, password, ...accepted, [canary("field")]: fullName });
	await call("POST", "/session", { email, password: wrong });
	await worker.call("POST", "/session", { raw: `{"email":"${email}","password":"${password}` });
	expect((await call("POST", "/accounts", { email, fullName, password, ...accepted })).status).toBe(202);
	const confirm = await worker.mailed(email, "/confirm");
	found.add(confirm);
	await call("POST", "/session", { email, password, label });
	await call("POST", "/accounts/confirm", { token: confirm, password: wrong, label });
	const signedIn = await call("POST", "/accounts/confirm", { token: confirm, password, label });
	const cookie = cookieOf(signedIn.headers);
	found.add(cookie);
	for (const part of cookie.split(".")) if (part.length > 30) found.add(part);

	await call("PATCH", "/account", { fullName, language: "fr" }, cookie);
	await call("POST", "/directives", { words: `${secrets.directives}\u0000` }, cookie);
	expect((await call("POST", "/directives", { words: secrets.directives }, cookie)).status).toBe(204);
	const link =
		String((await worker.call("POST", "/export", { cookie, body: {} })).json?.["path"])
			.split("/")
			.at(-1) ?? "";
	found.add(link);
	// Links are the one thing that an address may hold: this one opens nothing without the session.
	expect((await worker.call("GET", `/export/${link}`)).problem).toBe("unauthorized");
	await call("POST", "/account/email", { email: secrets.newEmail }, cookie);
	const address = await worker.mailed(secrets.newEmail, "/confirm-address");
	found.add(address);
	await call("POST", "/account/email/confirm", { token: address, extra: address });
	await call("POST", "/account/password", { current: wrong, password: next }, cookie);
	await call("POST", "/password-resets", { email });
	const reset = await worker.mailed(email, "/reset");
	found.add(reset);
	await call("POST", "/password-resets/complete", { token: reset, password: fullName });
	const key = new Authenticator(worker.origin);
	const asked = (await call("POST", "/passkeys/options", {}, cookie)).json as { options: { challenge: string } };
	const made = key.make(asked.options);
	found.add(asked.options.challenge).add(made.id);
	await call("POST", "/passkeys", { label, response: { ...made, id: "x" } }, cookie);
	expect((await call("POST", "/passkeys", { label, response: made }, cookie)).status).toBe(201);
	await call("POST", "/session/passkey", { response: made, label });

	const page = await TestPage.open(worker, `${canary("page")}@example.test`);
	const agent = await page.link();
	found.add(agent.secrets.code).add(page.keys.signKey).add(agent.keys.signKey).add(page.cookie);
	const camera = await page.addCamera(agent);
	const command = await page.command(agent, { camera });
	const target = { scheme: "rtsp", host: secrets.host, port: 554, path: "/live" };
	await page.call("PATCH", `/cameras/${camera}`, { address: target, command });
	await page.call("PATCH", `/cameras/${camera}`, { name: secrets.camera });
	refusals.push((await page.call("PATCH", `/cameras/${camera}`, { address: target, command: secrets.camera })).text);
	const relay = (await page.call("POST", "/relay-token", { cameras: [camera] })).json;
	found.add(String(relay?.["token"]));
	await agent.call("/agent/acks", { id: camera, state: "refused", detail: secrets.camera });

	// And through every route there is, in body and address, signed in and not.
	const everything = { ...secrets, token: reset, code: agent.secrets.code, response: made };
	for (const { method, path } of routeTable()) {
		if (nameless.has(`${method} ${path}`)) continue;
		for (const who of [cookie, undefined])
			await call(method, path.replace(":id", "A".repeat(22)), method === "GET" ? undefined : everything, who);
	}
	worker.mailbox.mood = { code: 550, text: `no such person: ${email}` };
	await call("POST", "/password-resets", { email });
	await until(() => worker.output.includes("a mail could not be sent"));

	const logs = worker.output;
	const told = refusals.join("\n");
	expect(refusals.length).toBeGreaterThan(60);
	for (const value of found) {
		expect(value.length).toBeGreaterThan(8);
		expect(logs.includes(value), `${value} in the log`).toBe(false);
		expect(told.includes(value), `${value} in a refusal`).toBe(false);
		expect(addresses.join("\n").includes(value), `${value} in an address`).toBe(false);
	}
	// The search finds what is there.
	expect(logs).toContain("a mail was sent");
	await worker.end("SIGTERM");
	const files = readdirSync(worker.folder).filter((name) => name.startsWith("worker.db"));
	const bytes = files.map((name) => readFileSync(join(worker.folder, name)).toString("latin1")).join("");
	expect(bytes).toContain(email);
	for (const never of [
		password,
		wrong,
		next,
		secrets.network,
		confirm,
		reset,
		address,
		cookie,
		asked.options.challenge,
	])
		expect(bytes.includes(never), `${never} in the database`).toBe(false);
});
/** Routes whose call would end what the test still needs, or wait for nobody. */
const nameless = new Set(["DELETE /session", "DELETE /sessions"]);
