import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { agentFingerprint, newEnrolmentSecrets, verifyEnrolmentMac } from "@mivisus/wire/enrolment";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { importVerificationKeys, verifyRelayToken } from "@mivisus/wire/token";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Keys, TestAgent, TestPage, until } from "./testing/parties.ts";
import { TestWorker } from "./testing/server.ts";

let worker: TestWorker;
let ada: TestPage;
let eve: TestPage;
beforeAll(async () => {
	worker = await TestWorker.start();
	[ada, eve] = await Promise.all([
		TestPage.open(worker, "ada@example.test"),
		TestPage.open(worker, "eve@example.test"),
	]);
});
afterAll(() => worker.close());
const newAgent = async () => new TestAgent(worker, await Keys.make());

describe("enrolment", () => {
	it("02.9: brings agent and browser together, and the MAC arrives as it was made", async () => {
		const agent = await newAgent();
		expect((await agent.announce()).status).toBe(201);
		expect((await agent.poll()).json).toEqual({ state: "waiting" });
		const { signKey, sealKey } = agent.keys;
		const found = await ada.call("POST", "/enrolments/lookup", { code: agent.secrets.code });
		expect(found.json).toEqual({ signKey, sealKey, name: "Attic" });
		expect((await ada.claim(agent)).status).toBe(200);

		const claimed = (await agent.poll()).json as {
			agentId: string;
			accountId: string;
			device: { id: string; signKey: string; sealKey: string };
			mac: string;
		};
		expect(claimed).toMatchObject({ state: "claimed", accountId: ada.accountId, device: { id: ada.deviceId } });
		const claim = {
			account: ada.accountId,
			fingerprint: await agentFingerprint(signKey, sealKey),
			deviceSignKey: claimed.device.signKey,
			deviceSealKey: claimed.device.sealKey,
		};
		expect(await verifyEnrolmentMac(agent.secrets.secret, claim, claimed.mac)).toBe(true);

		agent.id = claimed.agentId;
		const stateOf = async () =>
			((await ada.call("GET", "/agents")).json as { agents: { id: string; state: string }[] }).agents.find(
				({ id }) => id === agent.id,
			)?.state;
		expect(await stateOf()).toBe("claimed");
		expect((await agent.call("/agent/confirm", { device: ada.deviceId, accepted: true })).status).toBe(204);
		expect(await stateOf()).toBe("active");
		expect((await ada.call("GET", "/devices")).json).toMatchObject({
			devices: [{ label: "Laptop", agentId: agent.id }],
		});
	});
	it("an agent that was given wrong keys says so, and gets no cameras", async () => {
		const agent = await newAgent();
		await agent.announce();
		agent.id = String((await ada.claim(agent)).json?.["agentId"]);
		await agent.call("/agent/confirm", { device: ada.deviceId, accepted: false, reason: "the MAC is wrong" });
		expect((await ada.call("GET", "/agents")).text).toContain('"refused"');
		await expect(ada.addCamera(agent)).rejects.toThrow("404");
	});
	it("one more browser of the account: the same agent, another device, once the agent says so", async () => {
		const agent = await ada.link();
		const agentsOf = async (page: TestPage) =>
			((await page.call("GET", "/agents")).json as { agents: { id: string; state: string }[] }).agents.length;
		const before = await agentsOf(ada);
		const devices = async () => {
			const { devices } = (await ada.call("GET", "/devices")).json as {
				devices: { id: string; agentId: string; confirmed: boolean }[];
			};
			return devices.filter(({ agentId }) => agentId === agent.id).map(({ id, confirmed }) => [id, confirmed]);
		};
		const first = ada.deviceId;
		agent.secrets = newEnrolmentSecrets();
		await agent.announce();
		expect((await ada.claim(agent)).json).toMatchObject({ agentId: agent.id });
		const second = ada.deviceId;
		expect(await devices()).toEqual([
			[first, true],
			[second, false],
		]);
		await agent.call("/agent/confirm", { device: second, accepted: true });

		agent.secrets = newEnrolmentSecrets();
		await agent.announce();
		await ada.claim(agent);
		await agent.call("/agent/confirm", { device: ada.deviceId, accepted: false });
		// Refusing what was confirmed before takes nothing away.
		await agent.call("/agent/confirm", { device: first, accepted: false });
		expect(await devices()).toEqual([
			[first, true],
			[second, true],
		]);
		expect(await agentsOf(ada)).toBe(before);

		// In another account it is another agent, which obeys nobody there unless it says so.
		agent.secrets = newEnrolmentSecrets();
		await agent.announce();
		expect((await eve.claim(agent)).json?.["agentId"]).not.toBe(agent.id);
		expect((await agent.state()).cameras).toEqual([]);
	});
	it("a code works once: 20 at the same instant, one wins", async () => {
		const agent = await newAgent();
		await agent.announce();
		const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? ada : eve).claim(agent)));
		expect(claims.filter(({ status }) => status === 200)).toHaveLength(1);
		for (const { status, problem } of claims) if (status !== 200) expect(problem).toBe("code-unusable");
		expect((await ada.claim(agent)).problem).toBe("code-unusable");
		expect((await ada.call("POST", "/enrolments/lookup", { code: agent.secrets.code })).problem).toBe("code-unusable");
		expect((await agent.announce()).problem).toBe("already-exists");
	});
	it("an expired code and one that never was are alike", async () => {
		const agent = await newAgent();
		await agent.announce();
		const database = createClient({ url: `file:${join(worker.folder, "worker.db")}` });
		await database.execute("UPDATE enrolments SET expires_at = 1 WHERE agent_id IS NULL");
		database.close();
		const unknown = await newAgent();
		for (const act of [(a: TestAgent) => ada.claim(a), (a: TestAgent) => a.poll()]) {
			const [expired, never] = [await act(agent), await act(unknown)];
			expect(expired.problem).toBe("code-unusable");
			expect(expired.text).toBe(never.text);
		}
	});
	it("needs a person: nobody looks up or claims without a session", async () => {
		const agent = await newAgent();
		await agent.announce();
		const { code } = agent.secrets;
		expect((await worker.call("POST", "/enrolments/lookup", { body: { code } })).status).toBe(401);
		expect((await worker.call("POST", "/enrolments/claim", { body: { code } })).status).toBe(401);
	});
	it("the database holds no code that could be used", async () => {
		const agent = await newAgent();
		await agent.announce();
		for (const suffix of ["", "-wal"]) {
			const bytes = readFileSync(join(worker.folder, `worker.db${suffix}`)).toString("latin1");
			expect(bytes).not.toContain(agent.secrets.code);
		}
	});
});

