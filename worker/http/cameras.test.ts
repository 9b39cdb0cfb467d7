import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { newId } from "@mivisus/wire/ids";
import { importVerificationKeys, verifyRelayToken } from "@mivisus/wire/token";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_COMMANDS } from "../cameras/cameras.ts";
import { PER_CALLER } from "../throttle/throttle.ts";
import { type TestAgent, TestPage, until } from "./testing/parties.ts";
import { type Answered, TestWorker } from "./testing/server.ts";

let worker: TestWorker;
let ada: TestPage;
let agent: TestAgent;
beforeAll(async () => {
	worker = await TestWorker.start();
	ada = await TestPage.open(worker, "ada@example.test");
	agent = await ada.link();
});
afterAll(() => worker.close());

describe("a camera", () => {
	it("02.3, 07.2, 07.3: is shown with its address, carried to the agent sealed, renamed, and gone when deleted", async () => {
		const id = await ada.addCamera(agent);
		const camera = { id, name: "Door", agentId: agent.id, sound: false };
		const address = { scheme: "rtsp", host: "192.0.2.10", port: 554, path: "/live" };
		expect((await ada.call("GET", "/cameras")).json).toMatchObject({ cameras: [{ ...camera, address }] });
		const state = await agent.state();
		expect(state.cameras).toEqual([{ id, name: "Door" }]);
		expect(state.commands).toHaveLength(1);
		expect((await ada.call("PATCH", `/cameras/${id}`, { name: " Porch " })).status).toBe(204);
		expect((await ada.call("GET", "/cameras")).text).toContain('"Porch"');
		const command = await ada.command(agent, { type: "camera.remove", camera: id });
		expect((await ada.call("DELETE", `/cameras/${id}`, { command })).status).toBe(204);
		expect((await ada.call("GET", "/cameras")).json).toEqual({ cameras: [] });
		const after = await agent.state();
		expect(after.cameras).toEqual([]);
		// Only the order to forget it is left; the one with its sealed address is gone.
		expect(after.commands.map(({ command }) => command)).toEqual([command]);
		await until(() => worker.control.heard.some(({ ref }) => ref === `camera:${id}`), 3000);
		expect((await ada.call("DELETE", `/cameras/${id}`, {})).problem).toBe("not-found");
		expect((await ada.call("POST", "/relay-token", { cameras: [id] })).problem).toBe("not-found");
	});
	it("A13: an address with a user or a password in it is refused, not stored", async () => {
		const id = newId();
		const command = await ada.command(agent, { camera: id, sealed: "c2VhbGVk" });
		const address = { scheme: "rtsp", host: "admin:S3cr@t@192.0.2.1", port: 554, path: "/" };
		const answer = await ada.call("POST", "/cameras", { id, name: "x", agentId: agent.id, address, command });
		expect(answer.problem).toBe("malformed");
		expect(answer.text).not.toContain("S3cr");
		for (const extra of [{ user: "admin" }, { password: "S3cr@t" }, { path: "/live?pwd=S3cr@t" }]) {
			const body = { id, name: "x", agentId: agent.id, address: { ...address, host: "cam", ...extra }, command };
			expect((await ada.call("POST", "/cameras", body)).problem).toBe("malformed");
		}
	});
	it("is not added by a command for another camera or agent, nor twice", async () => {
		const [id, address] = [newId(), { scheme: "rtsp", host: "cam", port: 554, path: "/" }];
		const add = (command: string) =>
			ada.call("POST", "/cameras", { id, name: "x", agentId: agent.id, address, command });
		expect((await add(await ada.command(agent))).problem).toBe("malformed");
		expect((await add(await ada.command(agent, { camera: id, agent: newId() }))).problem).toBe("malformed");
		expect((await add("nonsense")).problem).toBe("malformed");
		expect((await add(await ada.command(agent, { camera: id }))).status).toBe(201);
		expect((await add(await ada.command(agent, { camera: id }))).problem).toBe("already-exists");
		await ada.call("DELETE", `/cameras/${id}`, {});
	});
	it("has another address: shown at once, with its order carried to the agent, or neither", async () => {
		const id = await ada.addCamera(agent);
		const before = { scheme: "rtsp", host: "192.0.2.10", port: 554, path: "/live" };
		const address = { scheme: "rtsp", host: "cam.local", port: 8554, path: "/main?pwd=***" };
		const shown = async () =>
			((await ada.call("GET", "/cameras")).json as { cameras: { id: string }[] }).cameras.find((one) => one.id === id);
		const change = (command: string, more = {}) => ada.call("PATCH", `/cameras/${id}`, { address, command, ...more });
		const other = await ada.link();
		for (const wrong of [
			await ada.command(agent),
			await ada.command(other, { camera: id }),
			await ada.command(agent, { camera: id, type: "camera.remove" }),
			await ada.command(agent, { camera: id, type: "camera.sound", on: true }),
			"nonsense",
		]) {
			expect((await change(wrong)).problem).toBe("malformed");
		}
		const command = await ada.command(agent, { camera: id, sealed: "c2VhbGVk" });
		expect((await change(command, { name: "Porch" })).problem).toBe("malformed");
		expect((await change(command, { address: { ...address, path: "/main?pwd=S3cr@t" } })).problem).toBe("malformed");
		expect(await shown()).toMatchObject({ address: before });
		const { revision } = await agent.state();
		expect((await change(command)).status).toBe(204);
		expect(await shown()).toMatchObject({ id, name: "Door", agentId: agent.id, address });
		const after = await agent.state();
		expect(after.revision).toBeGreaterThan(revision);
		expect(after.commands.at(-1)?.command).toBe(command);
		// An order is carried once; with the second one its address is not taken either.
		expect((await change(command, { address: before })).problem).toBe("already-exists");
		expect(await shown()).toMatchObject({ address });
		await ada.call("DELETE", `/cameras/${id}`, {});
		expect((await change(await ada.command(agent, { camera: id }))).problem).toBe("not-found");
	});
	it("is seen with a token that the relay accepts, that rests on this session and names exactly the wanted cameras", async () => {
		const [one, two] = [await ada.addCamera(agent), await ada.addCamera(agent)];
		const { json } = await ada.call("POST", "/relay-token", { cameras: [one] });
		const keys = await importVerificationKeys(
			JSON.parse(readFileSync(join(worker.folder, "secrets/relay-token-keys.json"), "utf8")),
		);
		const claims = await verifyRelayToken(String(json?.["token"]), { audience: "relay-1", keys, nowMs: Date.now() });
		expect(claims.get).toEqual([one]);
		expect(claims.put).toEqual([expect.stringMatching(/^\.peer\/[\w-]{22}$/)]);
		expect(claims.mivisus.ref).toEqual(
			expect.arrayContaining([`camera:${one}`, `account:${ada.accountId}`, expect.stringMatching(/^session:/)]),
		);
		expect(JSON.stringify(claims)).not.toContain(two);
		expect(Number(json?.["untilMs"])).toBeLessThanOrEqual(Date.now() + 3_600_000);
		for (const id of [one, two]) await ada.call("DELETE", `/cameras/${id}`, {});
	});
	it("64 cameras: the agent still gets its token, and the page one for as many as one token holds", async () => {
		const bob = await TestPage.open(worker, "many@example.test");
		const attic = await bob.link();
		const ids: string[] = [];
		for (let i = 0; i < 64; i++) ids.push(await bob.addCamera(attic));
		await expect(bob.addCamera(attic)).rejects.toThrow("429");
		expect((await attic.call("/agent/relay-token")).status).toBe(200);
		expect((await bob.call("POST", "/relay-token", { cameras: ids.slice(0, 40) })).status).toBe(200);
		expect((await bob.call("POST", "/relay-token", { cameras: ids.slice(0, 41) })).problem).toBe("malformed");
	});
});

