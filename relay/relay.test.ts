import { FakeServer, fakePair } from "@mivisus/transport/fake";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RelayConfig } from "./config.ts";
import { MAX_ACCOUNT_SESSIONS, MAX_SESSIONS } from "./limits.ts";
import { silentLog } from "./log.ts";
import { Relay } from "./plane.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";

let worker: TestWorker;
let config: RelayConfig;
beforeEach(async () => {
	worker = await TestWorker.create();
	config = await testConfig(worker);
});
/** What a server is besides its requests. */
const place = { transport: "fake", port: 0 } as const;
const urlFor = async (root: string) => new URL(`https://fake.test/${root}?jwt=${await worker.token({ root })}`);

describe("a data plane", () => {
	it("holds as many sessions as allowed and refuses one more, until one leaves", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		const server = new FakeServer();
		void relay.serve(server);
		const sessions = [];
		for (let i = 0; i < MAX_SESSIONS; i++) sessions.push(await server.connect(await urlFor(newId())));
		await expect(server.connect(await urlFor(newId()))).rejects.toThrow("refused");
		sessions[0]!.close(0, "");
		await new Promise((resolve) => setTimeout(resolve, 5));
		await server.connect(await urlFor(newId()));
		relay.end();
		server.close();
	});
	it("that ends tells everybody to go, and lets nobody in again to be lost a moment later", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		const server = new FakeServer();
		void relay.serve(server);
		const session = await server.connect(await urlFor(newId()));
		relay.end();
		expect((await session.closed).code).toBe(WIRE_ERROR_CODES["going-away"]);
		await expect(server.connect(await urlFor(newId()))).rejects.toThrow("refused");
		server.close();
	});
	it("R4: one account cannot take everybody's places, and gets its own back", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		const server = new FakeServer();
		void relay.serve(server);
		const root = newId();
		const sessions = [];
		for (let i = 0; i < MAX_ACCOUNT_SESSIONS; i++) sessions.push(await server.connect(await urlFor(root)));
		await expect(server.connect(await urlFor(root))).rejects.toThrow("refused");
		await server.connect(await urlFor(newId()));
		sessions[0]!.close(0, "");
		await new Promise((resolve) => setTimeout(resolve, 5));
		await server.connect(await urlFor(root));
		relay.end();
		server.close();
	});
	it("R3: strangers who take no answer hold no place of honest peers", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		const never = () => new Promise<never>(() => {});
		const stranger = {
			path: "/x",
			query: new URLSearchParams(),
			remoteAddress: undefined,
			accept: never,
			reject: never,
		};
		let strangers = MAX_SESSIONS;
		await relay.serve({ ...place, next: async () => (strangers-- > 0 ? stranger : null) });
		const server = new FakeServer();
		void relay.serve(server);
		await server.connect(await urlFor(newId()));
		relay.end();
		server.close();
	});
	it("R3: an admitted peer that takes no answer is given up after its time", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now, acceptMs: 20 });
		const { pathname: path, searchParams: query } = await urlFor(newId());
		const { client, server } = fakePair();
		let accept = (_: typeof server) => {};
		const accepted = new Promise<typeof server>((resolve) => {
			accept = resolve;
		});
		const requests = [{ path, query, remoteAddress: undefined, reject: async () => {}, accept: () => accepted }];
		await relay.serve({ ...place, next: async () => requests.shift() ?? null });
		await vi.waitUntil(() => relay.meter.enterFailures === 1);
		// One that takes it after all finds nobody.
		accept(server);
		expect((await client.closed).code).toBe(WIRE_ERROR_CODES.timeout);
		expect(relay.sessions.size).toBe(0);
	});
	it("ends a session whose right was taken back while it was let in", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		const root = newId();
		const url = await urlFor(root);
		const { client, server } = fakePair(url);
		const request = {
			path: url.pathname,
			query: url.searchParams,
			remoteAddress: undefined,
			reject: async () => {},
			accept: async () => {
				const iat = Math.floor(Date.now() / 1000);
				relay.revocations.apply([{ seq: 1, ref: `account:${root}`, iat }], Date.now());
				return server;
			},
		};
		const requests = [request];
		await relay.serve({ ...place, next: async () => requests.shift() ?? null });
		expect((await client.closed).code).toBe(WIRE_ERROR_CODES.revoked);
	});
	it("goes on after a request that could not be taken, and gives up only when all fail", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		let failing = 0;
		const answers = [() => Promise.reject(new Error("odd")), async () => null];
		await relay.serve({ ...place, next: () => (answers.shift() ?? (async () => null))() });
		const broken = relay.serve({
			...place,
			next: () => {
				failing += 1;
				return Promise.reject(new Error("broken"));
			},
		});
		await expect(broken).rejects.toThrow("no request");
		expect(failing).toBe(20);
	});
});
