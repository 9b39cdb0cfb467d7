import { statSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Control } from "../../agent/control.ts";
import { MAX_LOG_LINES, MAX_PAGE_BODY_BYTES } from "../../agent/limits.ts";
import { pageRoutes } from "../../agent/page/routes.ts";
import { TestPage, until } from "../../worker/http/testing/parties.ts";
import { TestWorker } from "../../worker/http/testing/server.ts";
import { ScriptedCamera } from "../cameras/scripted.ts";
import { commandLines, filesUnder, formsOf } from "../e2e/secrets.ts";
import { command } from "./command.ts";
import { RunAgent } from "./running.ts";

const PASSWORD = "S3cr@t#?^%41&/:é";
/** However it puts it. */
const REFUSED = /^The camera .*user or .*password/;
let worker: TestWorker;
let ada: TestPage;
let agent: RunAgent;
let camera: ScriptedCamera;
beforeAll(async () => {
	worker = await TestWorker.start();
	ada = await TestPage.open(worker, "ada@example.test");
	const auth = { user: "viewer", password: PASSWORD, challenges: ['Digest realm="cam", nonce="5f3a"'] };
	camera = await ScriptedCamera.listen({ auth, play: (peer) => peer.frames(peer.media.gop(5)) });
	agent = new RunAgent(worker.origin);
	const link = await agent.start();
	expect((await agent.open()).status).toBe(200);
	expect(await agent.view()).toMatchObject({ link: "unlinked", pending: { url: link }, cameras: [] });
	await agent.claim(ada, link!);
});
afterAll(async () => {
	await agent?.stop();
	await camera?.close();
	await worker?.close();
});

/** Every route of the page, with a body that it takes. */
const BODIES: Record<string, object> = {
	"/api/links": {},
	"/api/cameras": { name: "x", address: "rtsp://127.0.0.1/" },
	"/api/cameras/:id/privacy": { mode: "off", hours: [] },
	"/api/cameras/:id/ready": { ready: true },
	"/api/tests": { address: "rtsp://127.0.0.1:9/" },
	"/api/searches": {},
	"/api/session": { secret: "x" },
};
const ROUTES = [
	...pageRoutes({} as Control).map(({ method, path }) => ({ method: method as string, path })),
	{ method: "POST", path: "/api/session" },
	{ method: "DELETE", path: "/api/session" },
];
const asked = ({ method, path }: { method: string; path: string }) => {
	const body = method !== "GET" && method !== "DELETE" ? JSON.stringify(BODIES[path]) : undefined;
	return { method, path: path.replace(":id", "A".repeat(22)), ...(body && { body }) };
};
/** What the page's server answers to these bytes. */
const raw = (bytes: string) =>
	new Promise<string>((resolve) => {
		const socket = connect({ host: "127.0.0.1", port: agent.port }, () => socket.end(bytes));
		let text = "";
		socket.on("data", (chunk) => {
			text += chunk;
		});
		socket.on("close", () => resolve(text));
	});
const names = ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const);

