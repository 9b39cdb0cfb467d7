import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { sealCamera } from "@mivisus/wire/seal";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createIdentity, loadIdentity } from "./pairing/identity.ts";
import { type Privacy, wallClock } from "./privacy.ts";
import { StateStore } from "./secrets/state.ts";
import { Supervisor } from "./supervisor.ts";
import { HeldClock } from "./testing/held-clock.ts";
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

describe("A12: the privacy switch of an agent whose service is away", () => {
	const HOURS: Privacy = { mode: "week", hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 22 * 60, to: 7 * 60 }] };
	let clock: HeldClock;
	beforeEach(() => {
		clock = new HeldClock();
	});
	let starts = 0;
	let home: string;
	let stop: AbortController;
	let running: Promise<unknown>;
	afterEach(async () => {
		stop.abort();
		await running;
		rmSync(home, { recursive: true });
	});
	/** A running supervisor with one camera, linked, and a service that is not there. */
	async function start(privacy?: Privacy, meanwhile: (supervisor: Supervisor, id: string) => void = () => {}) {
		home = mkdtempSync(join(tmpdir(), "mivisus-privacy-"));
		stop = new AbortController();
		const enrolment = { agentId: newId(), accountId: newId(), devices: [] };
		const identity = await createIdentity();
		const id = newId();
		const access = { v: 1, url: { scheme: "rtsp", host: "127.0.0.1", port: 9, path: "/" } };
		const context = { account: enrolment.accountId, agent: enrolment.agentId, camera: id };
		const plain = new TextEncoder().encode(JSON.stringify(access));
		const sealed = toBase64Url(await sealCamera(fromBase64Url(identity.sealPublic), context, plain));
		const camera = { id, sealed, sound: false, ...(privacy && { privacy }) };
		const store = await StateStore.open(home, async () => ({ v: 1, identity, enrolment, cameras: [camera] }));
		const client = new WorkerClient("http://127.0.0.1:9");
		const loaded = await loadIdentity(identity);
		client.signer = { agentId: enrolment.agentId, key: loaded.signKey };
		const supervisor = new Supervisor({
			store,
			identity: loaded,
			client,
			createSource: () => ({
				start: () => {
					starts += 1;
				},
				stop: async () => {},
			}),
			connect: () => Promise.reject(new Error("there is no relay")),
			clock,
			wall: wallClock("Europe/Paris"),
			log: { info: () => {}, warn: () => {} },
		});
		running = supervisor.run(stop.signal);
		meanwhile(supervisor, id);
		await vi.waitUntil(() => supervisor.cameras[0]?.address !== undefined);
		return { supervisor, id, state: () => supervisor.cameras[0]?.state };
	}
	it("goes by the wall's minute, on and off, through the night of the clocks' change", async () => {
		clock.ms = Date.parse("2026-10-24T19:59:59.500Z");
		const { state } = await start(HOURS);
		expect(state()).toBe("idle");
		// 22:00 in Paris.
		clock.advanceTo(Date.parse("2026-10-24T20:00:00.000Z"));
		expect(state()).toBe("off");
		// 07:00, an hour later than yesterday by UTC.
		clock.advanceTo(Date.parse("2026-10-25T05:59:59.999Z"));
		expect(state()).toBe("off");
		clock.advanceTo(Date.parse("2026-10-25T06:00:00.000Z"));
		expect(state()).toBe("idle");
	});
	it("is off from the start where the start is at night", async () => {
		clock.ms = Date.parse("2026-10-24T23:00:00Z");
		const { state } = await start(HOURS);
		expect(state()).toBe("off");
	});
	it("a clock that is set is noticed within seconds", async () => {
		clock.ms = Date.parse("2026-10-24T12:00:01Z");
		const { state } = await start(HOURS);
		clock.setByMs = 9 * 3_600_000;
		clock.advance(5000);
		expect(state()).toBe("off");
	});
	it("V10: what its owner sets while the cameras are being opened holds", async () => {
		clock.ms = Date.parse("2026-10-24T12:00:00Z");
		const { supervisor, state } = await start(undefined, (opening, id) => void opening.setReady(id, true));
		expect([starts, supervisor.cameras[0]?.ready]).toEqual([1, true]);
		expect(state()).toBe("waiting");
	});
	it("is stored before it is obeyed, at once, and for cameras that are there only", async () => {
		clock.ms = Date.parse("2026-10-24T12:00:00Z");
		const { supervisor, id, state } = await start();
		expect(supervisor.setPrivacy(newId(), HOURS)).toBe(false);
		expect(supervisor.setPrivacy(id, { mode: "off", hours: [] })).toBe(true);
		expect(state()).toBe("off");
		const { current } = await StateStore.open(home, () => Promise.reject(new Error("nothing was stored")));
		expect(current.cameras[0]?.privacy?.mode).toBe("off");
		supervisor.setPrivacy(id, { mode: "on", hours: [] });
		expect(state()).toBe("idle");
	});
});