describe("a camera that was added at the agent", () => {
	const address = { scheme: "rtsp", host: "192.0.2.77", port: 554, path: "/main?pwd=***" };
	it("is shown to its owner with name and address, seen at the relay, deleted like any other; nothing secret came", async () => {
		const bob = await TestPage.open(worker, "at-the-agent@example.test");
		const attic = await bob.link();
		const id = newId();
		const { revision } = await attic.state();
		const { status, json } = await attic.call("/agent/cameras", { id, name: " Cellar ", address });
		expect(status).toBe(201);
		expect(json).toMatchObject({ id, name: "Cellar", agentId: attic.id, address, sound: false });
		expect((await bob.call("GET", "/cameras")).json).toMatchObject({ cameras: [{ id, name: "Cellar", address }] });
		const state = await attic.state();
		expect(state.cameras).toEqual([{ id, name: "Cellar" }]);
		expect(state.commands).toEqual([]);
		expect(state.revision).toBeGreaterThan(revision);
		expect((await bob.call("POST", "/relay-token", { cameras: [id] })).status).toBe(200);
		expect((await attic.call("/agent/cameras", { id, name: "Cellar", address })).problem).toBe("already-exists");
		expect((await bob.call("DELETE", `/cameras/${id}`, {})).status).toBe(204);
		expect((await bob.call("GET", "/cameras")).json).toEqual({ cameras: [] });
	});
	it("A13: with a user or a password in its address it is refused, not stored", async () => {
		for (const wrong of [{ host: "admin:S3cr@t@cam" }, { path: "/live?pwd=S3cr@t" }, { password: "S3cr@t" }]) {
			const body = { id: newId(), name: "x", address: { ...address, ...wrong } };
			const answer = await agent.call("/agent/cameras", body);
			expect(answer.problem).toBe("malformed");
			expect(answer.text).not.toContain("S3cr");
		}
		const body = { id: newId(), name: "x", address, sealed: "c2VhbGVk" };
		expect((await agent.call("/agent/cameras", body)).problem).toBe("malformed");
	});
	it("A7: is its own account's, whatever the agent says; a stranger's camera stays the stranger's", async () => {
		const eve = await TestPage.open(worker, "eve-at-the-agent@example.test");
		const cellar = await eve.link();
		const id = await ada.addCamera(agent);
		expect((await cellar.call("/agent/cameras", { id, name: "Mine", address })).problem).toBe("already-exists");
		const asked = { id: newId(), name: "Mine", address, agentId: agent.id, accountId: ada.accountId };
		expect((await cellar.call("/agent/cameras", asked)).problem).toBe("malformed");
		expect((await eve.call("GET", "/cameras")).json).toEqual({ cameras: [] });
		expect((await ada.call("GET", "/cameras")).text).not.toContain("Mine");
		await ada.call("DELETE", `/cameras/${id}`, {});
	});
	it("counts among the 64 of an account, and is refused where the agent was unlinked", async () => {
		const bob = await TestPage.open(worker, "many-at-the-agent@example.test");
		const attic = await bob.link();
		const add = () => attic.call("/agent/cameras", { id: newId(), name: "x", address });
		for (let i = 0; i < 32; i++) await bob.addCamera(attic);
		for (let i = 0; i < 32; i++) expect((await add()).status).toBe(201);
		expect((await add()).problem).toBe("too-many");
		await expect(bob.addCamera(attic)).rejects.toThrow("429");
		await bob.call("DELETE", `/agents/${attic.id}`);
		expect((await add()).problem).toBe("agent-unlinked");
	});
});