describe("a signed request", () => {
	let agent: TestAgent;
	beforeAll(async () => {
		agent = await ada.link();
	});
	const send = (authorization: string, raw = "{}") =>
		worker.call("POST", "/agent/relay-token", { raw, origin: null, headers: { authorization } });

	it("gives a token that the relay accepts, for this agent only", async () => {
		const camera = await ada.addCamera(agent);
		const { json } = await agent.call("/agent/relay-token");
		const keys = await importVerificationKeys(
			JSON.parse(readFileSync(join(worker.folder, "secrets/relay-token-keys.json"), "utf8")),
		);
		const claims = await verifyRelayToken(String(json?.["token"]), { audience: "relay-1", keys, nowMs: Date.now() });
		expect(json).toMatchObject({ url: `https://localhost:4433/${ada.accountId}`, certificateHashes: ["aGFzaA"] });
		expect(claims).toMatchObject({ root: ada.accountId, get: [] });
		expect(claims.put).toEqual([camera, expect.stringMatching(/^\.peer\/[\w-]{22}$/)]);
		expect(claims.mivisus.ref).toEqual(expect.arrayContaining([`agent:${agent.id}`, `account:${ada.accountId}`]));
	});
	it("works once", async () => {
		await agent.challenge();
		const authorization = await agent.sign("/agent/relay-token", "{}");
		expect((await send(authorization)).status).toBe(200);
		expect((await send(authorization)).problem).toBe("bad-assertion");
	});
	it("50 copies at the same instant: one is served", async () => {
		await agent.challenge();
		const authorization = await agent.sign("/agent/relay-token", "{}");
		const answers = await Promise.all(Array.from({ length: 50 }, () => send(authorization)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
	});
	it("asks for a nonce, and brings a fresh one, when there is none or a stale one", async () => {
		for (const authorization of ["", "Bearer x", "Mivisus-Agent"]) {
			const answer = await send(authorization);
			expect(answer, authorization).toMatchObject({ status: 401, problem: "nonce-required" });
			expect(answer.headers.get("mivisus-nonce")).toMatch(/.{16}/);
		}
		const [, salt, mark] = agent.nonce.split(".");
		for (const nonce of [`${Date.now() - 1}.${salt}.${mark}`, `${Date.now() + 9e9}.${salt}.${mark}`, "x".repeat(30)]) {
			expect((await send(await agent.sign("/agent/relay-token", "{}", { nonce }))).problem).toBe("nonce-required");
		}
	});
	it("is bound to origin, method, path, body and key", async () => {
		await agent.challenge();
		const stranger = await Keys.make();
		const path = "/agent/relay-token";
		const bad = {
			"another service": await agent.sign(path, "{}", { aud: "https://evil.example" }),
			"another method": await agent.sign(path, "{}", { method: "GET" }),
			"another path": await agent.sign("/agent/state", "{}"),
			"another body": await agent.sign(path, '{"x":1}'),
			"another key": await agent.sign(path, "{}", {}, stranger.signPrivate),
			"no statement": "Mivisus-Agent nonsense",
		};
		for (const [what, authorization] of Object.entries(bad)) {
			expect((await send(authorization)).problem, what).toBe("bad-assertion");
		}
		const good = await agent.sign(path, "{}");
		const [body = "", mark = ""] = good.replace("Mivisus-Agent ", "").split(".");
		const bytes = fromBase64Url(mark);
		bytes[5] = bytes[5]! ^ 1;
		expect((await send(`Mivisus-Agent ${body}.${toBase64Url(bytes)}`)).problem).toBe("bad-assertion");
		expect((await send(good)).status).toBe(200);
	});
	it("of an agent that is not there any more is told so, at once; its waiting poll ends", async () => {
		const gone = await ada.link();
		const camera = await ada.addCamera(gone);
		const { revision } = await gone.state();
		const waiting = gone.call("/agent/state", { after: revision, waitMs: 20_000 });
		await new Promise((resolve) => setTimeout(resolve, 200));
		const started = Date.now();
		expect((await ada.call("DELETE", `/agents/${gone.id}`)).status).toBe(204);
		await waiting;
		expect(Date.now() - started).toBeLessThan(2000);
		expect((await gone.call("/agent/state", { after: 0, waitMs: 0 })).problem).toBe("agent-unlinked");
		expect((await gone.call("/agent/relay-token")).problem).toBe("agent-unlinked");
		expect((await ada.call("GET", "/cameras")).text).not.toContain(camera);
		const refs = () => worker.control.heard.map(({ ref }) => ref);
		await until(() => refs().includes(`agent:${gone.id}`) && refs().includes(`camera:${camera}`), 3000);
	});
	it("an id that never was is told the same", async () => {
		const ghost = await newAgent();
		ghost.id = newId();
		expect((await ghost.call("/agent/relay-token")).problem).toBe("agent-unlinked");
	});
});
