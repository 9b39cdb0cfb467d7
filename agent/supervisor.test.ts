import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { expect, it } from "vitest";
import { createIdentity, loadIdentity } from "./pairing/identity.ts";
import { StateStore } from "./secrets/state.ts";
import { Supervisor } from "./supervisor.ts";
import { WorkerClient } from "./worker-client.ts";

it("a service that answers every look for news at once, for ever, does not keep the agent busy", async () => {
	let looks = 0;
	const server = createServer((request, response) => {
		response.writeHead(200, { "content-type": "application/json", "mivisus-nonce": "n" });
		if (request.url !== "/api/agent/state") return response.end("{}");
		looks += 1;
		response.end(JSON.stringify({ revision: looks, accountId: "a", cameras: [], commands: [] }));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const home = mkdtempSync(join(tmpdir(), "mivisus-supervisor-"));
	const stop = new AbortController();
	try {
		const [agentId, accountId] = [newId(), newId()];
		const enrolment = { agentId, accountId, devices: [] };
		const store = await StateStore.open(home, async () => ({
			v: 1,
			identity: await createIdentity(),
			enrolment,
			cameras: [],
		}));
		const identity = await loadIdentity(store.current.identity);
		const client = new WorkerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
		client.signer = { agentId, key: identity.signKey };
		const supervisor = new Supervisor({
			store,
			identity,
			client,
			createSource: () => {
				throw new Error("there is no camera");
			},
			connect: () => Promise.reject(new Error("there is no relay")),
			clock: { now: Date.now, after: () => () => {} },
			log: { info: () => {}, warn: () => {} },
		});
		const running = supervisor.run(stop.signal);
		await new Promise((resolve) => setTimeout(resolve, 1500));
		stop.abort();
		expect(await running).toBe("stopped");
		expect(looks).toBeGreaterThan(5);
		expect(looks).toBeLessThan(15);
	} finally {
		server.closeAllConnections();
		server.close();
		rmSync(home, { recursive: true });
	}
});