describe("a command", () => {
	it("reaches the waiting agent in no time, and its answer the page", async () => {
		const camera = await ada.addCamera(agent);
		for (const { id } of (await agent.state()).commands) await agent.call("/agent/acks", { id, state: "done" });
		const { revision } = await agent.state();
		const waiting = agent.state(revision, 10_000);
		await new Promise((resolve) => setTimeout(resolve, 200));
		const started = Date.now();
		const command = await ada.command(agent, { type: "camera.sound", camera, on: true });
		const sent = await ada.call("POST", "/commands", { command });
		expect(sent.status).toBe(202);
		expect((await waiting).commands.map(({ command }) => command)).toEqual([command]);
		expect(Date.now() - started).toBeLessThan(1000);
		const id = String(sent.json?.["id"]);
		expect((await ada.call("GET", `/commands/${id}`)).json).toMatchObject({ id, state: "waiting" });
		expect((await agent.call("/agent/acks", { id, state: "done" })).status).toBe(204);
		expect((await ada.call("GET", `/commands/${id}`)).json).toMatchObject({ state: "done" });
		expect((await ada.call("GET", "/cameras")).json).toMatchObject({ cameras: [{ id: camera, sound: true }] });
		expect((await agent.state()).commands).toEqual([]);
	});
	it("03.3: sound is shown as on only when the agent says that it is", async () => {
		const camera = await ada.addCamera(agent);
		const command = await ada.command(agent, { type: "camera.sound", camera, on: true });
		const id = String((await ada.call("POST", "/commands", { command })).json?.["id"]);
		const shown = async () =>
			((await ada.call("GET", "/cameras")).json as { cameras: { id: string; sound: boolean }[] }).cameras.find(
				(each) => each.id === camera,
			)?.sound;
		expect(await shown()).toBe(false);
		await agent.call("/agent/acks", { id, state: "refused", code: "replayed", detail: "Too old." });
		expect(await shown()).toBe(false);
		expect((await ada.call("GET", `/commands/${id}`)).json).toMatchObject({ code: "replayed", detail: "Too old." });
		// An answer is final.
		expect((await agent.call("/agent/acks", { id, state: "done" })).problem).toBe("not-found");
		expect(await shown()).toBe(false);
	});
	it("A7: one that names a stranger's camera shows nothing else there, though the own agent says that it is done", async () => {
		const camera = await ada.addCamera(agent);
		const eve = await TestPage.open(worker, "eve@example.test");
		const cellar = await eve.link();
		const command = await eve.command(cellar, { type: "camera.sound", camera, on: true });
		const id = String((await eve.call("POST", "/commands", { command })).json?.["id"]);
		expect((await cellar.call("/agent/acks", { id, state: "done" })).status).toBe(204);
		const { cameras } = (await ada.call("GET", "/cameras")).json as { cameras: { id: string; sound: boolean }[] };
		expect(cameras.find((each) => each.id === camera)?.sound).toBe(false);
	});
	it("a poll without news ends when it said it would", async () => {
		for (const { id } of (await agent.state()).commands) await agent.call("/agent/acks", { id, state: "done" });
		const { revision } = await agent.state();
		const started = Date.now();
		expect((await agent.state(revision, 600)).revision).toBe(revision);
		expect(Date.now() - started).toBeGreaterThanOrEqual(590);
		expect((await agent.call("/agent/state", { after: 0, waitMs: 25_001 })).problem).toBe("malformed");
	});
	it("survives the worker: what was accepted is delivered after a kill", async () => {
		const command = await ada.command(agent, { type: "camera.sound", camera: newId(), on: false });
		expect((await ada.call("POST", "/commands", { command })).status).toBe(202);
		await worker.end("SIGKILL");
		await worker.restart();
		expect((await agent.state()).commands.map(({ command }) => command)).toContain(command);
	});
});

