import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { verifyDetached } from "@mivisus/wire/archive";
import { importVerificationKeys } from "@mivisus/wire/token";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_STREAM_EVENTS } from "../cameras/cameras.ts";
import { type Table, tables } from "../data-map/map.ts";
import { routeTable } from "./openapi.ts";
import { TestPage, until } from "./testing/parties.ts";
import { cookieOf, PASSWORD, TestWorker } from "./testing/server.ts";

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
const rows = async (sql: string, ...args: string[]) => (await database.execute({ sql, args })).rows;
const subjects = (to: string) => worker.mailbox.mails.filter((mail) => mail.to === to).map(({ subject }) => subject);
type Privacy = {
	kinds: { kind: string; entries: number; objection: string | null }[];
	objections: { purpose: string }[];
	directives: { words: string } | null;
	requests: { number: string; kind: string; outcome: string | null; receivedAt: number; dueAt: number }[];
};
const privacyOf = async (cookie: string) =>
	(await worker.call("GET", "/privacy", { cookie })).json as unknown as Privacy;

/** Somebody with a camera, and their agent. */
async function owner(email: string) {
	const page = await TestPage.open(worker, email);
	const agent = await page.link();
	const camera = await page.addCamera(agent);
	const streamed = (status = "live") =>
		agent.call("/agent/streams", { events: [{ camera, atMs: Date.now(), status }] });
	const stored = () => rows("SELECT status FROM stream_events WHERE account_id = ?", page.accountId);
	return { page, agent, camera, streamed, stored };
}

describe("P5: a restricted account", () => {
	it("07.6: is readable, corrected and exported; pictures are cut at once, nothing else runs, and lifting it brings all back", async () => {
		const { page, agent, camera, streamed, stored } = await owner("restricted@example.test");
		await streamed();
		expect(await stored()).toHaveLength(1);
		const heard = worker.control.heard.length;
		expect((await page.call("POST", "/account/restriction", {})).status).toBe(204);
		await until(() => worker.control.heard.slice(heard).some(({ ref }) => ref === `account:${page.accountId}`));
		// Reading and rights.
		expect((await page.call("GET", "/cameras")).status).toBe(200);
		expect((await page.call("PATCH", `/cameras/${camera}`, { name: "Corrected" })).status).toBe(204);
		expect((await privacyOf(page.cookie)).requests[0]).toMatchObject({ kind: "restriction", outcome: "done" });
		// Nothing else.
		expect((await page.call("POST", "/relay-token", { cameras: [camera] })).problem).toBe("restricted");
		expect((await agent.call("/agent/relay-token", {})).problem).toBe("restricted");
		await database.execute({
			sql: "UPDATE agents SET last_seen_day = NULL WHERE account_id = ?",
			args: [page.accountId],
		});
		expect((await streamed("idle")).status).toBe(204);
		expect(await stored()).toHaveLength(1);
		expect(await rows("SELECT last_seen_day FROM agents WHERE account_id = ?", page.accountId)).toMatchObject([
			{ last_seen_day: null },
		]);
		expect((await page.call("POST", "/account/restriction", {})).problem).toBe("restricted");
		await until(() => subjects("restricted@example.test").includes("The use of your data is restricted"));

		expect((await page.call("DELETE", "/account/restriction")).status).toBe(204);
		expect((await page.call("DELETE", "/account/restriction")).problem).toBe("not-found");
		expect((await page.call("POST", "/relay-token", { cameras: [camera] })).status).toBe(200);
		expect((await agent.call("/agent/relay-token", {})).status).toBe(200);
		await streamed();
		expect(await stored()).toHaveLength(2);
	});
});

