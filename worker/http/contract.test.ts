import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authenticator } from "./testing/authenticator.ts";
import { type TestAgent, TestPage, until } from "./testing/parties.ts";
import { RUNTIMES } from "./testing/runtimes.ts";
import { type Answered, cookieOf, PASSWORD, TestWorker } from "./testing/server.ts";

/**
 * What the worker promises over HTTP, on each runtime really started: Node with a database file, Deno with a database file,
 * Cloudflare's workerd over a libSQL server. Everything else is tested on Node; here stands what a runtime could break.
 */
describe.each(RUNTIMES)("the worker on %s", (runtime) => {
	let worker: TestWorker;
	let ada: TestPage;
	let agent: TestAgent;
	beforeAll(async () => {
		worker = await TestWorker.start({ MIVISUS_TELL_RUNTIME: "1" }, runtime);
		ada = await TestPage.open(worker, "ada@example.test");
		agent = await ada.link();
	}, 90_000);
	afterAll(() => worker?.close());
	const signIn = (password = PASSWORD) =>
		worker.call("POST", "/session", { body: { email: "ada@example.test", password } });

	it("is what it says", async () => {
		const { headers } = await worker.call("GET", "/session");
		const told = headers.get("mivisus-runtime") ?? "";
		process.stdout.write(`contract suite: ${told}\n`);
		expect(told).toMatch(
			runtime === "workerd" ? /^workerd\/\d{4}-\d\d-\d\d$/ : new RegExp(`^${runtime}/\\d+\\.\\d+\\.\\d+$`),
		);
	});
	it("A1: signs in with a scrypt hash, refuses a wrong password, and the cookie is worth nothing after signing out", async () => {
		expect((await signIn("a wrong password")).problem).toBe("wrong-credentials");
		const session = await signIn();
		expect(session.status).toBe(200);
		expect(session.headers.get("set-cookie")).toMatch(
			/^session=[^;]+; Path=\/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax$/,
		);
		const cookie = cookieOf(session.headers);
		expect((await worker.call("GET", "/session", { cookie })).json).toEqual(session.json);
		for (const odd of [`session=${cookie}; session=${cookie}`, `\u00a0session=x; session=${cookie}`])
			expect((await worker.call("GET", "/session", { headers: { cookie: odd } })).problem).toBe("unauthorized");
		expect((await worker.call("DELETE", "/session", { cookie })).status).toBe(204);
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
	});
	it("P05: a password is reset by mail, once; a passkey signs in", async () => {
		const { cookie } = await worker.person("reset@example.test");
		const key = new Authenticator(worker.origin);
		const ask = async (path: string, who?: string) =>
			(await worker.call("POST", path, { body: {}, cookie: who })).json as { options: { challenge: string } };
		const made = key.make((await ask("/passkeys/options", cookie)).options);
		expect((await worker.call("POST", "/passkeys", { body: { label: "Key", response: made }, cookie })).status).toBe(
			201,
		);
		expect((await worker.call("POST", "/password-resets", { body: { email: "reset@example.test" } })).status).toBe(202);
		const token = await worker.mailed("reset@example.test", "/reset");
		const body = { token, password: "another calm sentence" };
		expect((await worker.call("POST", "/password-resets/complete", { body })).status).toBe(204);
		expect((await worker.call("POST", "/password-resets/complete", { body })).problem).toBe("link-unusable");
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
		const answer = key.answer((await ask("/session/passkey/options")).options);
		expect((await worker.call("POST", "/session/passkey", { body: { response: answer } })).status).toBe(200);
		expect((await worker.call("POST", "/session/passkey", { body: { response: answer } })).problem).toBe(
			"passkey-refused",
		);
	});
	it("A6: another site changes nothing, whatever it calls its bodies", async () => {
		for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
			for (const origin of ["https://evil.example", "null", null]) {
				const headers = { "content-type": type };
				const answer = await worker.call("DELETE", "/session", { cookie: ada.cookie, origin, raw: "{}", headers });
				expect(answer.problem, `${type} ${origin}`).toBe("cross-site");
			}
		}
		expect((await ada.call("GET", "/session")).status).toBe(200);
	});
	it("A10: every answer has the headers, those of the pages too", async () => {
		const answers: [string, { status: number; get: (name: string) => unknown }][] = [];
		for (const [method, path] of [
			["GET", "/session"],
			["GET", "/nowhere"],
			["POST", "/session"],
			["OPTIONS", "/cameras"],
		] as const) {
			const { status, headers } = await worker.call(method, path, { cookie: ada.cookie });
			answers.push([`${method} /api${path}`, { status, get: (name) => headers.get(name) }]);
		}
		for (const path of ["/", "/account", "/assets/none.js", "/.env"]) {
			const { status, headers } = await worker.get(path);
			answers.push([`GET ${path}`, { status, get: (name) => headers[name] }]);
		}
		for (const [what, { get }] of answers) {
			expect(get("content-security-policy"), what).toMatch(/^default-src 'none'; script-src 'self';/);
			expect(get("x-content-type-options"), what).toBe("nosniff");
			expect(get("referrer-policy"), what).toBe("no-referrer");
			expect(get("cross-origin-opener-policy"), what).toBe("same-origin");
			if (what.includes("/api/")) expect(get("cache-control"), what).toBe("no-store");
		}
	});
	it("A9: bodies that are too large, cut, of a wrong kind or of no kind are problems of the list", async () => {
		const post = (raw: string, headers = {}) => worker.call("POST", "/session", { raw, headers });
		const frame = JSON.stringify({ email: "", password: "" });
		const of = (bytes: number) => JSON.stringify({ email: "x".repeat(bytes - frame.length), password: "" });
		const expected: [Answered, string][] = [
			[await post(of(65_536)), "malformed"],
			[await post(of(65_537)), "too-large"],
			[await post("{"), "malformed"],
			[await post("\u0000"), "malformed"],
			[await post(`{"email":"a","password":"b","more":1}`), "malformed"],
			[await post(frame, { "content-type": "text/plain" }), "unsupported-media-type"],
			[await post(`{"email":"\\ud800@x.example","password":"b"}`), "wrong-credentials"],
		];
		for (const [answer, problem] of expected) expect(`${answer.status} ${answer.problem}`).toContain(problem);
		expect(worker.output).not.toContain("a request failed");
	});
	it("A9: a chunked body above the limit is refused though no length was told", async () => {
		const { port } = new URL(worker.origin);
		const socket = connect({ host: "127.0.0.1", port: Number(port) });
		const answered = new Promise<string>((resolve) =>
			socket.once("data", (data) => resolve(String(data).slice(9, 12))),
		);
		// What a server does with the rest of it, a closed connection included, is its own business.
		socket.on("error", () => {});
		socket.write(
			`POST /api/session HTTP/1.1\r\nHost: localhost\r\nOrigin: ${worker.origin}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
		);
		for (let i = 0; i < 3; i++) socket.write(`8000\r\n${"a".repeat(0x8000)}\r\n`);
		socket.write("0\r\n\r\n");
		expect(await answered).toBe("413");
		socket.destroy();
	});
	it("an agent proves who it is by its signature, once, and hears at once what its owner wants", async () => {
		const camera = await ada.addCamera(agent);
		const { revision, commands } = await agent.state();
		expect(commands).toHaveLength(1);
		await agent.call("/agent/acks", { id: commands[0]?.id, state: "done" });
		const before = await agent.state();
		const waiting = agent.state(before.revision, 20_000);
		const began = Date.now();
		const command = await ada.command(agent, { type: "camera.sound", camera, on: true });
		expect((await ada.call("POST", "/commands", { command })).status).toBe(202);
		expect((await waiting).commands).toHaveLength(1);
		expect(Date.now() - began).toBeLessThan(10_000);
		expect(before.revision).toBeGreaterThanOrEqual(revision);
		const raw = "{}";
		await agent.challenge();
		const headers = { authorization: await agent.sign("/agent/relay-token", raw) };
		const call = () => worker.call("POST", "/agent/relay-token", { raw, origin: null, headers });
		expect((await call()).status).toBe(200);
		expect((await call()).problem).toBe("bad-assertion");
		expect((await ada.call("POST", "/relay-token", { cameras: [camera] })).status).toBe(200);
	});
	it("A7: what is somebody else's is as if it were not there", async () => {
		const eve = await TestPage.open(worker, "eve@example.test");
		const [camera] = ((await ada.call("GET", "/cameras")).json as { cameras: { id: string }[] }).cameras;
		for (const id of [camera?.id, "A".repeat(22)]) {
			expect((await eve.call("PATCH", `/cameras/${id}`, { name: "x" })).problem).toBe("not-found");
			expect((await eve.call("POST", "/relay-token", { cameras: [id] })).problem).toBe("not-found");
		}
		expect((await eve.call("GET", "/cameras")).json).toEqual({ cameras: [] });
	});
	it("A5: the end of a session reaches the relay within seconds", async () => {
		const { cookie } = await worker.person("ends@example.test");
		const heard = worker.control.heard.length;
		await worker.call("DELETE", "/session", { cookie });
		await until(() => worker.control.heard.slice(heard).some(({ ref }) => ref.startsWith("session:")), 10_000);
		expect(worker.control.refused).toBe(0);
	});
	it("A1: more sign-ins at once than it can hash are told when to come again, and break nothing", async () => {
		const answers = await Promise.all(
			Array.from({ length: 40 }, (_, i) =>
				worker.call("POST", "/session", { body: { email: `stranger-${i}@example.test`, password: "x" } }),
			),
		);
		const busy = answers.filter(({ status }) => status === 503);
		// workerd hashes while nothing else of the isolate runs: requests wait outside, and none finds the hash taken.
		if (runtime !== "workerd") expect(busy.length).toBeGreaterThan(0);
		for (const { problem, headers } of busy) {
			expect(problem).toBe("busy");
			expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
		}
		for (const { status } of answers) expect([401, 429, 503]).toContain(status);
		expect((await ada.call("GET", "/session")).status).toBe(200);
	}, 60_000);
	it("D1: an end by force and a new start lose nothing", async () => {
		const camera = await ada.addCamera(agent);
		await worker.end("SIGKILL");
		await worker.restart();
		const { cameras } = (await ada.call("GET", "/cameras")).json as { cameras: { id: string }[] };
		expect(cameras.map(({ id }) => id)).toContain(camera);
	}, 90_000);
});
