import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { newId } from "@mivisus/wire/ids";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Table, tables } from "../data-map/map.ts";
import { LETTERS, type LetterName } from "../mail/letters.ts";
import { routeTable } from "./openapi.ts";
import { TestPage, until } from "./testing/parties.ts";
import { TestWorker } from "./testing/server.ts";

/**
 * P5: every operation of the service on an account whose use is restricted. People's routes are in matrix.test.ts, the jobs in
 * store/restriction.test.ts; here are agents and mails. A new agent route or letter fails until somebody has said what it does.
 */
let worker: TestWorker;
let database: Client;
beforeAll(async () => {
	worker = await TestWorker.start({ MIVISUS_PROXIES: "1" });
	database = createClient({ url: `file:${join(worker.folder, "worker.db")}`, timeout: 5000 });
});
afterAll(async () => {
	database.close();
	await worker.close();
});

/** All that stands in the database of an account, by table. */
async function held(accountId: string): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	for (const [name, { owners, columns }] of tables as [string, Table][]) {
		if (!owners) continue;
		const column = name === "accounts" ? "id" : "account_id" in columns ? "account_id" : undefined;
		if (!column) continue;
		const { rows } = await database.execute({ sql: `SELECT * FROM ${name} WHERE ${column} = ?`, args: [accountId] });
		found.set(name, JSON.stringify(rows));
	}
	return found;
}
const difference = (before: Map<string, string>, after: Map<string, string>) =>
	[...before.keys()].filter((name) => before.get(name) !== after.get(name));

async function owner(email: string) {
	const page = await TestPage.open(worker, email);
	const agent = await page.link();
	const [camera, deleted] = [await page.addCamera(agent), await page.addCamera(agent)];
	const order = newId();
	await page.call("POST", "/commands", {
		command: await page.command(agent, { id: order, camera, type: "camera.sound", on: true }),
	});
	await database.execute({
		sql: "UPDATE agents SET last_seen_day = '2020-01-01' WHERE account_id = ?",
		args: [page.accountId],
	});
	return { page, agent, camera, deleted, order };
}
type Owner = Awaited<ReturnType<typeof owner>>;
type Operation = {
	body: (owner: Owner) => object;
	/** Tables that the call changes while the account is active, and while it is restricted; or its refusal. */
	active: string[];
	restricted: string[] | "restricted";
};
const SEEN = ["agents"];
/** An agent says what is so: that is kept true. It gets nothing to do, publishes nothing, and is not watched. */
const AGENT_OPERATIONS: Record<string, Operation> = {
	"/agent/state": { body: () => ({ after: 0, waitMs: 0 }), active: SEEN, restricted: [] },
	"/agent/streams": {
		body: ({ camera }) => ({ events: [{ camera, atMs: Date.now(), status: "live" }] }),
		active: ["stream_events", ...SEEN],
		restricted: [],
	},
	"/agent/acks": {
		body: ({ order }) => ({ id: order, state: "done" }),
		active: ["commands", "cameras", ...SEEN],
		restricted: ["commands", "cameras"],
	},
	"/agent/cameras": {
		body: () => ({ id: newId(), name: "Cellar", address: { scheme: "rtsp", host: "192.0.2.7", port: 554, path: "/" } }),
		active: ["cameras", "accounts", ...SEEN],
		restricted: "restricted",
	},
	"/agent/relay-token": { body: () => ({}), active: SEEN, restricted: "restricted" },
	"/agent/confirm": {
		body: ({ page }) => ({ device: page.deviceId, accepted: true }),
		active: SEEN,
		restricted: [],
	},
};

describe("P5: what runs on a restricted account", () => {
	const paths = routeTable()
		.filter(({ who }) => who === "agent")
		.map(({ path }) => path);
	it.each(paths)("07.6: its agent's %s: nothing but keeping what is so", async (path) => {
		const operation = AGENT_OPERATIONS[path];
		if (!operation) throw new Error(`say in AGENT_OPERATIONS what ${path} may do on a restricted account`);
		for (const state of ["active", "restricted"] as const) {
			const one = await owner(`${state}-${path.slice(7)}@example.test`);
			if (state === "restricted") await one.page.call("POST", "/account/restriction", {});
			// The mail that tells of it has left: its row's going is no doing of the agent's.
			await until(async () => (await held(one.page.accountId)).get("outbox") === "[]");
			const before = await held(one.page.accountId);
			const answer = await one.agent.call(path, operation.body(one));
			const changed = difference(before, await held(one.page.accountId));
			const expected = operation[state];
			if (expected === "restricted") expect(answer.problem).toBe("restricted");
			else expect(answer.status, answer.text).toBeLessThan(300);
			expect(changed.sort(), state).toEqual(expected === "restricted" ? [] : [...expected].sort());
		}
	});
	it("07.6: its agent is given no order that was waiting, but the one to forget what its person deletes; lifted, all", async () => {
		const { page, agent, camera, deleted, order } = await owner("orders@example.test");
		const orders = async () => {
			const { json } = await agent.call("/agent/state", { after: 0, waitMs: 0 });
			const { commands, cameras } = json as { commands: { id: string }[]; cameras: { id: string }[] };
			// It still knows which cameras there are: it forgets nothing.
			expect(cameras.map(({ id }) => id)).toContain(camera);
			return commands.map(({ id }) => id);
		};
		expect(await orders()).toHaveLength(3);
		await page.call("POST", "/account/restriction", {});
		expect(await orders()).toEqual([]);
		const id = newId();
		const command = await page.command(agent, { id, camera: deleted, type: "camera.remove" });
		expect((await page.call("DELETE", `/cameras/${deleted}`, { command })).status).toBe(204);
		expect(await orders()).toEqual([id]);
		await page.call("DELETE", "/account/restriction");
		expect(await orders()).toEqual(expect.arrayContaining([id, order]));
	});
	it("07.6, 04.4: every letter there is answers what its person does, or is about their rights: none is an announcement", () => {
		const kinds = Object.fromEntries(Object.keys(LETTERS).map((name) => [name, LETTERS[name as LetterName].kind]));
		// Announcements, once there are any, must not reach these accounts: `accountOf` of store/outbox.ts.
		expect(new Set(Object.values(kinds))).toEqual(new Set(["confirmation", "reset", "notice", "rights"]));
	});
});