describe("P6: an objection", () => {
	it("07.5, 02.4: stops what rests on a legitimate interest at once and deletes it; taken back, it is collected again", async () => {
		const { page, agent, streamed, stored } = await owner("objects@example.test");
		for (const status of ["live", "idle", "lost"]) await streamed(status);
		expect(await stored()).toHaveLength(3);
		expect((await page.call("POST", "/objections", { purpose: "everything" })).problem).toBe("malformed");
		expect((await page.call("POST", "/objections", { purpose: "reliability" })).status).toBe(204);
		expect(await stored()).toEqual([]);
		for (const status of ["live", "idle"]) expect((await streamed(status)).status).toBe(204);
		await agent.call("/agent/relay-token", {});
		expect(await stored()).toEqual([]);
		expect(await rows("SELECT last_seen_day FROM agents WHERE account_id = ?", page.accountId)).toMatchObject([
			{ last_seen_day: null },
		]);
		const { kinds, objections } = await privacyOf(page.cookie);
		expect(objections.map(({ purpose }) => purpose)).toEqual(["reliability"]);
		expect(kinds.find(({ kind }) => kind === "reliability")?.entries).toBe(0);
		expect((await page.call("DELETE", "/objections/reliability")).status).toBe(204);
		expect((await page.call("DELETE", "/objections/reliability")).problem).toBe("not-found");
		await streamed();
		expect(await stored()).toHaveLength(1);
	});
	it("P07, 02.4: a state of a stream is a time and a word, of the agent's own cameras, not of tomorrow", async () => {
		const { agent, camera, stored } = await owner("streams@example.test");
		const foreign = await owner("foreign-streams@example.test");
		const send = (events: object[]) => agent.call("/agent/streams", { events });
		expect((await send([{ camera, atMs: 1, status: "live", viewer: "x" }])).problem).toBe("malformed");
		expect((await send([{ camera, atMs: 1, status: "watched" }])).problem).toBe("malformed");
		await send([
			{ camera: foreign.camera, atMs: Date.now(), status: "live" },
			{ camera, atMs: 1, status: "live" },
			{ camera, atMs: Date.now() + 86_400_000, status: "lost" },
		]);
		expect(await stored()).toMatchObject([{ status: "lost" }]);
		expect(await foreign.stored()).toEqual([]);
		// A camera that comes and goes each second fills no disk.
		await database.execute({
			sql: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO stream_events (account_id, camera_id, at, status) SELECT account_id, ?, ?, 'idle' FROM n, cameras WHERE id = ?`,
			args: [MAX_STREAM_EVENTS - 1, camera, Date.now(), camera],
		});
		expect((await send([{ camera, atMs: Date.now(), status: "refused" }])).status).toBe(204);
		expect(await rows("SELECT id FROM stream_events WHERE camera_id = ? AND status = 'refused'", camera)).toEqual([]);
		const [event] = await rows("SELECT * FROM stream_events WHERE camera_id = ?", camera);
		expect(Object.keys(event ?? {})).toEqual(["id", "account_id", "camera_id", "at", "status"]);
		expect(Number(event?.["at"])).toBeLessThanOrEqual(Date.now());
	});
});

describe("leaving", () => {
	it("07.3, A5: everything is cut at once; the mailed link brings it back; the receipt is for whoever has its number", async () => {
		const email = "leaves@example.test";
		const { page, agent, camera } = await owner(email);
		await database.execute({ sql: "UPDATE sessions SET proved_at = 1 WHERE account_id = ?", args: [page.accountId] });
		expect((await page.call("DELETE", "/account")).problem).toBe("proof-required");
		const proved = await page.call("POST", "/session/proof", { password: PASSWORD });
		const cookie = cookieOf(proved.headers);
		const heard = worker.control.heard.length;
		const left = await worker.call("DELETE", "/account", { cookie });
		expect(left.status).toBe(202);
		expect(left.json).toMatchObject({ number: expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/) });
		expect(Number(left.json?.["eraseAtMs"])).toBeGreaterThan(Date.now() + 6.9 * 86_400_000);
		expect(left.headers.get("set-cookie")).toContain("session=; Path=/; Max-Age=0");
		expect((await worker.call("GET", "/session", { cookie })).problem).toBe("unauthorized");
		const signIn = () => worker.call("POST", "/session", { body: { email, password: PASSWORD } });
		expect((await signIn()).problem).toBe("wrong-credentials");
		expect((await agent.call("/agent/relay-token", {})).problem).toBe("restricted");
		await until(() => worker.control.heard.slice(heard).some(({ ref }) => ref === `account:${page.accountId}`));
		// Asking for a reset, or signing up anew, tells nobody and brings nothing back.
		expect((await worker.call("POST", "/password-resets", { body: { email } })).status).toBe(202);
		expect((await worker.signUp(email)).status).toBe(202);

		const token = await worker.mailed(email, "/undo");
		expect((await worker.call("POST", "/account/undo", { body: { token } })).status).toBe(204);
		expect((await worker.call("POST", "/account/undo", { body: { token } })).problem).toBe("link-unusable");
		const back = await signIn();
		expect(back.json).toMatchObject({ account: { state: "active" } });
		const { cameras } = (await worker.call("GET", "/cameras", { cookie: cookieOf(back.headers) })).json as {
			cameras: { id: string }[];
		};
		expect(cameras.map(({ id }) => id)).toEqual([camera]);
		expect((await privacyOf(cookieOf(back.headers))).requests.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(
			["erasure withdrawn"],
		);
		await until(() => subjects(email).includes("Your Mivisus account stays"));

		// Again, and the week is over: the next start's jobs erase it.
		await worker.call("DELETE", "/account", { cookie: cookieOf(back.headers) });
		await database.execute({ sql: "UPDATE accounts SET erase_at = 1 WHERE id = ?", args: [page.accountId] });
		await worker.end("SIGTERM");
		await worker.restart();
		const receipt = await worker.mailbox.wait(
			({ subject, to }) => to === email && subject === "Your Mivisus account was erased",
		);
		const number = /receipt#(\S+)/.exec(receipt.text)?.[1] ?? "";
		const { document, signature } = (await worker.call("GET", `/receipts/${number}`)).json as Record<string, string>;
		const keys = await importVerificationKeys((await worker.call("GET", "/signing-keys")).json);
		await verifyDetached("mivisus-receipt", new TextEncoder().encode(document), signature ?? "", keys);
		expect(JSON.parse(document ?? "")).toMatchObject({ number, deleted: { accounts: 1, cameras: 1 } });
		expect((await agent.call("/agent/relay-token", {})).problem).toBe("agent-unlinked");
		expect((await worker.call("GET", "/receipts/0000-0000-0000")).problem).toBe("not-found");
		expect(await rows("SELECT id FROM accounts WHERE id = ?", page.accountId)).toEqual([]);
	});
});

it("a flood of uses of a right is slowed down: each leaves a record", async () => {
	const { cookie } = await worker.person("flood-rights@example.test");
	const statuses = [];
	for (let i = 0; i < 40; i++)
		statuses.push((await worker.call("POST", "/directives", { cookie, body: { words: `number ${i}` } })).status);
	expect(statuses.filter((status) => status === 204).length).toBeLessThanOrEqual(31);
	expect(statuses).toContain(429);
});

describe("P30: correcting", () => {
	it("07.2: every field that a person or their browser wrote has a route that corrects it, and what nobody wrote has none", () => {
		const routes = routeTable().map(({ method, path }) => `${method} ${path}`);
		for (const [table, { columns }] of tables as [string, Table][]) {
			for (const [column, entry] of Object.entries(columns)) {
				if (entry.correct) expect(routes, `${table}.${column}`).toContain(entry.correct);
				// What is the machines' own: keys, and where a mail goes.
				const typed = ["identity", "contact", "content", "device"].includes(entry.class) && "as" in entry.export;
				const machine = /(_key|credential_id|transports|recipient|requester|new_email)$/.test(column);
				if (typed && !machine) expect(entry.correct, `${table}.${column}`).toBeDefined();
			}
		}
	});
	it("07.2: names of agents, browsers, passkeys and sessions, one's own only, a restricted account's as well", async () => {
		const { page, agent } = await owner("renames@example.test");
		const eve = await worker.person("eve-renames@example.test");
		const { sessions } = (await page.call("GET", "/sessions")).json as { sessions: { id: string }[] };
		const targets = [
			[`/agents/${agent.id}`, "agents", "name"],
			[`/devices/${page.deviceId}`, "devices", "label"],
			[`/sessions/${sessions[0]?.id}`, "sessions", "label"],
		] as const;
		await page.call("POST", "/account/restriction", {});
		for (const [path, table, column] of targets) {
			expect((await page.call("PATCH", path, { name: "Grenier à l’étage" })).status, path).toBe(204);
			expect(await rows(`SELECT ${column} AS name FROM ${table} WHERE account_id = ?`, page.accountId)).toContainEqual(
				expect.objectContaining({ name: "Grenier à l’étage" }),
			);
			const foreign = await worker.call("PATCH", path, { cookie: eve.cookie, body: { name: "mine" } });
			expect(foreign.problem, path).toBe("not-found");
			for (const odd of ["", "a\u0000b", "x".repeat(81)])
				expect((await page.call("PATCH", path, { name: odd })).problem, odd).toBe("malformed");
		}
	});
});

describe("directives for after death", () => {
	it("07.9: are recorded, shown, replaced and forgotten, in lines of one's own", async () => {
		const { cookie } = await worker.person("directives@example.test");
		const say = (words: string) => worker.call("POST", "/directives", { cookie, body: { words } });
		expect((await say("Erase everything.\nTell nobody.")).status).toBe(204);
		expect((await say("Give all to Zoé.")).status).toBe(204);
		expect((await privacyOf(cookie)).directives?.words).toBe("Give all to Zoé.");
		for (const odd of ["", " ", "a\u0000b", "x".repeat(4001)]) expect((await say(odd)).problem, odd).toBe("malformed");
		expect((await worker.call("DELETE", "/directives", { cookie })).status).toBe(204);
		expect((await privacyOf(cookie)).directives).toBeNull();
		expect((await privacyOf(cookie)).requests.map(({ kind }) => kind)).toEqual(["directives", "directives"]);
	});
});
