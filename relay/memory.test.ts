import { FakeServer } from "@mivisus/transport/fake";
import { AsyncQueue } from "@mivisus/transport/moq/queue";
import { newId } from "@mivisus/wire/ids";
import { describe, expect, it, vi } from "vitest";
import { Arriving } from "./arriving.ts";
import type { UpstreamGroup } from "./broadcast.ts";
import { Directory } from "./directory.ts";
import { DEFAULT_MEMORY_MIB, MAX_SESSIONS, MIN_MEMORY_MIB, VIEWER_WINDOW_BYTES } from "./limits.ts";
import { silentLog } from "./log.ts";
import { planMemory, sessionCost } from "./memory.ts";
import { Meter } from "./meter.ts";
import { Relay } from "./plane.ts";
import { Queues } from "./queues.ts";
import { Subscriber } from "./subscriber.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";

const MIB = 1024 * 1024;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the arithmetic of the memory ceiling", () => {
	it.each([MIN_MEMORY_MIB, DEFAULT_MEMORY_MIB, 16_384])("of %d MiB nothing is given twice", (memoryMiB) => {
		const plan = planMemory(memoryMiB);
		const parts = [plan.sessionBytes, plan.cachedBytes, plan.queuedBytes, plan.arrivingBytes];
		for (const part of parts) expect(part).toBeGreaterThan(25 * MIB);
		const sum = parts.reduce((all, part) => all + part, 0);
		expect(sum).toBeLessThanOrEqual(memoryMiB * MIB - 256 * MIB);
		expect(plan.accountCachedBytes).toBeLessThan(plan.cachedBytes);
	});
	it("of the default all sessions fit that the relay takes", () => {
		const viewers = planMemory(DEFAULT_MEMORY_MIB).sessionBytes / sessionCost(VIEWER_WINDOW_BYTES);
		expect(viewers).toBeGreaterThan(MAX_SESSIONS);
	});
});

/** A relay of the least memory on the strict fake; `state.residentMiB` is what it is told it holds. */
async function small() {
	const worker = await TestWorker.create();
	const lines: string[] = [];
	const log = { ...silentLog, info: (_: object, text: string) => void lines.push(text) };
	const warn = (_: object, text: string) => void lines.push(text);
	const state = { residentMiB: 100 };
	const relay = new Relay({
		config: { ...(await testConfig(worker)), memoryMiB: MIN_MEMORY_MIB },
		log: { ...log, warn },
		now: Date.now,
		residentBytes: () => state.residentMiB * MIB,
	});
	const server = new FakeServer();
	void relay.serve(server);
	const enter = async (put: string[] = []) => {
		const root = newId();
		return server.connect(new URL(`https://fake.test/${root}?jwt=${await worker.token({ root, put })}`));
	};
	return { relay, server, state, lines, enter };
}

describe("a relay of little memory", () => {
	it("R4: takes as many viewers as the arithmetic says and refuses one more, until one leaves", async () => {
		const { relay, server, enter } = await small();
		const most = Math.floor(relay.memory.sessionBytes / sessionCost(VIEWER_WINDOW_BYTES));
		expect(most).toBeLessThan(MAX_SESSIONS);
		const sessions = [];
		for (let n = 0; n < most; n++) sessions.push(await enter([".peer/x"]));
		await expect(enter()).rejects.toThrow("refused");
		expect(relay.meter.refused.memory).toBe(1);
		sessions[0]!.close(0, "");
		await vi.waitUntil(() => relay.meter.sessionsOver.fake === 1);
		await enter();
		await expect(enter()).rejects.toThrow("refused");
		relay.end();
		server.close();
	});
	it("counts a publisher as what it may send unread", async () => {
		const { relay, server, enter } = await small();
		const most = Math.floor(relay.memory.sessionBytes / sessionCost(2 * MIB));
		for (let n = 0; n < most; n++) await enter(["camera"]);
		await expect(enter(["camera"])).rejects.toThrow("refused");
		relay.end();
		server.close();
	});
	it("above 90 % of its ceiling lets nobody in and says so once, until it is below 85 %", async () => {
		const { relay, server, state, lines, enter } = await small();
		const inside = await enter();
		state.residentMiB = MIN_MEMORY_MIB * 0.9;
		relay.tick();
		await enter();
		state.residentMiB = MIN_MEMORY_MIB * 0.9 + 1;
		for (let n = 0; n < 5; n++) relay.tick();
		await expect(enter()).rejects.toThrow("refused");
		expect(lines.filter((line) => line.startsWith("memory is short"))).toHaveLength(1);
		state.residentMiB = MIN_MEMORY_MIB * 0.85 + 1;
		relay.tick();
		await expect(enter()).rejects.toThrow("refused");
		expect(relay.meter.refused.memory).toBe(2);
		state.residentMiB = MIN_MEMORY_MIB * 0.85;
		for (let n = 0; n < 5; n++) relay.tick();
		await enter();
		expect(lines.filter((line) => line === "memory is enough again")).toHaveLength(1);
		let ended = false;
		void inside.closed.then(() => {
			ended = true;
		});
		await turn();
		expect(ended).toBe(false);
		relay.end();
		server.close();
	});
});

