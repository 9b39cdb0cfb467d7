import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authenticator, type Lies } from "./testing/authenticator.ts";
import { until } from "./testing/parties.ts";
import { cookieOf, PASSWORD, TestWorker } from "./testing/server.ts";

let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start({ MIVISUS_PROXIES: "1" });
});
afterAll(() => worker.close());

let network = 0;
const post = (path: string, body: unknown, cookie?: string) =>
	worker.call("POST", path, { body, cookie, headers: { "x-forwarded-for": `198.51.100.${++network % 250}` } });
type Options = { options: { challenge: string; allowCredentials?: { id: string }[]; user?: { id: string } } };
const ask = async (path: string, cookie?: string) =>
	((await post(path, {}, cookie)).json as Options | undefined)?.options;

/** Somebody with a passkey. */
async function holder(email: string) {
	const { cookie, accountId } = await worker.person(email);
	const key = new Authenticator(worker.origin);
	const options = await ask("/passkeys/options", cookie);
	const added = await post("/passkeys", { label: "Phone", response: key.make(options!) }, cookie);
	expect(added.status, added.text).toBe(201);
	return { email, cookie, accountId, key, id: String(added.json?.["id"]) };
}
const signIn = async (key: Authenticator, lies: Lies = {}) =>
	post("/session/passkey", { response: key.answer((await ask("/session/passkey/options"))!, lies), label: "Phone" });

describe("a passkey", () => {
	it("02.12, T09: is added, signs in without address and password, is listed, and removed; its owner is told", async () => {
		const { cookie, accountId, key, id, email } = await holder("ada@example.test");
		const session = await signIn(key);
		expect(session.json).toMatchObject({ account: { id: accountId, email } });
		expect((await worker.call("GET", "/cameras", { cookie: cookieOf(session.headers) })).status).toBe(200);
		const today = new Date().toISOString().slice(0, 10);
		expect((await worker.call("GET", "/passkeys", { cookie })).json).toEqual({
			passkeys: [{ id, label: "Phone", createdAtMs: expect.any(Number), lastUsedDay: today }],
		});
		expect((await worker.call("DELETE", `/passkeys/${id}`, { cookie })).status).toBe(204);
		expect((await signIn(key)).problem).toBe("passkey-refused");
		const subjects = () => worker.mailbox.mails.filter(({ to }) => to === email).map(({ subject }) => subject);
		await until(() => subjects().includes("A passkey was removed from your Mivisus account"));
		expect(subjects()).toContain("A passkey was added to your Mivisus account");
	});
	it("what the authenticator is asked names nobody before the sign-in, and carries no address", async () => {
		const { cookie, email } = await holder("quiet@example.test");
		expect((await ask("/session/passkey/options"))?.allowCredentials ?? []).toEqual([]);
		const { user } = (await ask("/passkeys/options", cookie))!;
		expect(Buffer.from(user?.id ?? "", "base64url").toString("latin1")).not.toContain(email);
	});
	it.each<[string, Lies]>([
		["another origin", { origin: "https://evil.example" }],
		["another domain", { domain: "evil.example" }],
		["without the authenticator's check of the person", { verified: false }],
		["an invented challenge", { challenge: Buffer.alloc(56).toString("base64url") }],
		["a counter that went back", { counter: 0 }],
	])("signs nobody in from %s", async (_, lies) => {
		const { key } = await holder(`lies-${Object.keys(lies)[0]}@example.test`);
		expect((await signIn(key)).status).toBe(200);
		expect((await signIn(key, lies)).problem).toBe("passkey-refused");
	});
	it("an answer works once, and only for what was asked", async () => {
		const { key, cookie } = await holder("once@example.test");
		const response = key.answer((await ask("/session/passkey/options"))!);
		expect((await post("/session/passkey", { response })).status).toBe(200);
		expect((await post("/session/passkey", { response })).problem).toBe("passkey-refused");
		// Ten at the same instant.
		const once = key.answer((await ask("/session/passkey/options"))!);
		const all = await Promise.all(Array.from({ length: 10 }, () => post("/session/passkey", { response: once })));
		expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
		const toSignIn = key.answer((await ask("/session/passkey/options"))!);
		expect((await post("/session/proof", { passkey: toSignIn }, cookie)).problem).toBe("passkey-refused");
		const toProve = key.answer((await ask("/session/proof/options", cookie))!);
		expect((await post("/session/passkey", { response: toProve })).problem).toBe("passkey-refused");
	});
	it("of somebody else proves nothing, and is not removed", async () => {
		const ada = await holder("first@example.test");
		const eve = await holder("second@example.test");
		const asked = (await ask("/session/proof/options", ada.cookie))!;
		expect((await post("/session/proof", { passkey: eve.key.answer(asked) }, ada.cookie)).problem).toBe(
			"passkey-refused",
		);
		expect((await worker.call("DELETE", `/passkeys/${ada.id}`, { cookie: eve.cookie })).problem).toBe("not-found");
		expect((await signIn(ada.key)).status).toBe(200);
		// A challenge for one account adds nothing to another.
		const options = (await ask("/passkeys/options", ada.cookie))!;
		const response = new Authenticator(worker.origin).make(options);
		expect((await post("/passkeys", { label: "x", response }, eve.cookie)).problem).toBe("passkey-refused");
	});
	it("A3: lets the owner in while somebody guesses at the password from everywhere", async () => {
		const { key, email } = await holder("besieged@example.test");
		const guesses = await Promise.all(
			Array.from({ length: 60 }, (_, i) => post("/session", { email, password: `guess number ${i}` })),
		);
		expect(guesses.some(({ status }) => status === 429)).toBe(true);
		expect((await post("/session", { email, password: PASSWORD })).status).toBe(429);
		expect((await signIn(key)).status).toBe(200);
	});
	it("an account has at most 20", async () => {
		const { cookie } = await holder("many@example.test");
		for (let i = 1; i < 20; i++) {
			const response = new Authenticator(worker.origin).make((await ask("/passkeys/options", cookie))!);
			expect((await post("/passkeys", { label: "x", response }, cookie)).status).toBe(201);
		}
		expect((await post("/passkeys/options", {}, cookie)).problem).toBe("too-many");
	});
	it.each([
		"",
		"{}",
		'{"response":{}}',
		'{"response":{"clientDataJSON":"AAAA"}}',
		'{"response":{"clientDataJSON":"e30"}}',
	])("nonsense is a problem, not a fault: %s", async (raw) => {
		const answer = await worker.call("POST", "/session/passkey", { raw: `{"response":${raw || "null"}}` });
		expect(["malformed", "passkey-refused"]).toContain(answer.problem);
	});
});
