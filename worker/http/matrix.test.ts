import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { newId } from "@mivisus/wire/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scaled, seeded, seedOf } from "../../test/scale.ts";
import { routeTable } from "./openapi.ts";
import { TestPage } from "./testing/parties.ts";
import { cookieOf, TestWorker } from "./testing/server.ts";

/** What the table of routes says, held against the running service: a new route is covered without a line here. */
let worker: TestWorker;
let database: Client;
beforeAll(async () => {
	worker = await TestWorker.start();
	database = createClient({ url: `file:${join(worker.folder, "worker.db")}`, timeout: 5000 });
});
afterAll(async () => {
	database.close();
	await worker.close();
});
const people = routeTable().filter(({ who }) => who === "person");
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const ask = (cookie: string, { method, path }: { method: string; path: string }) =>
	worker.call(method, path.replace(":id", "A".repeat(22)), { cookie, ...(method !== "GET" && { raw: "{" }) });

describe("A7: who may call what", () => {
	it.each(["leaving", "erased"])("an account that is %s: nothing", async (state) => {
		const { cookie, accountId } = await worker.person(`${state}@example.test`);
		await database.execute({ sql: "UPDATE accounts SET state = ? WHERE id = ?", args: [state, accountId] });
		for (const route of people) expect((await ask(cookie, route)).problem, nameOf(route)).toBe("unauthorized");
	});
	it("a session that ran out, or whose row is gone: nothing", async () => {
		for (const change of ["UPDATE sessions SET expires_at = 1", "DELETE FROM sessions"]) {
			const { cookie, accountId } = await worker.person(`${change.length}@example.test`);
			await database.execute({ sql: `${change} WHERE account_id = ?`, args: [accountId] });
			for (const route of people) expect((await ask(cookie, route)).problem, nameOf(route)).toBe("unauthorized");
		}
	});
	it("07.6: a restricted account: looking, rights and what protects the account, nothing that begins", async () => {
		const { cookie, accountId } = await worker.person("restricted@example.test");
		await database.execute({ sql: "UPDATE accounts SET state = 'restricted' WHERE id = ?", args: [accountId] });
		let closed = 0;
		for (const route of people.filter(({ path }) => path !== "/session")) {
			const { problem } = await ask(cookie, route);
			const begins = route.method === "POST" && !("evenRestricted" in route && route.evenRestricted);
			if (begins) expect(problem, nameOf(route)).toBe("restricted");
			else expect(problem, nameOf(route)).not.toBe("restricted");
			if (begins) closed += 1;
		}
		expect(closed).toBeGreaterThanOrEqual(5);
	});
	it("what cannot be undone needs a proof of the last ten minutes; nothing else does", async () => {
		const { cookie, accountId } = await worker.person("stale@example.test");
		const stale = Date.now() - 10 * 60_000 - 1000;
		await database.execute({ sql: "UPDATE sessions SET proved_at = ? WHERE account_id = ?", args: [stale, accountId] });
		const asked = new Set<string>();
		for (const route of people.filter(({ path }) => !path.startsWith("/session"))) {
			const { problem } = await ask(cookie, route);
			if (problem === "proof-required") asked.add(nameOf(route));
			expect(problem === "proof-required", nameOf(route)).toBe("fresh" in route && route.fresh === true);
		}
		for (const needed of ["POST /account/email", "DELETE /agents/:id", "POST /passkeys"])
			expect(asked).toContain(needed);
		// A proof opens it again, with a new cookie; a wrong password does not, and ends nothing.
		const prove = (password: string) => worker.call("POST", "/session/proof", { cookie, body: { password } });
		expect((await prove("not the password")).problem).toBe("wrong-credentials");
		const proved = await prove("a password of the tests");
		expect(proved.status).toBe(204);
		const renewed = cookieOf(proved.headers);
		expect((await ask(renewed, { method: "DELETE", path: "/agents/:id" })).problem).not.toBe("proof-required");
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
	});
	it("two tenants at random: each sees and changes only what is theirs", async () => {
		const random = seeded(seedOf("two tenants"));
		const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
		const pages = [await TestPage.open(worker, "one@example.test"), await TestPage.open(worker, "two@example.test")];
		const agents = [await pages[0]!.link(), await pages[1]!.link()];
		/** What each tenant must see: id and name. */
		const owned = [new Map<string, string>(), new Map<string, string>()];
		const seen = async (who: number) => {
			const { json } = await patiently(() => pages[who]!.call("GET", "/cameras"));
			const { cameras } = json as { cameras: { id: string; name: string }[] };
			return new Map(cameras.map(({ id, name }) => [id, name]));
		};
		for (let i = 0; i < scaled(120, 10_000); i++) {
			const who = random() < 0.5 ? 0 : 1;
			const [page, agent, own, other] = [pages[who]!, agents[who]!, owned[who]!, owned[1 - who]!];
			const target = pick([...own.keys(), ...other.keys(), newId()]) ?? newId();
			const mine = own.has(target);
			const name = `n${i}`;
			const kind = pick(["add", "adopt", "rename", "remove", "token", "steal"]);
			if (kind === "add" && own.size < 10) {
				const command = await page.command(agent, { camera: newId() });
				const { camera } = JSON.parse(Buffer.from(command.split(".")[0] ?? "", "base64url").toString());
				const address = { scheme: "rtsp", host: "192.0.2.1", port: 554, path: "/" };
				const body = { id: camera, name, agentId: agent.id, address, command };
				const { status } = await patiently(() => page.call("POST", "/cameras", body));
				expect(status).toBe(201);
				own.set(camera, name);
			} else if (kind === "adopt" && own.size < 10) {
				// The agent's own word, for a new camera or for one that is there already, be it the other's.
				const address = { scheme: "rtsp", host: "192.0.2.2", port: 554, path: "/" };
				const known = own.has(target) || other.has(target);
				const { status } = await patiently(() => agent.call("/agent/cameras", { id: target, name, address }));
				expect(status).toBe(known ? 409 : 201);
				if (!known) own.set(target, name);
			} else if (kind === "rename") {
				const { status } = await patiently(() => page.call("PATCH", `/cameras/${target}`, { name }));
				expect(status).toBe(mine ? 204 : 404);
				if (mine) own.set(target, name);
			} else if (kind === "remove") {
				const { status } = await patiently(() => page.call("DELETE", `/cameras/${target}`, {}));
				expect(status).toBe(mine ? 204 : 404);
				own.delete(target);
			} else if (kind === "token") {
				const { status } = await patiently(() => page.call("POST", "/relay-token", { cameras: [target] }));
				expect(status).toBe(mine ? 200 : 404);
			} else if (kind === "steal") {
				// An order for the other one's agent.
				const command = await page.command(agents[1 - who]!, { camera: target });
				const { status } = await patiently(() => page.call("POST", "/commands", { command }));
				expect(status).toBe(404);
			}
			if (i % 20 === 0) for (const each of [0, 1]) expect(await seen(each)).toEqual(owned[each]);
		}
		for (const each of [0, 1]) expect(await seen(each)).toEqual(owned[each]);
	}, 1_800_000);
});