/** As the operator does it until rights are in the page. */
async function change(sql: string): Promise<{ rows: unknown[] }> {
	const database = createClient({ url: `file:${join(worker.folder, "worker.db")}`, timeout: 5000 } as never);
	const result = await database.execute(sql);
	database.close();
	return { rows: result.rows.map((row) => ({ ...row })) };
}

it("07.6: a restricted account keeps its data and gets no picture, from neither side", async () => {
	const bob = await TestPage.open(worker, "restricted@example.test");
	const attic = await bob.link();
	const camera = await bob.addCamera(attic);
	await change(`UPDATE accounts SET state = 'restricted' WHERE id = '${bob.accountId}'`);
	expect((await bob.call("GET", "/cameras")).text).toContain(camera);
	expect((await bob.call("POST", "/relay-token", { cameras: [camera] })).problem).toBe("restricted");
	// Nothing new begins either: no camera, no order, no agent.
	await expect(bob.addCamera(attic)).rejects.toThrow("403");
	const command = await bob.command(attic, { type: "camera.sound", camera, on: true });
	expect((await bob.call("POST", "/commands", { command })).problem).toBe("restricted");
	const address = { scheme: "rtsp", host: "cam", port: 554, path: "/" };
	const set = await bob.command(attic, { camera });
	expect((await bob.call("PATCH", `/cameras/${camera}`, { address, command: set })).problem).toBe("restricted");
	expect((await bob.call("POST", "/enrolments/lookup", { code: "A".repeat(22) })).problem).toBe("restricted");
	expect((await bob.call("PATCH", `/cameras/${camera}`, { name: "Porch" })).status).toBe(204);
	expect((await attic.call("/agent/relay-token")).problem).toBe("restricted");
});
it("02.4: of an agent's presence the day is stored, and nothing finer", async () => {
	await agent.state();
	const today = new Date().toISOString().slice(0, 10);
	const { rows } = await change(`SELECT last_seen_day FROM agents WHERE id = '${agent.id}'`);
	expect(rows).toEqual([{ last_seen_day: today }]);
});

