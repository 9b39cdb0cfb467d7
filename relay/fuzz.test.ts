import { FakeServer } from "@mivisus/transport/fake";
import type { SessionServer } from "@mivisus/transport/port";
import type { TcpServer } from "@mivisus/transport/tcp/server";
import { RawQmux } from "@mivisus/transport/testing/raw-qmux";
import { newId } from "@mivisus/wire/ids";
import { describe, expect, it, vi } from "vitest";
import { scaled, seeded, seedOf } from "../test/scale.ts";
import { silentLog } from "./log.ts";
import { Relay } from "./plane.ts";
import { listenTcp } from "./tcp.ts";
import { testConfig } from "./testing/config.ts";
import { fakeDoor, tcpDoor, urlOf } from "./testing/doors.ts";
import { held, heldByKind, memory } from "./testing/held.ts";
import { type Door, HonestPair, type Rights } from "./testing/honest.ts";
import { misbehave } from "./testing/hostile.ts";
import { TestWorker } from "./testing/keys.ts";
import type { Random } from "./testing/mutate.ts";
import { misbehaveInRecords } from "./testing/records.ts";

/** Mutated messages in all, and how they are shared out among the ways in. */
const MESSAGES = scaled(100_000, 1_000_000);
const SHARES = { fake: 0.7, tcp: 0.12, records: 0.18 } as const;
const TIME_MS = scaled(120_000, 1_800_000);
const MAX_DRIFT_BYTES = 20 * 1024 * 1024;
/** Hostile sessions at the same time, and messages of each at most. */
const AT_ONCE = 8;
const EACH = 150;
/** Objects that the honest pairs' first groups leave for good; a leak of one for each session would be hundreds. */
const FIRST_USE = 30;
/** Both of each of the two honest pairs. */
const HONEST = 4;

type Way = keyof typeof SHARES;
/** One hostile session; resolves with how many messages it sent. */
type Attack = (rights: Rights, random: Random, names: readonly string[]) => Promise<number>;

interface Target {
	worker: TestWorker;
	relay: Relay;
	fake: FakeServer;
	tcp: TcpServer;
}
/** The whole relay on the fake and on real TCP. */
async function start(seed: number): Promise<Target> {
	const worker = await TestWorker.create();
	const config = await testConfig(worker);
	const relay = new Relay({ config, log: silentLog, now: Date.now });
	const [fake, tcp] = [new FakeServer({ seed, bufferBytes: 2048 }), await listenTcp(config)];
	for (const server of [fake, tcp] as SessionServer[]) void relay.serve(server);
	return { worker, relay, fake, tcp };
}
function attackOf(way: Way, { worker, tcp }: Target, door: Door): Attack {
	if (way === "records") {
		return async (rights, random, names) => {
			const raw = await RawQmux.connect(await urlOf(worker, `ws://127.0.0.1:${tcp.port}`, rights));
			return misbehaveInRecords(raw, random, { names, messages: EACH });
		};
	}
	return async (rights, random, names) => misbehave(await door(rights), random, { names, messages: EACH });
}

describe("R1: whatever comes, the relay lives, honest peers see nothing of it, and nothing stays behind", () => {
	it.each(Object.keys(SHARES) as Way[])(
		"messages by way of %s",
		async (way) => {
			const seed = seedOf(`relay, ${way}`);
			const target = await start(seed);
			const { worker, relay, fake, tcp } = target;
			const door = way === "fake" ? fakeDoor(worker, fake) : tcpDoor(worker, tcp.port);
			const attack = attackOf(way, target, door);
			// Thousands of streams fail each second, and writing down where costs more than the relay.
			Error.stackTraceLimit = 0;
			const rejections: unknown[] = [];
			const reject = (reason: unknown) => rejections.push(reason);
			process.on("unhandledRejection", reject);
			const [ours, theirs] = [newId(), newId()];
			const pairs = [await HonestPair.begin(ours, door), await HonestPair.begin(theirs, door)];
			const random = seeded(seed);
			let sent = 0;
			const until = async (messages: number) => {
				const one = async () => {
					while (sent < messages) {
						const own = `h/${sent % 5}`;
						const rights = { root: random() < 0.5 ? ours : newId(), put: [own, `.peer/${newId()}`], get: ["cam", "h"] };
						sent += await attack(rights, random, [own, "cam", "h"]);
						for (const pair of pairs) await pair.beat();
						relay.tick();
					}
				};
				await Promise.all(Array.from({ length: AT_ONCE }, one));
				await vi.waitUntil(() => relay.sessions.size === HONEST, { timeout: 10_000 });
				for (const pair of pairs) await pair.beat();
			};
			for (const pair of pairs) await pair.beat();
			const messages = MESSAGES * SHARES[way];
			const then = held();
			// What is used for the first time takes memory for good, and what the system counts swings by itself.
			const before = { heapBytes: 0, rssBytes: 0 };
			for (const part of [0.2, 0.3, 0.4, 0.5]) {
				await until(messages * part);
				const { heapBytes, rssBytes } = await memory();
				before.heapBytes = Math.max(before.heapBytes, heapBytes);
				before.rssBytes = Math.max(before.rssBytes, rssBytes);
			}
			await until(messages);
			const after = await memory();
			Error.stackTraceLimit = 10;
			// Connections say goodbye for a second, and handshakes that nobody finished have their time.
			await vi
				.waitUntil(() => held() <= then + FIRST_USE, { timeout: 15_000, interval: 1000 })
				.catch(() => {
					expect.fail(`objects stayed behind: ${JSON.stringify(heldByKind())}`);
				});
			expect(relay.directory.size).toBe(pairs.length);
			expect(rejections).toEqual([]);
			const drift = { heap: after.heapBytes - before.heapBytes, rss: after.rssBytes - before.rssBytes };
			process.stdout.write(`relay, ${way}: ${sent} messages, drift ${JSON.stringify(drift)}\n`);
			expect(drift.heap).toBeLessThan(MAX_DRIFT_BYTES);
			expect(drift.rss).toBeLessThan(MAX_DRIFT_BYTES);
			process.off("unhandledRejection", reject);
			for (const pair of pairs) pair.close();
			fake.close();
			tcp.close();
		},
		TIME_MS,
	);
});
