import { FakeServer } from "@mivisus/transport/fake";
import { newId } from "@mivisus/wire/ids";
import { describe, expect, it, vi } from "vitest";
import { LOG_INTERVAL_MS, SESSIONS_PER_DEBUG_LINE, TICK_MS } from "./limits.ts";
import type { Log } from "./log.ts";
import { Relay } from "./plane.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";

const START = Date.now();

/** A relay on the strict fake with a clock and a log in the test's hand. */
async function setUp() {
	const worker = await TestWorker.create();
	const state = { nowMs: START, lines: [] as { level: string; facts: object; text: string }[] };
	const at = (level: string) => (facts: object, text: string) => void state.lines.push({ level, facts, text });
	const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
	const relay = new Relay({ config: await testConfig(worker), log, now: () => state.nowMs });
	const server = new FakeServer();
	void relay.serve(server);
	/** Lets an interval pass, tick by tick. */
	const interval = () => {
		for (let ms = 0; ms < LOG_INTERVAL_MS; ms += TICK_MS) {
			state.nowMs += TICK_MS;
			relay.tick();
		}
		return state.lines.splice(0).filter(({ level }) => level !== "debug");
	};
	const url = async (root: string) =>
		new URL(`https://fake.test/${root}?jwt=${await worker.token({ root }, state.nowMs)}`);
	return { relay, server, state, interval, url };
}

describe("the relay's log", () => {
	it("a flood of bad requests and of sessions is one line for each kind and interval; silence is none", async () => {
		const { relay, server, state, interval, url } = await setUp();
		const bad = new URL("https://fake.test/x?jwt=nonsense");
		for (let n = 0; n < 3000; n++) {
			await expect(server.connect(bad)).rejects.toThrow("refused");
			if (n % 100 > 0) continue;
			// Half of the interval passes meanwhile.
			state.nowMs += TICK_MS;
			relay.tick();
		}
		const sessions = [];
		for (let n = 0; n < 300; n++) sessions.push(await server.connect(await url(newId())));
		await vi.waitUntil(() => relay.meter.sessionsBegun.fake === 300);
		expect(state.lines.filter(({ level }) => level !== "debug")).toEqual([]);
		expect(interval()).toEqual([
			{ level: "info", text: "sessions", facts: { begun: { fake: 300 }, ended: undefined } },
			{ level: "info", text: "sessions refused", facts: { "token-malformed": 3000 } },
		]);
		expect(interval()).toEqual([]);
		for (const session of sessions) session.close(0, "");
		await vi.waitUntil(() => relay.meter.sessionsOver.fake === 300);
		expect(interval()).toEqual([
			{ level: "info", text: "sessions", facts: { begun: undefined, ended: { "by-peer": 300 } } },
		]);
		expect(interval()).toEqual([]);
		relay.end();
		expect(state.lines).toEqual([]);
		server.close();
	});
	it("tells a few of many sessions one by one, from the beginning to the end", async () => {
		const { relay, server, state, url } = await setUp();
		const many = SESSIONS_PER_DEBUG_LINE * 2 + 1;
		for (let n = 0; n < many; n++) (await server.connect(await url(newId()))).close(0, "");
		await vi.waitUntil(() => relay.meter.sessionsOver.fake === many);
		const began = state.lines.filter(({ text }) => text === "session began");
		expect(began.map(({ facts }) => (facts as { session: number }).session)).toEqual([
			1,
			SESSIONS_PER_DEBUG_LINE + 1,
			SESSIONS_PER_DEBUG_LINE * 2 + 1,
		]);
		expect(state.lines.filter(({ text }) => text === "session ended")).toHaveLength(3);
		server.close();
	});
	it("requests that fail are counted with the last one's reason; what is left is told at the end", async () => {
		const { relay, state, interval } = await setUp();
		const answers = [() => Promise.reject(new Error("odd")), () => Promise.reject(new Error("broken"))];
		await relay.serve({ transport: "tcp", port: 0, next: () => (answers.shift() ?? (async () => null))() });
		expect(state.lines).toEqual([]);
		expect(interval()).toEqual([
			{ level: "warn", text: "requests could not be taken", facts: { tcp: 2, last: "broken" } },
		]);
		relay.meter.groupsDropped.slow += 5;
		relay.meter.sessionsEnded.lagging += 2;
		relay.end();
		expect(state.lines.map(({ level, text }) => [level, text])).toEqual([
			["info", "sessions"],
			["warn", "sessions cut that did not read"],
			["info", "groups dropped"],
		]);
	});
});
