import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scaled } from "../../test/scale.ts";
import { PROBLEMS } from "../problems.ts";
import { routeTable } from "./openapi.ts";
import { type TestAgent, TestPage } from "./testing/parties.ts";
import { PASSWORD, TestWorker } from "./testing/server.ts";

let worker: TestWorker;
let ada: TestPage;
let eve: TestPage;
let agent: TestAgent;
let camera: string;
let command: string;
beforeAll(async () => {
	worker = await TestWorker.start();
	[ada, eve] = await Promise.all([
		TestPage.open(worker, "ada@example.test"),
		TestPage.open(worker, "eve@example.test"),
	]);
	agent = await ada.link();
	await eve.link();
	camera = await ada.addCamera(agent);
	const statement = await ada.command(agent, { type: "camera.sound", camera, on: true });
	command = String((await ada.call("POST", "/commands", { command: statement })).json?.["id"]);
});
afterAll(() => worker.close());
/** All that belongs to a person, as far as its page sees it. */
const belongings = async (page: TestPage) => {
	const texts = [];
	for (const path of ["/session", "/cameras", "/agents", "/devices"]) texts.push((await page.call("GET", path)).text);
	return texts;
};

describe("A6: another site", () => {
	const foreign: Record<string, (own: string) => { origin: string | null; headers?: Record<string, string> }> = {
		"a foreign origin": () => ({ origin: "https://evil.example" }),
		"the null origin": () => ({ origin: "null" }),
		"the same host, another port": (own) => ({ origin: own.replace(/:\d+$/, ":1") }),
		"the same host, https": (own) => ({ origin: own.replace("http:", "https:") }),
		"our origin as a prefix": (own) => ({ origin: `${own}.evil.example` }),
		"our origin in capitals": (own) => ({ origin: own.toUpperCase() }),
		"a subdomain": (own) => ({ origin: own.replace("//", "//sub.") }),
		"no origin": () => ({ origin: null }),
		"Sec-Fetch-Site cross-site": () => ({ origin: null, headers: { "sec-fetch-site": "cross-site" } }),
		"Sec-Fetch-Site same-site": () => ({ origin: null, headers: { "sec-fetch-site": "same-site" } }),
		"Sec-Fetch-Site none": () => ({ origin: null, headers: { "sec-fetch-site": "none" } }),
		"a foreign origin that claims to be of the same origin": () => ({
			origin: "https://evil.example",
			headers: { "sec-fetch-site": "same-origin" },
		}),
		"our origin, but cross-site": (own) => ({ origin: own, headers: { "sec-fetch-site": "cross-site" } }),
	};
	const types = [
		"application/json",
		"text/plain",
		"application/x-www-form-urlencoded",
		"multipart/form-data; boundary=x",
	];
	const unsafe = routeTable().filter(({ method, path }) => method !== "GET" && !path.startsWith("/agent/"));

	it.each(unsafe.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", async (_, route) => {
		const before = await belongings(ada);
		const path = route.path.replace(":id", route.path.startsWith("/agents") ? agent.id : camera);
		for (const [name, make] of Object.entries(foreign)) {
			const { origin, headers } = make(worker.origin);
			for (const type of types) {
				const answer = await worker.call(route.method, path, {
					raw: "{}",
					cookie: ada.cookie,
					origin,
					headers: { ...headers, "content-type": type },
				});
				expect(`${answer.status} ${answer.problem}`, `${name}, ${type}`).toBe("403 cross-site");
				expect(answer.headers.getSetCookie()).toEqual([]);
			}
		}
		expect(await belongings(ada)).toEqual(before);
	});
	it("covers every kind of route there is", () => expect(unsafe.length).toBeGreaterThanOrEqual(10));
	it("a page of our own passes by either header, with JSON only", async () => {
		const rename = (options: object) =>
			worker.call("PATCH", `/cameras/${camera}`, { raw: '{"name":"Door"}', cookie: ada.cookie, ...options });
		expect((await rename({})).status).toBe(204);
		expect((await rename({ origin: null, headers: { "sec-fetch-site": "same-origin" } })).status).toBe(204);
		expect((await rename({ headers: { "content-type": "text/plain" } })).problem).toBe("unsupported-media-type");
	});
	it("no answer invites other sites", async () => {
		const { headers } = await worker.call("GET", "/cameras", { cookie: ada.cookie, origin: "https://evil.example" });
		expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
		expect(
			(await worker.call("OPTIONS", "/cameras", { origin: "https://evil.example" })).status,
		).toBeGreaterThanOrEqual(400);
	});
});

