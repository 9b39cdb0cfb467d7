import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RunningAgent } from "./running.ts";
import type { StateStore } from "./secrets/state.ts";
import { NotStored } from "./supervisor.ts";
import { LinkedAgent } from "./testing/linked-agent.ts";
import { runOptions } from "./testing/run-options.ts";

const OFF = { mode: "off" as const, hours: [] };

let linked: LinkedAgent;
let store: StateStore;
let agent: RunningAgent;
let stop: AbortController;
let running: Promise<unknown>;
/** A camera that takes a connection and then says nothing; its connections. */
let camera: Server;
let connections: Socket[];
let id: string;
/** Starts and stops of the agent's own source. */
let reads: { starts: number; stops: number };
beforeEach(async () => {
	connections = [];
	camera = createServer((socket) => connections.push(socket.on("error", () => {}).resume()));
	await new Promise<void>((resolve) => camera.listen(0, "127.0.0.1", resolve));
	linked = await LinkedAgent.create();
	store = linked.store;
	id = await linked.addCamera({ ready: true }, (camera.address() as AddressInfo).port);
	reads = { starts: 0, stops: 0 };
	agent = new RunningAgent({
		...runOptions(linked.home),
		store,
		identity: linked.identity,
		createSource: () => ({
			start: () => {
				reads.starts += 1;
			},
			stop: async () => {
				reads.stops += 1;
			},
		}),
	});
	stop = new AbortController();
	running = agent.run(stop.signal);
	await vi.waitUntil(() => reads.starts === 1);
});
afterEach(async () => {
	vi.restoreAllMocks();
	stop.abort();
	await running;
	for (const socket of connections) socket.destroy();
	camera.close();
	linked.remove();
});

it("A12: a test that is under way ends at once when its camera is switched off", async () => {
	const testing = agent.test({ id }, () => {}, new AbortController().signal);
	await vi.waitUntil(() => connections.length === 1);
	const closed = new Promise((resolve) => connections[0]?.on("close", resolve));
	agent.setPrivacy(id, OFF);
	expect(await testing).toEqual({
		ok: false,
		code: "camera-unreachable",
		reason: "The camera is switched off here. Nothing reads it.",
	});
	await closed;
	await expect(agent.test({ id }, () => {}, new AbortController().signal)).rejects.toThrow("switched off here");
	expect(connections).toHaveLength(1);
});
it("A12: off is obeyed although it cannot be stored, and whoever set it is told; on is not pretended", async () => {
	vi.spyOn(store, "save").mockImplementation(() => {
		throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
	});
	expect(() => agent.setPrivacy(id, OFF)).toThrow(NotStored);
	expect(() => agent.setPrivacy(id, OFF)).toThrow("will not outlive a restart");
	expect(reads.stops).toBe(1);
	expect(agent.view().cameras[0]).toMatchObject({ state: "off", privacy: OFF });
	expect(() => agent.setPrivacy(id, { mode: "on", hours: [] })).toThrow("nothing was changed");
	expect(agent.view().cameras[0]).toMatchObject({ state: "off", privacy: OFF });
	vi.restoreAllMocks();
	expect(agent.setPrivacy(id, { mode: "on", hours: [] })).toBe(true);
	expect(reads.starts).toBe(2);
	expect(agent.view().cameras[0]?.state).not.toBe("off");
});
