import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { afterEach, beforeEach, expect, it } from "vitest";
import { assemble, type Worker } from "../assemble.ts";
import { newSecrets, useSecrets } from "../platform/secrets.ts";
import { RemoteDatabase } from "../store/remote-database.ts";
import { HranaEndpoint } from "../store/testing/hrana.ts";

const ORIGIN = "https://mivisus.example";
let folder: string;
let endpoint: HranaEndpoint;
let database: RemoteDatabase;
let worker: Worker;
let faults: string[];
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-unavailable-"));
	endpoint = await HranaEndpoint.start({ file: join(folder, "db"), token: "t", idleMs: 500 });
	database = new RemoteDatabase({ url: endpoint.url, authToken: "t" });
	await database.migrate();
	faults = [];
	worker = assemble({
		database,
		secrets: await useSecrets(await newSecrets()),
		origin: ORIGIN,
		relay: { url: "https://relay.example", control: "http://127.0.0.1:1", instance: "relay-1" },
		clock: { now: Date.now },
		after: () => () => {},
		keep: () => {},
		addressOf: () => "192.0.2.1",
		onFault: ({ name }) => faults.push(name),
		mailer: { send: async () => {} },
		onMail: () => {},
		region: "self-hosted",
		recipients: [],
	});
});
afterEach(async () => {
	endpoint.cut = undefined;
	await database.close();
	await endpoint.close();
	rmSync(folder, { recursive: true });
});

const post = (path: string, body: object) =>
	worker.app.request(`${ORIGIN}/api${path}`, {
		method: "POST",
		headers: { origin: ORIGIN, "content-type": "application/json" },
		body: JSON.stringify(body),
	});
const signUp = { email: "ada@example.test", fullName: "Ada", password: "a calm sentence of mine", language: "en" };

it.each(["request", "answer"] as const)(
	"D6: the database cut off (%s lost): refused with words and headers, never as done, and it works again afterwards",
	async (cut) => {
		endpoint.cut = cut;
		for (const [path, body] of [
			["/session", { email: "ada@example.test", password: "x" }],
			["/accounts", { ...signUp, terms: TERMS_VERSION, agreement: AGREEMENT_VERSION }],
		] as const) {
			const answer = await post(path, body);
			expect(answer.status, path).toBe(503);
			expect(await answer.json(), path).toMatchObject({
				type: "https://mivisus.com/problems/unavailable",
				status: 503,
			});
			expect(Number(answer.headers.get("retry-after")), path).toBeGreaterThan(0);
			expect(answer.headers.get("content-security-policy"), path).toContain("default-src 'none'");
			expect(answer.headers.get("set-cookie"), path).toBeNull();
		}
		expect(faults).toEqual(["DatabaseUnavailable", "DatabaseUnavailable"]);
		endpoint.cut = undefined;
		expect((await post("/session", { email: "ada@example.test", password: "x" })).status).toBe(401);
		expect(await database.read.selectFrom("accounts").select("id").execute()).toEqual([]);
	},
);