describe("the agent's own page lets nobody in but who it is for", () => {
	it("DNS rebinding: a name of somebody else's that leads here is refused, for every file and every route", async () => {
		const { port } = agent;
		const hosts = [
			`evil.example:${port}`,
			`127.0.0.1.evil.example:${port}`,
			`localhost.:${port}`,
			`127.0.0.1:${port + 1}`,
			"127.0.0.1",
			`0.0.0.0:${port}`,
			`user@127.0.0.1:${port}`,
		];
		const targets = [...ROUTES.map(asked), { method: "GET", path: "/" }, { method: "GET", path: "/page.js" }];
		for (const host of hosts) {
			for (const target of targets) {
				const origin = target.method === "GET" ? undefined : `http://${host}`;
				const { problem } = await agent.ask({ ...target, headers: { host, origin } });
				expect(problem, `${host} ${target.method} ${target.path}`).toBe("misdirected");
			}
		}
		const twice = await raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\n\r\n`);
		expect(twice).toMatch(/^HTTP\/1\.1 4(00|21) /);
		expect(await raw("GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 4(00|21) /);
		for (const host of [`localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
			expect((await agent.ask({ headers: { host } })).status, host).toBe(200);
	});
	it("listens on this machine alone", async () => {
		const outside = Object.values(networkInterfaces()).flatMap((all) => all?.filter(({ internal }) => !internal) ?? []);
		for (const { address, family, scopeid } of outside as { address: string; family: string; scopeid?: number }[]) {
			if (family === "IPv6" && scopeid) continue;
			const refused = await new Promise<boolean>((resolve) => {
				const socket = connect({ host: address, port: agent.port });
				socket.on("error", () => resolve(true));
				socket.on("connect", () => {
					socket.destroy();
					resolve(false);
				});
			});
			expect(refused, address).toBe(true);
		}
	});
	it.each(names)("cross-site, %s: refused whatever the page is, whoever is signed in", async (_, route) => {
		const own = `http://127.0.0.1:${agent.port}`;
		const foreign: Record<string, string | undefined>[] = [
			{ origin: "https://evil.example", "sec-fetch-site": "cross-site" },
			{ origin: "https://evil.example", "sec-fetch-site": undefined },
			{ origin: "null", "sec-fetch-site": undefined },
			{ origin: `http://127.0.0.1:${agent.port + 1}`, "sec-fetch-site": "same-site" },
			{ origin: `http://localhost:${agent.port}`, "sec-fetch-site": "same-site" },
			{ origin: own, "sec-fetch-site": "cross-site" },
			{ origin: own, "sec-fetch-site": "same-site" },
		];
		if (route.method !== "GET") foreign.push({ origin: undefined, "sec-fetch-site": undefined });
		if (route.method !== "GET") foreign.push({ origin: undefined, "sec-fetch-site": "none" });
		for (const headers of foreign) {
			const answer = await agent.ask({ ...asked(route), headers });
			expect(answer.problem, JSON.stringify(headers)).toBe("cross-site");
			expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
		}
	});
	it.each(names.filter(([name]) => name !== "POST /api/session"))(
		"%s: nothing without both the cookie and the page's key",
		async (_, route) => {
			const wrong = [
				{ cookie: "", "mivisus-page": "" },
				{ "mivisus-page": "" },
				{ cookie: "" },
				{ "mivisus-page": "x".repeat(43) },
				{ cookie: `mivisus-agent=${"x".repeat(43)}` },
				{ cookie: `${agent.cookie}; mivisus-agent=planted` },
			];
			for (const headers of wrong)
				expect((await agent.ask({ ...asked(route), headers })).problem).toBe("page-not-open");
		},
	);
	it("a link works once; a wrong one never does; the page closes itself on demand", async () => {
		const { url } = await command(["page", "--home", agent.home]).ended.then(({ out }) => ({
			url: /http:\/\/127\.0\.0\.1:\d+\/#(\S+)/.exec(out),
		}));
		const [mine, before] = [url?.[1] ?? "", { cookie: agent.cookie, key: agent.key }];
		expect((await agent.open("x".repeat(43))).problem).toBe("page-not-open");
		expect((await agent.open(mine)).status).toBe(200);
		const again = await agent.open(mine);
		expect(again.problem).toBe("page-not-open");
		expect((await agent.ask({ method: "DELETE", path: "/api/session" })).status).toBe(200);
		expect((await agent.ask({})).problem).toBe("page-not-open");
		Object.assign(agent, before);
		expect((await agent.ask({})).status).toBe(200);
	});
	it("the cookie is the browser's alone, and goes to no other site", async () => {
		const url = (await command(["page", "--home", agent.home]).ended).out;
		const before = { cookie: agent.cookie, key: agent.key };
		const answer = await agent.open(/#(\S+)/.exec(url)?.[1]);
		expect(String(answer.headers["set-cookie"])).toMatch(
			/^mivisus-agent=[\w-]{43}; Path=\/api; HttpOnly; SameSite=Strict$/,
		);
		Object.assign(agent, before);
	});
	it("the local socket is its owner's alone", () => {
		expect(statSync(join(agent.home, "agent.sock")).mode & 0o777).toBe(0o600);
		expect(statSync(agent.home).mode & 0o077).toBe(0);
	});
});

describe("what the agent's own page takes", () => {
	const test = (body: string, headers = {}) => agent.ask({ method: "POST", path: "/api/tests", body, headers });
	it("JSON, and nothing else that a page may send without asking", async () => {
		const body = JSON.stringify(BODIES["/api/tests"]);
		for (const type of [
			"text/plain",
			"application/x-www-form-urlencoded",
			"multipart/form-data",
			"application/jsonp",
			undefined,
		])
			expect((await test(body, { "content-type": type })).problem, type).toBe("not-json");
		for (const text of ["", "{", "[]", "null", "\u0000"]) expect((await test(text)).problem, text).toBe("malformed");
	});
	it("a body at the limit, none above, whether its length is told or not; the answer does not repeat it", async () => {
		const of = (length: number) => {
			const text = JSON.stringify({ address: "rtsp://127.0.0.1:9/", password: "" });
			return text.replace(',"password":""', `${" ".repeat(length - text.length)},"password":""`);
		};
		expect((await test(of(MAX_PAGE_BODY_BYTES))).status).toBe(200);
		expect((await test(of(MAX_PAGE_BODY_BYTES + 1))).problem).toBe("too-large");
		const chunked = { "transfer-encoding": "chunked", "content-length": undefined };
		expect((await test(of(MAX_PAGE_BODY_BYTES + 1), chunked)).problem).toBe("too-large");
	});
	it("A13: a body that is refused is not repeated: it may hold a password", async () => {
		for (const body of [
			{ address: "", password: PASSWORD },
			{ address: "a", password: PASSWORD.repeat(40) },
			{ pass: PASSWORD },
		]) {
			const answer = await test(JSON.stringify(body));
			expect(answer.problem).toBe("malformed");
			expect(answer.text).not.toContain("S3cr");
		}
	});
	it("only ways that it knows", async () => {
		expect((await agent.ask({ path: "/api/nothing" })).problem).toBe("not-found");
		expect((await agent.ask({ path: "/../state.json" })).problem).toBe("not-found");
		expect((await agent.ask({ path: "/__proto__" })).problem).toBe("not-found");
		const wrong = await agent.ask({ method: "POST", path: "/api/state", body: "{}" });
		expect([wrong.problem, wrong.headers.allow]).toEqual(["method-not-allowed", "GET"]);
		// What the command line may ask, a page may not.
		expect((await agent.ask({ method: "POST", path: "/api/page-links", body: "{}" })).problem).toBe("not-found");
	});
	it("A10: headers of every answer: no script from elsewhere, no frame, nothing kept", async () => {
		for (const path of ["/", "/page.js", "/page.css", "/api/state", "/api/nothing", "/nothing"]) {
			for (const headers of [{}, { host: "evil.example" }]) {
				const answer = await agent.ask({ path, headers });
				const csp = String(answer.headers["content-security-policy"]);
				expect(csp).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
				expect(csp).toContain("frame-ancestors 'none'");
				expect(csp).not.toContain("unsafe");
				expect(answer.headers["x-content-type-options"]).toBe("nosniff");
				expect(answer.headers["referrer-policy"]).toBe("no-referrer");
				expect(answer.headers["cache-control"]).toBe("no-store");
				expect(answer.headers["cross-origin-resource-policy"]).toBe("same-origin");
				if (answer.status >= 400) expect(answer.headers["content-type"]).toBe("application/problem+json");
			}
		}
	});
});

describe("a camera on the agent's own page", () => {
	const address = () => `127.0.0.1:${camera.port}/live`;
	const lines = async (body: object) => {
		const { text } = await agent.ask({ method: "POST", path: "/api/tests", body: JSON.stringify(body) });
		return text
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
	};
	let id: string;
	it("A04: is tested as typed: what was said, what it sends, and a key frame for the browser to draw", async () => {
		const said = await lines({ address: address(), user: "viewer", password: PASSWORD });
		const { end } = said.at(-1);
		expect(end).toMatchObject({ ok: true, picture: { kind: "video", width: 64, height: 48 } });
		expect(end.picture.codec).toMatch(/^avc1\./);
		expect(Buffer.from(end.picture.data, "base64").length).toBeGreaterThan(10);
		expect(said.filter(({ step }) => step).length).toBeGreaterThan(8);
		for (const form of formsOf(PASSWORD)) expect(JSON.stringify(said)).not.toContain(form.toString());
	});
	it("that refuses is told in words", async () => {
		const { end } = (await lines({ address: address(), user: "viewer", password: "wrong" })).at(-1);
		expect(end).toMatchObject({ ok: false, code: "camera-refused", reason: expect.stringMatching(REFUSED) });
	});
	it("is added: in its owner's account by name and address, sealed in this agent", async () => {
		const body = JSON.stringify({ name: "Cellar", address: address(), user: "viewer", password: PASSWORD });
		const answer = await agent.ask({ method: "POST", path: "/api/cameras", body });
		expect(answer.status, answer.text).toBe(200);
		({ id } = JSON.parse(answer.text));
		const shown = { scheme: "rtsp", host: "127.0.0.1", port: camera.port, path: "/live" };
		expect((await ada.call("GET", "/cameras")).json).toMatchObject({
			cameras: [{ id, name: "Cellar", address: shown }],
		});
		await until(async () => (await agent.view()).cameras[0]?.address);
		const [view] = (await agent.view()).cameras;
		expect(view).toMatchObject({
			id,
			name: "Cellar",
			state: "idle",
			address: `rtsp://${address()}`,
			privacy: { mode: "on" },
		});
		expect((await lines({ id })).at(-1).end.ok).toBe(true);
	});
	it("has the name that its owner gives it in the web app", async () => {
		await ada.call("PATCH", `/cameras/${id}`, { name: "Porch" });
		// Something else brings the news along: a name alone is not worth waking an agent for.
		await ada.addCamera({ id: (await agent.state()).enrolment?.agentId } as never);
		await until(async () => (await agent.view()).cameras[0]?.name === "Porch");
	});
	it("A12: switched off, nothing reads it any more, not even a test; the switch outlives a restart", async () => {
		const set = (privacy: object) =>
			agent.ask({ method: "PUT", path: `/api/cameras/${id}/privacy`, body: JSON.stringify(privacy) });
		expect((await set({ mode: "sometimes", hours: [] })).problem).toBe("malformed");
		expect((await set({ mode: "off", hours: [] })).status).toBe(200);
		expect((await agent.view()).cameras[0]).toMatchObject({ state: "off", privacy: { mode: "off" } });
		const before = camera.peers.length;
		const { text, problem } = await agent.ask({ method: "POST", path: "/api/tests", body: JSON.stringify({ id }) });
		expect([problem, text]).toEqual(["refused", expect.stringContaining("switched off here")]);
		expect(camera.peers.length).toBe(before);
		await agent.program.stop();
		await agent.start();
		await agent.open();
		expect((await agent.view()).cameras[0]).toMatchObject({ state: "off" });
		const week = { mode: "week", hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 0, to: 1440 }] };
		expect((await set(week)).status).toBe(200);
		expect((await agent.view()).cameras[0]).toMatchObject({ state: "off", privacy: week });
		expect((await set({ mode: "on", hours: week.hours })).status).toBe(200);
		expect((await agent.view()).cameras[0]).toMatchObject({ state: "idle" });
	});
	it("V10: kept ready, it is read though nobody watches, and nothing leaves; the page says so", async () => {
		const set = (ready: unknown) =>
			agent.ask({ method: "PUT", path: `/api/cameras/${id}/ready`, body: JSON.stringify({ ready }) });
		expect((await set("yes")).problem).toBe("malformed");
		expect((await set(true)).status).toBe(200);
		const first = async () => (await agent.view()).cameras[0];
		const becomes = (state: string) =>
			vi.waitFor(async () => expect(await first()).toMatchObject({ state }), { timeout: 15_000, interval: 50 });
		await becomes("live");
		expect(await first()).toMatchObject({ ready: true, watched: false, left: { todayBytes: 0 } });
		const { out } = await command(["cameras", "--home", agent.home]).ended;
		expect(out).toContain("read here, nobody watches");
		await agent.program.stop();
		await agent.start();
		await agent.open();
		await becomes("live");
		expect((await set(false)).status).toBe(200);
		expect((await first()).ready).toBe(false);
		await agent.program.stop();
		await agent.start();
		await agent.open();
		await becomes("idle");
	});
	it("is in the lists of the command line, of the running agent and of the stopped one, without secrets", async () => {
		const listed = async () => JSON.parse((await command(["cameras", "--json", "--home", agent.home]).ended).out);
		const one = { id, name: "Porch", address: `rtsp://${address()}`, privacy: "on" };
		expect(await listed()).toMatchObject({ running: true, cameras: [{ ...one, state: "idle" }] });
		const status = await command(["status", "--home", agent.home]).ended;
		expect(status.out).toMatch(/^Linked to an account, with 1 camera\.\nIt is running\. Service: connected\./);
		await agent.program.stop();
		expect(await listed()).toMatchObject({ running: false, cameras: [{ ...one, state: "stopped" }] });
		expect((await command(["page", "--home", agent.home]).ended).code).toBe(1);
	});
	it("is added by the command line, while the agent is stopped and while it runs", async () => {
		const add = (name: string) =>
			command(
				[
					"add",
					`rtsp://${address()}`,
					"--user",
					"viewer",
					"--password-stdin",
					"--home",
					agent.home,
					"--origin",
					worker.origin,
					"--name",
					name,
					"--json",
				],
				PASSWORD,
			).ended;
		const first = await add("Stopped");
		expect(first, first.err).toMatchObject({ code: 0 });
		await agent.start();
		await agent.open();
		const second = await add("Running");
		expect(second, second.err).toMatchObject({ code: 0 });
		const { cameras } = (await ada.call("GET", "/cameras")).json as { cameras: { id: string; name: string }[] };
		for (const { out } of [first, second]) {
			const { id, name, announced } = JSON.parse(out);
			expect(announced).toBe(true);
			expect(cameras).toContainEqual(expect.objectContaining({ id, name }));
			await until(async () => (await agent.view()).cameras.some((each: { id: string }) => each.id === id));
			expect((await lines({ id })).at(-1).end.ok).toBe(true);
		}
	});
	it("the log shows the newest lines, and not more of them", async () => {
		const { text } = await agent.ask({ path: "/api/log" });
		const { lines } = JSON.parse(text);
		expect(lines[0]).toMatchObject({ level: expect.any(String), text: expect.any(String) });
		expect(lines.length).toBeLessThanOrEqual(MAX_LOG_LINES);
	});
	it("A13: after all that, the password is in no output, no file, no answer and no list of processes, in any form", async () => {
		const forms = formsOf(PASSWORD);
		const everything = [
			...filesUnder(agent.home),
			...filesUnder(worker.folder),
			...commandLines(),
			{ path: "output", bytes: Buffer.from(agent.output + worker.output) },
			{ path: "log", bytes: Buffer.from((await agent.ask({ path: "/api/log" })).text) },
			{ path: "state", bytes: Buffer.from((await agent.ask({})).text) },
		];
		for (const { path, bytes } of everything) for (const form of forms) expect(bytes.includes(form), path).toBe(false);
	});
	it("the owner unlinks the agent: it says so and ends", async () => {
		await ada.call("DELETE", `/agents/${(await agent.state()).enrolment?.agentId}`);
		expect(await agent.program.exited).toBe(3);
		const { out } = await command(["status", "--home", agent.home, "--json"]).ended;
		expect(JSON.parse(out)).toMatchObject({ running: false, link: "ended" });
	});
});
