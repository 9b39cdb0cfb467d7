import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./testing/parties.ts";
import { PASSWORD, TestWorker } from "./testing/server.ts";

let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start({
		MIVISUS_DEMO_EMAIL: "demo@mivisus.test",
		MIVISUS_DEMO_PASSWORD: "demo password 1",
	});
});
afterAll(() => worker.close());
const signUp = (email: string, password = PASSWORD) => worker.signUp(email, password);
const signIn = (email: string, password = PASSWORD) => worker.call("POST", "/session", { body: { email, password } });
/** All that a stranger can compare, but for what differs at every answer. */
const visible = ({ status, text, headers }: Awaited<ReturnType<typeof signUp>>) => ({
	status,
	text,
	headers: [...headers].filter(([name]) => name !== "date").sort(),
});

describe("an account", () => {
	it("02.1, 02.7, 08.3: signing up, in, and out; the cookie is the session's only trace, and worthless afterwards", async () => {
		await worker.person("ada@example.test");
		const session = await signIn("ada@example.test");
		expect(session.json).toMatchObject({
			account: { email: "ada@example.test", fullName: "Ada Test", state: "active", language: "en" },
		});
		const set = session.headers.getSetCookie();
		expect(set).toHaveLength(1);
		expect(set[0]).toMatch(/^session=[^;]+; Path=\/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax$/);
		const cookie = /^session=([^;]+)/.exec(set[0] ?? "")?.[1];
		expect((await worker.call("GET", "/session", { cookie })).json).toEqual(session.json);
		const out = await worker.call("DELETE", "/session", { cookie });
		expect(out.status).toBe(204);
		expect(out.headers.get("set-cookie")).toContain("session=; Path=/; Max-Age=0");
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
		expect((await worker.call("GET", "/cameras", { cookie })).status).toBe(401);
	});
	it("A2: nobody learns from the answers who has an account", async () => {
		const [free, taken] = [await signUp("new@example.test"), await signUp("ada@example.test", "another password")];
		expect(visible(taken)).toEqual(visible(free));
		const [wrong, unknown] = [
			await signIn("ada@example.test", "wrong password 1"),
			await signIn("nobody@example.test"),
		];
		expect(wrong.problem).toBe("wrong-credentials");
		expect(visible(unknown)).toEqual(visible(wrong));
		// The known account is unchanged.
		expect((await signIn("ada@example.test", "another password")).status).toBe(401);
		expect((await signIn("ada@example.test")).status).toBe(200);
	});
	it("A02: one person in every spelling; two at the same instant are one account", async () => {
		await Promise.all([signUp("Bob@Example.test"), signUp("bob@example.TEST")]);
		const sent = () => worker.mailbox.mails.filter(({ to }) => to.toLowerCase() === "bob@example.test");
		await until(() => sent().length === 2);
		const tokens = sent().map(({ text }) => /confirm#(\S+)/.exec(text)?.[1] ?? "");
		const confirmed = [];
		for (const token of tokens) {
			confirmed.push((await worker.call("POST", "/accounts/confirm", { body: { token, password: PASSWORD } })).status);
		}
		// The newer link voided the older one.
		expect(confirmed.sort()).toEqual([200, 410]);
		const ids = new Set<unknown>();
		for (const spelling of ["bob@example.test", " BOB@EXAMPLE.TEST "]) {
			const { json, status } = await signIn(spelling);
			expect(status, spelling).toBe(200);
			ids.add((json as { account: { id: string } }).account.id);
		}
		expect(ids.size).toBe(1);
		await signUp("ju\u0308rgen@example.test", "Pa\u0308sswort-1234");
		const token = await worker.mailed("j\u00fcrgen@example.test", "/confirm");
		const body = { token, password: "P\u00e4sswort-1234" };
		expect((await worker.call("POST", "/accounts/confirm", { body })).status).toBe(200);
		expect((await signIn("j\u00fcrgen@example.test", "P\u00e4sswort-1234")).status).toBe(200);
	});
	it.each([
		["eleven-char", "ok@example.test", "password-too-short"],
		["x".repeat(257), "ok@example.test", "password-too-long"],
		["password123456", "ok@example.test", "password-guessable"],
		["ada test 1815", "ok@example.test", "password-guessable"],
		[PASSWORD, "not an address", "not-an-address"],
	])("says what is wrong with a sign-up: %s %s", async (password, email, problem) => {
		const answer = await signUp(email, password);
		expect(answer).toMatchObject({ status: 422, problem });
		expect(answer.text).not.toContain(password);
	});
	it("says which terms must be accepted, and takes no others", async () => {
		const body = { email: "terms@example.test", fullName: "Ada Test", password: PASSWORD };
		const old = { terms: "2020-01-01", agreement: "2020-01-01" };
		expect((await worker.call("POST", "/accounts", { body: { ...body, ...old } })).problem).toBe("terms-outdated");
		expect((await worker.call("POST", "/accounts", { body })).problem).toBe("malformed");
	});
	it("the demo account is there and confirmed", async () => {
		expect((await signIn("demo@mivisus.test", "demo password 1")).json).toMatchObject({ account: { state: "active" } });
	});
});

describe("a session cookie", () => {
	it("B2: two of them, or one under an odd name, open nothing", async () => {
		const { cookie } = await worker.person("two@example.test");
		const get = (header: string) => worker.call("GET", "/session", { headers: { cookie: header } });
		expect((await get(`a=1; session=${cookie}`)).status).toBe(200);
		for (const odd of [
			`session=${cookie}; session=${cookie}`,
			`session=x; session=${cookie}`,
			`Session=${cookie}`,
			`session=${cookie}; \u00a0session=x`,
			`session="${cookie}"`,
		]) {
			expect((await get(odd)).problem, odd.slice(0, 30)).toBe("unauthorized");
		}
	});
	it("A4: hostile tokens open nothing, break nothing, and are in no log", async () => {
		const { cookie } = await worker.person("hostile@example.test");
		const [header = "", payload = "", mark = ""] = cookie.split(".");
		const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
		const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
		const hostile = [
			`${encode({ alg: "none" })}.${payload}.`,
			`${encode({ alg: "none" })}.${payload}.${mark}`,
			`${encode({ alg: "HS256", typ: "session+jwt", kid: "../../dev/null" })}.${payload}.${mark}`,
			`${encode({ alg: "HS256", typ: "session+jwt", jwk: { kty: "oct", k: "AAAA" } })}.${payload}.${mark}`,
			`${header}.${encode({ ...claims, exp: 9e15 })}.${mark}`,
			`${header}.${encode({ ...claims, sub: "x" })}.${mark}`,
			`${header}.${payload}.${mark.slice(1)}`,
			`${cookie}.${cookie}`,
			"a".repeat(7000),
			"..",
		];
		for (const token of hostile) {
			const { status, problem } = await worker.call("GET", "/session", { cookie: token });
			expect({ status, problem }, token.slice(0, 60)).toEqual({ status: 401, problem: "unauthorized" });
		}
		for (const token of [cookie, ...hostile.filter(({ length }) => length > 10)])
			expect(worker.output).not.toContain(token);
	});
	it("A5: signing out reaches the relay at once, and again after it restarted", async () => {
		const { cookie } = await worker.person("out@example.test");
		const started = Date.now();
		await worker.call("DELETE", "/session", { cookie });
		const last = () => worker.control.heard.at(-1);
		await until(() => /^session:[\w-]{22}$/.test(last()?.ref ?? "") && (last()?.atMs ?? 0) >= started, 2000);
		const { ref, seq } = last()!;
		worker.control.held = 0;
		worker.control.heard.length = 0;
		await until(() => worker.control.heard.some((heard) => heard.ref === ref && heard.seq === seq), 12_000);
		expect(worker.control.refused).toBe(0);
	});
});

describe("every answer", () => {
	it("05.2, 09.2, 09.3, A10: has the headers, and personal data is not stored by anybody", async () => {
		const { cookie } = await worker.person("headers@example.test");
		for (const path of ["/session", "/cameras", "/nowhere"]) {
			const { headers } = await worker.call("GET", path, { cookie });
			expect(headers.get("cache-control"), path).toBe("no-store");
			expect(headers.get("x-content-type-options"), path).toBe("nosniff");
			expect(headers.get("referrer-policy"), path).toBe("no-referrer");
			const policy = headers.get("content-security-policy") ?? "";
			expect(policy, path).toContain("default-src 'none'");
			expect(policy, path).toContain("connect-src 'self' https://localhost:*");
			expect(policy, path).toContain("frame-ancestors 'none'");
			expect(policy, path).not.toContain("unsafe");
			// No host but our own and the relay, fonts included: the browser holds us to it.
			expect(policy.match(/https?:[^\s;]+/g), path).toEqual(["https://localhost:*"]);
		}
	});
	it("08.4: no cookie is set before signing in", async () => {
		for (const path of ["/session", "/nowhere"]) {
			expect((await worker.call("GET", path)).headers.getSetCookie()).toEqual([]);
		}
		expect((await signUp("cookie@example.test")).headers.getSetCookie()).toEqual([]);
	});
	it("bodies above 64 KiB are refused, at the limit they are read", async () => {
		const of = (bytes: number) => {
			const frame = JSON.stringify({ email: "", password: "" });
			return JSON.stringify({ email: "x".repeat(bytes - frame.length), password: "" });
		};
		expect((await worker.call("POST", "/session", { raw: of(65_536) })).problem).toBe("malformed");
		expect((await worker.call("POST", "/session", { raw: of(65_537) })).problem).toBe("too-large");
	});
});

it("keeps sessions across a restart, and ends when asked", async () => {
	const { cookie } = await worker.person("restart@example.test");
	const started = Date.now();
	expect(await worker.end("SIGTERM")).toBe(0);
	expect(Date.now() - started).toBeLessThan(3000);
	await worker.restart();
	expect((await worker.call("GET", "/session", { cookie })).status).toBe(200);
});