describe("A7: another tenant", () => {
	const address = { scheme: "rtsp", host: "cam", port: 554, path: "/" };
	const bodies: Record<string, (own: { camera: string; agent: string }) => Promise<unknown>> = {
		"POST /cameras": async (own) => ({
			id: newId(),
			name: "x",
			agentId: own.agent,
			address,
			command: await eve.command(agent, { agent: own.agent }),
		}),
		"POST /commands": async (own) => ({ command: await eve.command(agent, { agent: own.agent, camera: own.camera }) }),
		"POST /relay-token": async (own) => ({ cameras: [own.camera] }),
		"PATCH /cameras/:id": async () => ({ name: "Eve was here" }),
		"DELETE /cameras/:id": async () => ({}),
	};
	const reaching = routeTable().filter(
		({ who, method, path }) => who === "person" && (path.includes(":id") || bodies[`${method} ${path}`]),
	);
	it.each(reaching.map((route) => [`${route.method} ${route.path}`, route] as const))(
		"%s: what is somebody else's is as if it were not there",
		async (name, { method, path }) => {
			const before = await belongings(ada);
			const attempt = async (own: {
				camera: string;
				agent: string;
				command: string;
				device: string;
				session: string;
			}) => {
				const kind = (["agent", "command", "device", "session"] as const).find((each) => path.startsWith(`/${each}s`));
				const renamed = method === "PATCH" ? { name: "Eve was here" } : undefined;
				const body = (await bodies[name]?.(own)) ?? renamed;
				const { status, text, problem } = await eve.call(method, path.replace(":id", own[kind ?? "camera"]), body);
				return { status, text, problem };
			};
			const [session] = ((await ada.call("GET", "/sessions")).json as { sessions: { id: string }[] }).sessions;
			const own = { camera, agent: agent.id, command, device: ada.deviceId, session: session?.id ?? "" };
			const theirs = await attempt(own);
			const nobodys = await attempt({
				camera: newId(),
				agent: newId(),
				command: newId(),
				device: newId(),
				session: newId(),
			});
			expect(theirs).toEqual(nobodys);
			expect(theirs.problem).toBe("not-found");
			expect(await belongings(ada)).toEqual(before);
		},
	);
	it("PATCH /cameras/:id with an address: neither theirs nor by an order for somebody else's camera or agent", async () => {
		const before = await belongings(ada);
		const attic = await eve.link();
		const own = await eve.addCamera(attic);
		const attempt = async (path: string, command: string) =>
			(await eve.call("PATCH", `/cameras/${path}`, { address, command })).problem;
		for (const id of [camera, newId()]) {
			expect(await attempt(id, await eve.command(agent, { camera: id }))).toBe("not-found");
			expect(await attempt(id, await eve.command(attic, { camera: id }))).toBe("not-found");
		}
		expect(await attempt(own, await eve.command(agent, { camera: own }))).toBe("malformed");
		expect(await attempt(own, await eve.command(attic, { camera }))).toBe("malformed");
		expect(await belongings(ada)).toEqual(before);
		expect((await agent.state()).commands.map(({ id }) => id)).toEqual([expect.any(String), command]);
	});
	it("lists show one's own only", async () => {
		for (const path of ["/cameras", "/agents", "/devices"]) {
			const { text } = await eve.call("GET", path);
			for (const foreign of [camera, agent.id, ada.deviceId]) expect(text, path).not.toContain(foreign);
		}
	});
	it("a deletion cannot smuggle a command to somebody else's agent", async () => {
		const attic = await eve.link();
		const own = await eve.addCamera(attic);
		const smuggled = await eve.command(agent, { type: "camera.remove", camera: own });
		expect((await eve.call("DELETE", `/cameras/${own}`, { command: smuggled })).problem).toBe("not-found");
		expect((await agent.state()).commands.map((each) => each.command)).not.toContain(smuggled);
	});
	it("an agent answers for its own commands only", async () => {
		const attic = await eve.link();
		expect((await attic.call("/agent/acks", { id: command, state: "done" })).problem).toBe("not-found");
		expect((await ada.call("GET", `/commands/${command}`)).json).toMatchObject({ state: "waiting" });
		expect((await attic.state()).cameras).toEqual([]);
	});
	it("04.2: without a session every person's route is closed", async () => {
		for (const { who, method, path } of routeTable().filter((route) => route.who === "person")) {
			const answer = await worker.call(method, path.replace(":id", camera), method === "GET" ? {} : { body: {} });
			expect(answer.problem, `${who} ${method} ${path}`).toBe("unauthorized");
		}
	});
});