describe("caches", () => {
	it("of all accounts together hold their budget, and one account its share of it", async () => {
		const plan = { ...planMemory(MIN_MEMORY_MIB), cachedBytes: 10_000, accountCachedBytes: 4000 };
		const directory = new Directory(new Meter(), plan);
		const cached = async (root: string, bytes: number) => {
			const groups = new AsyncQueue<UpstreamGroup>();
			const broadcast = directory.publish(root, newId(), async () => ({ groups, close: () => groups.end() }));
			await broadcast.lease("video", 1);
			const frames = [new Uint8Array(bytes - 2)];
			groups.push({ sequence: 0, next: async () => frames.shift() ?? null, stop: () => {} });
			await turn();
			return directory.cachedBytes;
		};
		expect(await cached("a", 4000)).toBe(4000);
		expect(await cached("a", 100)).toBe(4000);
		expect(await cached("b", 4000)).toBe(8000);
		expect(await cached("c", 2001)).toBe(8000);
		expect(await cached("d", 2000)).toBe(10_000);
	});
	it("are given up when memory is short, and filled again afterwards", async () => {
		const directory = new Directory();
		const groups = new AsyncQueue<UpstreamGroup>();
		const frames = new AsyncQueue<Uint8Array>();
		const next = async () => (await frames.next()).value ?? null;
		const broadcast = directory.publish("root", "camera", async () => ({ groups, close: () => groups.end() }));
		await broadcast.lease("video", 1);
		groups.push({ sequence: 0, next, stop: () => {} });
		frames.push(new Uint8Array(996));
		await turn();
		expect(directory.cachedBytes).toBe(998);
		directory.keep(false);
		expect(directory.cachedBytes).toBe(0);
		groups.push({ sequence: 1, next, stop: () => {} });
		frames.push(new Uint8Array(996));
		frames.push(new Uint8Array(996));
		await turn();
		expect(directory.cachedBytes).toBe(0);
		directory.keep(true);
		groups.push({ sequence: 2, next: async () => new Promise(() => {}), stop: () => {} });
		await turn();
		groups.push({ sequence: 3, next, stop: () => {} });
		frames.push(new Uint8Array(996));
		frames.push(new Uint8Array(996));
		frames.push(new Uint8Array(996));
		await vi.waitUntil(() => directory.cachedBytes > 0);
	});
});