/** A call that waits when it is told to: the limits for one caller hold for tests too. */
async function patiently(call: () => ReturnType<TestPage["call"]>): ReturnType<TestPage["call"]> {
	for (;;) {
		const answer = await call();
		if (answer.status !== 429 || answer.problem !== "rate-limited") return answer;
		await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer.headers.get("retry-after"))));
	}
}

describe("A10: headers of every answer", () => {
	it("all of them, on every route, for every method, whatever comes of it", async () => {
		const { cookie } = await worker.person("headers@example.test");
		const paths = [...new Set(routeTable().map(({ path }) => path)), "/nowhere", ""];
		for (const path of paths.filter((each) => !each.startsWith("/agent/state"))) {
			for (const method of ["GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD"]) {
				if (path === "/session" && method === "DELETE") continue;
				for (const origin of [worker.origin, "https://evil.example"]) {
					const { headers, status } = await worker.call(method, path.replace(":id", "A".repeat(22)), {
						cookie,
						origin,
						...(!["GET", "HEAD"].includes(method) && { raw: "[" }),
					});
					const what = `${method} ${path} ${status}`;
					expect(headers.get("content-security-policy"), what).toMatch(/^default-src 'none'; script-src 'self';/);
					expect(headers.get("content-security-policy"), what).not.toContain("unsafe");
					expect(headers.get("x-content-type-options"), what).toBe("nosniff");
					expect(headers.get("referrer-policy"), what).toBe("no-referrer");
					expect(headers.get("permissions-policy"), what).toContain("camera=()");
					expect(headers.get("cross-origin-opener-policy"), what).toBe("same-origin");
					expect(headers.get("cross-origin-resource-policy"), what).toBe("same-origin");
					expect(headers.get("cache-control"), what).toBe("no-store");
					expect(headers.get("access-control-allow-origin"), what).toBeNull();
					if (status >= 400) expect(headers.get("content-type"), what).toBe("application/problem+json");
				}
			}
		}
	});
});
