import { FakeServer, fakePair } from "@mivisus/transport/fake";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import { beforeEach, describe, expect, it } from "vitest";
import type { RelayConfig } from "./config.ts";
import { MAX_SESSIONS } from "./limits.ts";
import { silentLog } from "./log.ts";
import { Relay } from "./plane.ts";
import { TestWorker } from "./testing/keys.ts";

let worker: TestWorker;
let config: RelayConfig;
beforeEach(async () => {
	worker = await TestWorker.create();
	const keys = await worker.keys();
	config = {
		instance: "relay-1",
		host: "::",
		port: 0,
		httpHost: "127.0.0.1",
		httpPort: 0,
		hosts: ["localhost"],
		logLevel: "error",
		tokenKeys: keys,
		controlKeys: keys,
		certificate: undefined,
	};
});
const urlFor = async (root: string) => new URL(`https://fake.test/${root}?jwt=${await worker.token({ root })}`);

describe("a data plane", () => {
	it("holds as many sessions as allowed and refuses one more, until one leaves", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		const server = new FakeServer();
		void relay.serve(server);
		const root = newId();
		const sessions = [];
		for (let i = 0; i < MAX_SESSIONS; i++) sessions.push(await server.connect(await urlFor(root)));
		await expect(server.connect(await urlFor(root))).rejects.toThrow("refused");
		sessions[0]!.close(0, "");
		await new Promise((resolve) => setTimeout(resolve, 5));
		await server.connect(await urlFor(root));
		relay.closeAll("going-away");
		server.close();
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
		await relay.serve({ port: 0, next: async () => requests.shift() ?? null });
		expect((await client.closed).code).toBe(WIRE_ERROR_CODES.revoked);
	});
	it("goes on after a request that could not be taken, and gives up only when all fail", async () => {
		const relay = new Relay({ config, log: silentLog, now: Date.now });
		let failing = 0;
		const answers = [() => Promise.reject(new Error("odd")), async () => null];
		await relay.serve({ port: 0, next: () => (answers.shift() ?? (async () => null))() });
		const broken = relay.serve({
			port: 0,
			next: () => {
				failing += 1;
				return Promise.reject(new Error("broken"));
			},
		});
		await expect(broken).rejects.toThrow("no request");
		expect(failing).toBe(20);
	});
});
