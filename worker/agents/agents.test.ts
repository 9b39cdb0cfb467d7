import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, toBase64Url } from "@mivisus/wire/ids";
import { type CryptoKeyPair, exportKey, newSignKeys } from "@mivisus/wire/keys";
import { type Assertion, Domain, signStatement } from "@mivisus/wire/signed";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hmac, hmacEquals, nodeRandom, sha256 } from "../platform/node.ts";
import { agentStore } from "../store/agents.ts";
import { FileDatabase } from "../store/file-database.ts";
import { usedStore } from "../store/passkeys.ts";
import { accountRow } from "../store/testing/rows.ts";
import { type Agent, type AgentStore, Agents, type Device } from "./agents.ts";

const MINUTE = 60_000;
const key = nodeRandom(32);
let folder: string;
let database: FileDatabase;
let store: AgentStore;
let agents: Agents;
let now: number;
let keys: CryptoKeyPair;
let signKey: string;
const account = newId();
beforeEach(async () => {
	now = Date.UTC(2026, 10, 25);
	folder = mkdtempSync(join(tmpdir(), "mivisus-agents-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
	await database.write((db) => db.insertInto("accounts").values(accountRow("a", account)).execute());
	store = agentStore(
		database,
		() => {},
		() => {},
	);
	agents = new Agents({
		store,
		clock: { now: () => now },
		hash: sha256,
		nonceMac: { make: (text) => hmac(key, text), check: (text, mark) => hmacEquals(key, text, mark) },
		random: nodeRandom,
	});
	keys = await newSignKeys(true);
	signKey = await exportKey("raw", keys.publicKey);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

const code = () => toBase64Url(nodeRandom(16));
const claimOf = (deviceLabel = "Laptop") => ({
	deviceSignKey: signKey,
	deviceSealKey: signKey,
	deviceLabel,
	mac: signKey,
});
async function linked(): Promise<string> {
	const link = code();
	await agents.announce({ code: link, name: "Attic", signKey, sealKey: signKey });
	return (await agents.claim(account, { code: link, ...claimOf() })).agentId;
}

describe("a code", () => {
	it("is used up by one claim in the store itself, whoever looked at it before", async () => {
		const link = code();
		await agents.announce({ code: link, name: "Attic", signKey, sealKey: signKey });
		const claims = await Promise.all(
			Array.from({ length: 20 }, () => {
				const agent: Agent = {
					id: newId(),
					accountId: account,
					name: "Attic",
					signKey,
					sealKey: signKey,
					state: "claimed",
					lastSeenDay: null,
					createdAt: now,
				};
				const device: Device = { ...agent, id: newId(), agentId: agent.id, label: "Laptop", confirmed: false };
				return store.claim(sha256(link), agent, device, "mac", now);
			}),
		);
		expect(claims.filter(Boolean)).toHaveLength(1);
		expect(await store.list(account)).toHaveLength(1);
		expect(await store.devices(account)).toHaveLength(1);
	});
	it("lives ten minutes, to the millisecond", async () => {
		const link = code();
		await agents.announce({ code: link, name: "Attic", signKey, sealKey: signKey });
		now += 10 * MINUTE - 1;
		expect(await agents.poll(link)).toEqual({ state: "waiting" });
		now += 1;
		for (const act of [agents.poll(link), agents.lookup(link), agents.claim(account, { code: link, ...claimOf() })]) {
			await expect(act).rejects.toMatchObject({ code: "code-unusable" });
		}
	});
	it("no further agent is taken in at the limit", async () => {
		for (let i = 0; i < 16; i++) await linked();
		await expect(linked()).rejects.toMatchObject({ code: "too-many" });
	});
});

describe("an assertion", () => {
	const request = { origin: "https://mivisus.test", method: "POST", path: "/api/agent/state", body: "{}" };
	const sign = (agent: string, nonce: string, jti = newId()) => {
		const { origin: aud, method, path, body } = request;
		const assertion: Assertion = { agent, aud, nonce, method, path, bodySha256: sha256(body), jti, iat: 1 };
		return signStatement(keys.privateKey, Domain.assertion, assertion);
	};
	it("lives as long as its nonce: five minutes", async () => {
		const agent = await linked();
		const nonce = agents.nonce();
		now += 5 * MINUTE - 1;
		expect((await agents.authenticate(await sign(agent, nonce), request)).id).toBe(agent);
		now += 1;
		await expect(agents.authenticate(await sign(agent, nonce), request)).rejects.toMatchObject({
			code: "nonce-required",
		});
	});
	it("works once for as long as it could work at all", async () => {
		const agent = await linked();
		const statement = await sign(agent, agents.nonce());
		await agents.authenticate(statement, request);
		for (const wait of [0, 1000, 4 * MINUTE]) {
			now += wait;
			await expect(agents.authenticate(statement, request)).rejects.toMatchObject({ code: "bad-assertion" });
		}
		now += MINUTE;
		await expect(agents.authenticate(statement, request)).rejects.toMatchObject({ code: "nonce-required" });
	});
	it("works once for all processes that share the database", async () => {
		const processes = [0, 1].map(
			() =>
				new Agents({
					store,
					clock: { now: () => now },
					hash: sha256,
					nonceMac: { make: (text) => hmac(key, text), check: (text, mark) => hmacEquals(key, text, mark) },
					random: nodeRandom,
					useOnce: usedStore(database),
				}),
		);
		const statement = await sign(await linked(), agents.nonce());
		const answers = await Promise.allSettled(processes.map((each) => each.authenticate(statement, request)));
		expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
	});
	it("two agents may choose the same number", async () => {
		const [one, two] = [await linked(), await linked()];
		const [nonce, jti] = [agents.nonce(), newId()];
		expect((await agents.authenticate(await sign(one, nonce, jti), request)).id).toBe(one);
		expect((await agents.authenticate(await sign(two, nonce, jti), request)).id).toBe(two);
	});
});