describe("a right that ends while its token is being made", () => {
	it.each([
		["the session", (page: TestPage) => page.call("DELETE", "/session")],
		["the camera", (page: TestPage, id: string) => page.call("DELETE", `/cameras/${id}`, {})],
		["the agent", (page: TestPage, _: string, own: TestAgent) => page.call("DELETE", `/agents/${own.id}`)],
	])("A5: %s ends, and the relay is told what voids that token too", async (what, end) => {
		const page = await TestPage.open(worker, `${what.replace(" ", "-")}@example.test`);
		const own = await page.link();
		const id = await page.addCamera(own);
		// What is known of the relay is kept for a second; then the right is looked at, and the token made after the wait.
		await new Promise((resolve) => setTimeout(resolve, 1100));
		worker.control.slowMs = 900;
		await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 500));
		const asked = page.call("POST", "/relay-token", { cameras: [id] });
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect((await end(page, id, own)).status).toBe(204);
		const { status, json } = await asked;
		worker.control.slowMs = 0;
		expect(status).toBe(200);
		const claims = JSON.parse(atob(String(json?.["token"]).split(".")[1] ?? "")) as {
			iat: number;
			mivisus: { ref: string[] };
		};
		await until(() =>
			worker.control.heard.some(({ ref, iat }) => claims.mivisus.ref.includes(ref) && iat >= claims.iat),
		);
	});
});

describe("orders", () => {
	it("an agent's are bounded in number; deleting its cameras works all the same", async () => {
		const page = await TestPage.open(worker, "orders@example.test");
		const own = await page.link();
		const camera = await page.addCamera(own);
		for (let given = 1; given < MAX_COMMANDS; given++) {
			const command = await page.command(own, { type: "camera.sound", camera, on: true });
			expect((await page.call("POST", "/commands", { command })).status).toBe(202);
		}
		const command = await page.command(own, { type: "camera.sound", camera, on: false });
		expect((await page.call("POST", "/commands", { command })).problem).toBe("too-many");
		await expect(page.addCamera(own)).rejects.toThrow("429");
		const address = { scheme: "rtsp", host: "cam", port: 554, path: "/" };
		const set = await page.command(own, { camera });
		expect((await page.call("PATCH", `/cameras/${camera}`, { address, command: set })).problem).toBe("too-many");
		const remove = await page.command(own, { type: "camera.remove", camera });
		expect((await page.call("DELETE", `/cameras/${camera}`, { command: remove })).status).toBe(204);
	}, 60_000);
});

it("one account's flood is slowed down, and another's calls are not", async () => {
	const [eve, bob] = [
		await TestPage.open(worker, "flood@example.test"),
		await TestPage.open(worker, "calm@example.test"),
	];
	const own = await eve.link();
	let slowed: Answered | undefined;
	for (let n = 0; n < 2 * PER_CALLER.burst && !slowed; n++) {
		const answer = await eve.call("GET", "/session");
		if (answer.status !== 200) slowed = answer;
	}
	expect(slowed?.problem).toBe("rate-limited");
	expect(Number(slowed?.headers.get("retry-after"))).toBeGreaterThan(0);
	expect((await bob.call("GET", "/session")).status).toBe(200);
	expect((await own.call("/agent/state", { after: 0, waitMs: 0 })).status).toBe(200);
});

it("A07: while the relay is away nobody is sent there, and is told when to come again; back, it works at once", async () => {
	const page = await TestPage.open(worker, "relay-away@example.test");
	const own = await page.link();
	const asked = { cameras: [await page.addCamera(own)] };
	worker.control.up = false;
	// The last good word counts for a second.
	await until(async () => (await page.call("POST", "/relay-token", asked)).status === 503);
	const answer = await page.call("POST", "/relay-token", asked);
	expect([answer.problem, answer.headers.get("retry-after")]).toEqual(["relay-away", "1"]);
	expect((await own.call("/agent/relay-token")).problem).toBe("relay-away");
	worker.control.up = true;
	expect((await page.call("POST", "/relay-token", asked)).status).toBe(200);
});