interface Operation {
	requestBody?: { content: Record<string, { schema: JsonSchema }> };
}
interface JsonSchema {
	type?: string;
	enum?: unknown[];
	const?: unknown;
	anyOf?: JsonSchema[];
	properties?: Record<string, JsonSchema>;
	items?: JsonSchema;
}
/** Values of `schema`, now and then of another kind altogether; with strings that make trouble. */
function bodyOf(schema: JsonSchema): fc.Arbitrary<unknown> {
	const trouble = fc.constantFrom<unknown>(
		null,
		"",
		"\u0000",
		"\ud800",
		"' OR 1=1 --",
		"../../etc",
		-1,
		1e308,
		[],
		{},
		"A".repeat(22),
		"A".repeat(43),
		"a@b.example",
	);
	return fc.oneof({ weight: 12, arbitrary: valid(schema) }, { weight: 1, arbitrary: trouble });
}
function valid(schema: JsonSchema): fc.Arbitrary<unknown> {
	if (schema.const !== undefined) return fc.constant(schema.const);
	if (schema.enum) return fc.constantFrom(...schema.enum);
	if (schema.anyOf) return fc.oneof(...schema.anyOf.map(bodyOf));
	switch (schema.type) {
		case "object": {
			const entries = Object.entries(schema.properties ?? {}).map(([name, value]) => [name, bodyOf(value)] as const);
			return fc.record(Object.fromEntries(entries), { requiredKeys: entries.map(([name]) => name) });
		}
		case "array":
			return fc.array(bodyOf(schema.items ?? {}), { maxLength: 3 });
		case "integer":
			return fc.integer();
		case "boolean":
			return fc.boolean();
		default:
			return fc.oneof(
				fc.constantFrom("A".repeat(22), "A".repeat(43), "a@b.example", "2026-11-26", "rtsp", "x.y.z", "AAAA"),
				fc.string({ unit: "binary", maxLength: 60 }),
			);
	}
}

