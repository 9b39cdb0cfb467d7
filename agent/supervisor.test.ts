import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { exportKey, newSignKeys } from "@mivisus/wire/keys";
import { sealCamera } from "@mivisus/wire/seal";
import { Domain, signStatement } from "@mivisus/wire/signed";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createIdentity, loadIdentity } from "./pairing/identity.ts";
import { type Privacy, wallClock } from "./privacy.ts";
import { StateStore } from "./secrets/state.ts";
import { Supervisor } from "./supervisor.ts";
import { HeldClock } from "./testing/held-clock.ts";
import { WorkerClient } from "./worker-client.ts";

it("a service that never takes the word keeps no command from being carried out", async () => {
	const keys = await newSignKeys(true);
	const [agentId, accountId, device, id, other] = [newId(), newId(), newId(), newId(), newId()];
	const identity = await createIdentity();
	const plain = new TextEncoder().encode(
		JSON.stringify({ v: 1, url: { scheme: "rtsp", host: "127.0.0.1", port: 9, path: "/" } }),
	);
	const sealedFor = async (camera: string) =>
		toBase64Url(
			await sealCamera(fromBase64Url(identity.sealPublic), { account: accountId, agent: agentId, camera }, plain),
		);
	const fields = { v: 1, id: newId(), type: "camera.remove", agent: agentId, camera: id, device, counter: 1, iat: 0 };
	const command = await signStatement(keys.privateKey, Domain.command, fields);
	const commands = [{ id: newId(), command }];
	const cameras = [{ id: other, name: "Door" }];
	const server = createServer((request, response) => {
		const taken = request.url !== "/api/agent/acks";
		response.writeHead(taken ? 200 : 503, { "content-type": "application/json", "mivisus-nonce": "n" });
		const isState = request.url === "/api/agent/state";
		response.end(JSON.stringify(isState ? { revision: 1, accountId, cameras, commands } : {}));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const home = mkdtempSync(join(tmpdir(), "mivisus-supervisor-"));
	const stop = new AbortController();
	try {
		const signKey = await exportKey("raw", keys.publicKey);
		const devices = [{ id: device, signKey, sealKey: signKey, label: "phone", counter: 0 }];
		const stored = await Promise.all(
			[id, other].map(async (camera) => ({ id: camera, sealed: await sealedFor(camera), sound: false, ready: true })),
		);
		const enrolment = { agentId, accountId, devices };
		const store = await StateStore.open(home, async () => ({ v: 1, identity, enrolment, cameras: stored }));
		const loaded = await loadIdentity(identity);
		const client = new WorkerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
		client.signer = { agentId, key: loaded.signKey };
		const reading = new Set<string>();
		const supervisor = new Supervisor({
			store,
			identity: loaded,
			client,
			createSource: (_, camera) => ({
				start: () => reading.add(camera),
				stop: async () => void reading.delete(camera),
			}),
			connect: () => Promise.reject(new Error("there is no relay")),
			clock: new HeldClock(),
			log: { info: () => {}, warn: () => {} },
		});
		const running = supervisor.run(stop.signal);
		await vi.waitUntil(() => reading.size === 2);
		await vi.waitUntil(() => reading.size === 1);
		expect([...reading]).toEqual([other]);
		stop.abort();
		await running;
	} finally {
		server.closeAllConnections();
		server.close();
		rmSync(home, { recursive: true });
	}
});
it("names of cameras that the service gives are letters alone", async () => {
	const [agentId, accountId, id] = [newId(), newId(), newId()];
	const server = createServer((request, response) => {
		response.writeHead(200, { "content-type": "application/json", "mivisus-nonce": "n" });
		const cameras = [{ id, name: "\u001b]0;owned\u0007Door" }];
		const isState = request.url === "/api/agent/state";
		if (isState) setTimeout(() => response.end(JSON.stringify({ revision: 1, accountId, cameras, commands: [] })), 50);
		else response.end("{}");
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const home = mkdtempSync(join(tmpdir(), "mivisus-supervisor-"));
	const stop = new AbortController();
	try {
		const identity = await createIdentity();
		const enrolment = { agentId, accountId, devices: [] };
		const cameras = [{ id, sealed: "box", sound: false }];
		const store = await StateStore.open(home, async () => ({ v: 1, identity, enrolment, cameras }));
		const loaded = await loadIdentity(identity);
		const client = new WorkerClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
		client.signer = { agentId, key: loaded.signKey };
		const supervisor = new Supervisor({
			store,
			identity: loaded,
			client,
			createSource: () => ({ start: () => {}, stop: async () => {} }),
			connect: () => Promise.reject(new Error("there is no relay")),
			clock: new HeldClock(),
			log: { info: () => {}, warn: () => {} },
		});
		const running = supervisor.run(stop.signal);
		await vi.waitUntil(() => store.current.cameras[0]?.name !== undefined);
		expect(store.current.cameras[0]?.name).toBe("]0;ownedDoor");
		stop.abort();
		await running;
	} finally {
		server.closeAllConnections();
		server.close();
		rmSync(home, { recursive: true });
	}
});

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