describe("all queues together", () => {
	/** A subscriber that takes nothing, with `groups` of so many bytes waiting. */
	const frozen = (queues: Queues, meter: Meter) =>
		new Subscriber(
			() => new Promise(() => {}),
			() => 0,
			{ queues, meter },
		);
	const give = (subscriber: Subscriber, sequence: number, bytes: number) => {
		subscriber.begin(sequence);
		subscriber.push(sequence, new Uint8Array(bytes));
	};

	it("hold their budget; one byte more costs whoever has the most its older group", async () => {
		const [queues, meter] = [new Queues(10_000), new Meter()];
		const [heavy, light, keepsUp] = [frozen(queues, meter), frozen(queues, meter), frozen(queues, meter)];
		give(heavy, 1, 4000);
		give(heavy, 2, 2000);
		give(light, 1, 3999);
		give(keepsUp, 1, 1);
		expect([queues.bytes, meter.groupsDropped.memory]).toEqual([10_000, 0]);
		give(keepsUp, 2, 1);
		expect(meter.groupsDropped).toEqual({ slow: 0, memory: 1 });
		expect([heavy.droppedGroups, light.droppedGroups, keepsUp.droppedGroups]).toEqual([1, 0, 0]);
		expect([heavy.heldBytes, queues.bytes]).toEqual([2000, 6001]);
	});
	it("whose newest groups alone are too large lose the largest of these", () => {
		const [queues, meter] = [new Queues(10_000), new Meter()];
		const [heavy, light] = [frozen(queues, meter), frozen(queues, meter)];
		give(heavy, 1, 7000);
		give(light, 1, 3000);
		light.push(1, new Uint8Array(1));
		expect([heavy.heldBytes, light.heldBytes]).toEqual([0, 3001]);
	});
	it("count what came from a cache, too: it outlives the cache in a queue that does not move", () => {
		const [queues, meter] = [new Queues(10_000), new Meter()];
		const [heavy, other] = [frozen(queues, meter), frozen(queues, meter)];
		heavy.replay(1, [new Uint8Array(9000)]);
		expect([heavy.queuedBytes, heavy.heldBytes, queues.bytes]).toEqual([0, 9000, 9000]);
		give(other, 1, 1001);
		expect([heavy.heldBytes, other.heldBytes, queues.bytes]).toEqual([0, 1001, 1001]);
		heavy.close();
		other.close();
		expect(queues.bytes).toBe(0);
	});
	it("are empty when everything was written", async () => {
		const queues = new Queues(10_000);
		const sink = { writeEncoded: async () => {}, finish: async () => {}, reset: () => {} };
		const subscriber = new Subscriber(
			async () => sink,
			() => 0,
			{ queues },
		);
		subscriber.replay(1, [new Uint8Array(9000)]);
		give(subscriber, 2, 500);
		await turn();
		await turn();
		expect([queues.bytes, subscriber.heldBytes]).toEqual([0, 0]);
	});
});

describe("frames that never arrive whole", () => {
	const group = () => {
		const state = { stopped: 0, held: (_: number) => {} };
		const stop = () => {
			state.stopped += 1;
		};
		const onHeld = (listener: (bytes: number) => void) => {
			state.held = listener;
		};
		return { state, group: { sequence: 0, next: async () => null, stop, onHeld } };
	};
	it("hold their budget; one byte more costs the largest its group, not who sent that byte", () => {
		const arriving = new Arriving(10_000);
		const [large, small] = [group(), group()];
		arriving.follow(large.group);
		const over = arriving.follow(small.group);
		large.state.held(8000);
		small.state.held(2000);
		expect([large.state.stopped, small.state.stopped, arriving.bytes]).toEqual([0, 0, 10_000]);
		small.state.held(1);
		expect([large.state.stopped, small.state.stopped, arriving.bytes]).toEqual([1, 0, 2001]);
		large.state.held(5);
		small.state.held(-1000);
		expect(arriving.bytes).toBe(1001);
		over();
		expect(arriving.bytes).toBe(0);
	});
	it("are forgotten with their group, whether it was given up or finished", async () => {
		const directory = new Directory();
		const groups = new AsyncQueue<UpstreamGroup>();
		const broadcast = directory.publish("root", "camera", async () => ({ groups, close: () => groups.end() }));
		await broadcast.lease("video", 1);
		const [reset, finished] = [group(), group()];
		let fail = (_: Error) => {};
		const failing = new Promise<never>((_, reject) => {
			fail = reject;
		});
		groups.push({ ...reset.group, next: () => failing });
		groups.push({ ...finished.group, sequence: 1 });
		await turn();
		reset.state.held(500);
		finished.state.held(70);
		expect(directory.arrivingBytes).toBe(500);
		fail(new Error("reset"));
		await turn();
		expect(directory.arrivingBytes).toBe(0);
	});
});