describe("A9: nonsense", () => {
	let mallory: TestPage;
	// Before the flood: its network is refused further sign-ups for a while.
	beforeAll(async () => {
		mallory = await TestPage.open(worker, "mallory@example.test");
	});
	it("is answered with a problem of the closed list, never with a fault", async () => {
		const routes = routeTable().filter(({ path }) => path !== "/accounts" && path !== "/session");
		const nasty = fc.oneof(
			fc.json().map((text) => text),
			fc.string({ maxLength: 200 }),
			fc.constantFrom(
				'{"__proto__":{"x":1}}',
				"[",
				"\u0000",
				'{"id":{"$gt":""}}',
				`${"[".repeat(5000)}`,
				'{"after":1e999}',
			),
			fc
				.dictionary(
					fc.constantFrom("id", "name", "command", "cameras", "code", "after", "waitMs", "agentId", "address"),
					fc.jsonValue(),
				)
				.map((value) => JSON.stringify(value)),
		);
		const id = fc.oneof(
			fc.constant(camera),
			fc.string({ maxLength: 40 }).map((text) => encodeURIComponent(text)),
		);
		await fc.assert(
			fc.asyncProperty(fc.constantFrom(...routes), nasty, id, async ({ method, path, who }, raw, param) => {
				const filled = path.replace(":id", param.replaceAll(".", "x"));
				const headers = who === "agent" ? { authorization: await agent.sign(path, raw) } : {};
				const answer = await worker.call(method, filled, {
					cookie: eve.cookie,
					headers,
					...(method !== "GET" && { raw }),
				});
				expect(answer.status, `${method} ${filled} ${raw}`).toBeLessThan(500);
				if (answer.status >= 400) {
					expect(Object.keys(PROBLEMS), answer.text).toContain(answer.problem);
					expect(answer.text).not.toMatch(/node_modules|\.ts:|SQLITE|at async/);
				}
			}),
			{ numRuns: scaled(600, 25_000) },
		);
		expect(worker.output).not.toContain("a request failed");
	}, 3_600_000);
	it("bodies made from the OpenAPI document, right and almost right: never a fault, only problems of the closed list", async () => {
		const document = JSON.parse(readFileSync(new URL("../../docs/reference/openapi.json", import.meta.url), "utf8"));
		const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
			([path, methods]) =>
				Object.entries(methods).map(([method, operation]) => ({
					method: method.toUpperCase(),
					path: path.slice("/api".length),
					schema: operation.requestBody?.content["application/json"]?.schema,
				})),
		);
		expect(operations.length).toBe(routeTable().length);
		const call = fc.constantFrom(...operations).chain(({ method, path, schema }) =>
			fc.record({
				method: fc.constant(method),
				path: fc.constant(path),
				body: schema ? bodyOf(schema) : fc.constant(undefined),
			}),
		);
		await fc.assert(
			fc.asyncProperty(call, async ({ method, path, body }) => {
				// What ends the session of this test is another test's business.
				if (method === "DELETE" && (path.startsWith("/session") || path === "/account")) return;
				const filled = path.replace(/\{\w+\}/g, camera);
				const raw = method === "GET" ? {} : { raw: JSON.stringify(body ?? {}) };
				const answer = await worker.call(method, filled, { cookie: mallory.cookie, ...raw });
				expect([500, 501, 502], `${method} ${filled} ${raw.raw}`).not.toContain(answer.status);
				if (answer.status >= 400) expect(Object.keys(PROBLEMS), answer.text).toContain(answer.problem);
				expect(answer.text).not.toMatch(/node_modules|\.ts:|SQLITE|at async/);
			}),
			{ numRuns: scaled(300, 25_000) },
		);
		expect(worker.output).not.toContain("a request failed");
	}, 3_600_000);
	it("a sender that goes away in the middle of its body is no fault for the log, and one above the limit is told", async () => {
		const { hostname, port } = new URL(worker.origin);
		const head = `POST /api/session HTTP/1.1\r\nHost: x\r\nOrigin: ${worker.origin}\r\nContent-Type: application/json\r\n`;
		for (const body of ['Content-Length: 50\r\n\r\n{"em', "Transfer-Encoding: chunked\r\n\r\n8000\r\naaa"]) {
			const socket = connect({ host: hostname, port: Number(port) });
			socket.write(head + body);
			await new Promise((resolve) => setTimeout(resolve, 50));
			socket.destroy();
		}
		const socket = connect({ host: hostname, port: Number(port) });
		const answered = new Promise((resolve) => socket.once("data", (data) => resolve(String(data).slice(9, 12))));
		socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${`8000\r\n${"a".repeat(0x8000)}\r\n`.repeat(3)}0\r\n\r\n`);
		expect(await answered).toBe("413");
		socket.destroy();
		await worker.call("GET", "/session");
		expect(worker.output).not.toContain("a request failed");
	});
});

it("02.10, P1: no address, name, password, token, code or key of anybody stands in the log", async () => {
	await worker.call("POST", "/session", { body: { email: "ada@example.test", password: "wrong canary password" } });
	await worker.call("POST", "/accounts", { raw: '{"email":"canary@example.test","password":' });
	const relay = (await ada.call("POST", "/relay-token", { cameras: [camera] })).json;
	for (const canary of [
		"ada@example.test",
		"canary@example.test",
		"Ada Test",
		PASSWORD,
		"wrong canary password",
		ada.cookie,
		String(relay?.["token"]),
		agent.secrets.code,
		agent.nonce,
		"192.0.2.10",
		"127.0.0.1:",
	]) {
		expect(canary.length).toBeGreaterThan(3);
		expect(worker.output, canary).not.toContain(canary);
	}
});

it("02.2, 02.10: neither a password nor a network address is in the database's files", async () => {
	await worker.end("SIGTERM");
	for (const name of readdirSync(worker.folder)) {
		if (!name.startsWith("worker.db")) continue;
		const bytes = readFileSync(join(worker.folder, name)).toString("latin1");
		for (const canary of [PASSWORD, "wrong canary password", "127.0.0.1", "::1", "node"]) {
			expect(bytes, `${canary} in ${name}`).not.toContain(canary);
		}
	}
	await worker.restart();
});
