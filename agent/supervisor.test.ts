import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { newId } from "@mivisus/wire/ids";
import { exportKey, newSignKeys } from "@mivisus/wire/keys";
import { Domain, signStatement } from "@mivisus/wire/signed";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Privacy, wallClock } from "./privacy.ts";
import { Supervisor, type SupervisorOptions } from "./supervisor.ts";
import { HeldClock } from "./testing/held-clock.ts";
import { LinkedAgent } from "./testing/linked-agent.ts";

let agent: LinkedAgent;
let stop: AbortController;
let running: Promise<unknown> | undefined;
let server: Server | undefined;
beforeEach(async () => {
	agent = await LinkedAgent.create();
	stop = new AbortController();
});
afterEach(async () => {
	stop.abort();
	await running;
	server?.closeAllConnections();
	server?.close();
	agent.remove();
});
/** A service that answers each call so: a body, or the status of a refusal. Resolves with its port. */
async function serve(answer: (path: string) => object | number | Promise<object>): Promise<number> {
	server = createServer(async (request, response) => {
		const answered = await answer(request.url ?? "");
		const status = typeof answered === "number" ? answered : 200;
		response.writeHead(status, { "content-type": "application/json", "mivisus-nonce": "n" });
		response.end(JSON.stringify(typeof answered === "number" ? {} : answered));
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	return (server.address() as AddressInfo).port;
}
/** The agent's supervisor; there is no relay. */
function supervise(options: Partial<SupervisorOptions>, port?: number): Supervisor {
	const supervisor = new Supervisor({
		store: agent.store,
		identity: agent.identity,
		client: agent.client(port),
		createSource: () => ({ start: () => {}, stop: async () => {} }),
		connect: () => Promise.reject(new Error("there is no relay")),
		clock: new HeldClock(),
		log: { info: () => {}, warn: () => {} },
		...options,
	});
	running = supervisor.run(stop.signal);
	return supervisor;
}

it("a service that never takes the word keeps no command from being carried out", async () => {
	const keys = await newSignKeys(true);
	const signKey = await exportKey("raw", keys.publicKey);
	const device = newId();
	agent.remove();
	agent = await LinkedAgent.create([{ id: device, signKey, sealKey: signKey, label: "phone", counter: 0 }]);
	const { agentId, accountId } = agent;
	const [id, other] = [await agent.addCamera({ ready: true }), await agent.addCamera({ ready: true })];
	const fields = { v: 1, id: newId(), type: "camera.remove", agent: agentId, camera: id, device, counter: 1, iat: 0 };
	const commands = [{ id: newId(), command: await signStatement(keys.privateKey, Domain.command, fields) }];
	const cameras = [{ id: other, name: "Door" }];
	const port = await serve((path) => {
		if (path === "/api/agent/acks") return 503;
		return path === "/api/agent/state" ? { revision: 1, accountId, cameras, commands } : {};
	});
	const [begun, reading] = [new Set<string>(), new Set<string>()];
	const createSource: SupervisorOptions["createSource"] = (_, camera) => ({
		start: () => {
			begun.add(camera);
			reading.add(camera);
		},
		stop: async () => void reading.delete(camera),
	});
	supervise({ createSource }, port);
	await vi.waitUntil(() => begun.size === 2 && reading.size === 1);
	expect([...reading]).toEqual([other]);
});
it("names of cameras that the service gives are letters alone", async () => {
	const id = await agent.addCamera();
	const cameras = [{ id, name: "\u001b]0;owned\u0007Door" }];
	const state = { revision: 1, accountId: agent.accountId, cameras, commands: [] };
	const port = await serve(async (path) => {
		if (path !== "/api/agent/state") return {};
		return new Promise((resolve) => setTimeout(() => resolve(state), 50));
	});
	supervise({}, port);
	await vi.waitUntil(() => agent.store.current.cameras[0]?.name !== undefined);
	expect(agent.store.current.cameras[0]?.name).toBe("]0;ownedDoor");
});

it("a service that answers every look for news at once, for ever, does not keep the agent busy", async () => {
	let looks = 0;
	const port = await serve((path) => {
		if (path !== "/api/agent/state") return {};
		looks += 1;
		return { revision: looks, accountId: "a", cameras: [], commands: [] };
	});
	supervise({ clock: { now: Date.now, after: () => () => {} } }, port);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	stop.abort();
	expect(await running).toBe("stopped");
	expect(looks).toBeGreaterThan(5);
	expect(looks).toBeLessThan(15);
});

describe("A12: the privacy switch of an agent whose service is away", () => {
	const HOURS: Privacy = { mode: "week", hours: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 22 * 60, to: 7 * 60 }] };
	let clock: HeldClock;
	beforeEach(() => {
		clock = new HeldClock();
	});
	let starts = 0;
	/** A running supervisor with one camera, and a service that is not there. */
	async function start(privacy?: Privacy, meanwhile: (supervisor: Supervisor, id: string) => void = () => {}) {
		const id = await agent.addCamera({ ...(privacy && { privacy }) });
		const createSource = () => ({
			start: () => {
				starts += 1;
			},
			stop: async () => {},
		});
		const supervisor = supervise({ createSource, clock, wall: wallClock("Europe/Paris") });
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
		expect((await agent.stored()).cameras[0]?.privacy?.mode).toBe("off");
		supervisor.setPrivacy(id, { mode: "on", hours: [] });
		expect(state()).toBe("idle");
	});
});
