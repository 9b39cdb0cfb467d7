import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fakePair } from "@mivisus/transport/fake";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import { MAX_FRAME_BYTES } from "@mivisus/wire/limits";
import { varintLength } from "@mivisus/wire/moq/varint";
import { afterEach, describe, expect, it, vi } from "vitest";
import { scaled } from "../test/scale.ts";
import type { UpstreamGroup } from "./broadcast.ts";
import { Directory } from "./directory.ts";
import {
	ACCEPT_MS,
	HANDSHAKE_MS,
	MAX_ACCOUNT_CACHED_BYTES,
	MAX_CACHED_BYTES,
	MAX_HEADER_BYTES,
	MAX_OTHER_CONNECTIONS,
	MAX_SESSIONS,
	TICK_MS,
} from "./limits.ts";
import { silentLog } from "./log.ts";
import { planMemory } from "./memory.ts";
import { Meter } from "./meter.ts";
import { Relay } from "./plane.ts";
import { Subscriber } from "./subscriber.ts";
import { listenTcp } from "./tcp.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Files that hold limits which the relay enforces. */
const FILES = [
	"relay/limits.ts",
	"transport/tcp/session.ts",
	"transport/tcp/frames.ts",
	"transport/moq/limits.ts",
	"transport/moq/setup.ts",
	"wire/limits.ts",
];
/** Constants that no test names, each with the reason. */
const WITHOUT_A_TEST: Record<string, string> = {
	DRAIN_MS: "given to Relay.drain, which a test gives a shorter one",
	CERTIFICATE_LOOK_MS: "how soon new files are seen; main.test.ts waits for them",
	MEMORY_SHORT_SHARE: "memory.test.ts says it as a number",
	MEMORY_FREE_SHARE: "memory.test.ts says it as a number",
	MAX_STREAM_HEADER_BYTES: "no limit of input: the sum of what stands in a header of our own",
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("R4: each limit", () => {
	const tests = ["relay", "transport", "wire", "test"]
		.flatMap((room) =>
			readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" }).map((path) => join(ROOT, room, path)),
		)
		.filter((path) => path.endsWith(".test.ts") && !path.includes("node_modules"))
		// Imported alone is not tested.
		.map((path) => readFileSync(path, "utf8").replace(/^import[^;]*;/gm, ""));
	it.each(FILES)("of %s stands in a test", (file) => {
		const names = [...readFileSync(join(ROOT, file), "utf8").matchAll(/^export const ([A-Z][A-Z0-9_]+) =/gm)];
		expect(names.length).toBeGreaterThan(0);
		const untested = names
			.map(([, name]) => name!)
			.filter((name) => !(name in WITHOUT_A_TEST) && !tests.some((text) => new RegExp(`\\b${name}\\b`).test(text)));
		expect(untested).toEqual([]);
	});
});

/** A publisher whose only group has these frames, and whether somebody who comes after it gets them. */
async function isKept(directory: Directory, root: string, frames: readonly Uint8Array[]): Promise<boolean> {
	const queue = [...frames];
	// Never over: its end would be the track's end, and the group's.
	const endless = new Promise<never>(() => {});
	const group: UpstreamGroup = { sequence: 0, next: async () => queue.shift() ?? endless, stop: () => {} };
	async function* groups() {
		yield group;
		await endless;
	}
	const broadcast = directory.publish(root, newId(), async () => ({ groups: groups(), close: () => {} }));
	const lease = await broadcast.lease("video", 1);
	await vi.waitUntil(() => queue.length === 0);
	await turn();
	let got = 0;
	const sink = {
		writeEncoded: async () => {
			got += 1;
		},
		finish: async () => {},
		reset: () => {},
	};
	lease.attach(new Subscriber(async () => sink, Date.now), () => {});
	for (let left = frames.length + 2; left > 0; left--) await turn();
	return got === frames.length;
}

describe("R4: what is kept for those who come late", () => {
	it("has the bound of an account, and within that of everybody; past it a group is forwarded and not kept", async () => {
		// A gigabyte, in full runs only: the first account's quarter is enough to see that its bound holds.
		const accounts = scaled(1, 4);
		// The least memory of which four such accounts can use everything.
		const plan = planMemory(5376);
		expect(plan.cachedBytes).toBe(4 * MAX_ACCOUNT_CACHED_BYTES);
		const directory = new Directory(new Meter(), plan);
		const frame = new Uint8Array(MAX_FRAME_BYTES - varintLength(MAX_FRAME_BYTES - 8));
		const largest = new Array<Uint8Array>(MAX_CACHED_BYTES / MAX_FRAME_BYTES).fill(frame);
		for (let account = 0; account < accounts; account++) {
			const root = newId();
			for (let bytes = 0; bytes < MAX_ACCOUNT_CACHED_BYTES; bytes += MAX_CACHED_BYTES)
				expect(await isKept(directory, root, largest)).toBe(true);
			expect(await isKept(directory, root, [Uint8Array.of(1)])).toBe(false);
		}
		expect(await isKept(directory, newId(), [Uint8Array.of(1)])).toBe(accounts === 1);
	}, 60_000);
});

describe("R4: before a session", () => {
	afterEach(() => void vi.useRealTimers());
	const listen = async () => listenTcp(await testConfig(await TestWorker.create()));
	const open = async (port: number): Promise<Socket> => {
		const socket = connect(port, "127.0.0.1");
		socket.on("error", () => {});
		await once(socket, "connect");
		return socket;
	};

	it.each([
		[ACCEPT_MS - 1, "let in"],
		[ACCEPT_MS, "given up"],
	])("a peer that takes the answer after %i ms is %s", async (ms, end) => {
		const worker = await TestWorker.create();
		const relay = new Relay({ config: await testConfig(worker), log: silentLog, now: Date.now });
		const root = newId();
		const { client, server } = fakePair();
		let accept = (_: typeof server) => {};
		const taken = new Promise<typeof server>((resolve) => {
			accept = resolve;
		});
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const asked = await new Promise<() => void>((resolve) => {
			const request = {
				path: `/${root}`,
				query: new URLSearchParams(),
				remoteAddress: undefined,
				reject: async () => {},
				accept: () => {
					resolve(() => accept(server));
					return taken;
				},
			};
			const requests = [request];
			void worker.token({ root }).then((token) => {
				request.query.set("jwt", token);
				void relay.serve({ transport: "fake", port: 0, next: async () => requests.shift() ?? null });
			});
		});
		await turn();
		vi.advanceTimersByTime(ms);
		await turn();
		asked();
		await turn();
		expect(relay.sessions.size).toBe(end === "let in" ? 1 : 0);
		client.close(0, "");
		expect((await client.closed).code).toBe(end === "let in" ? 0 : WIRE_ERROR_CODES.timeout);
	});
	it("a connection has its time to ask for a session, and not more", async () => {
		const server = await listen();
		const socket = (await open(server.port)).resume();
		const begun = Date.now();
		await once(socket, "close");
		const took = Date.now() - begun;
		expect(took).toBeGreaterThanOrEqual(HANDSHAKE_MS - 100);
		expect(took).toBeLessThan(HANDSHAKE_MS + 2 * TICK_MS + 1000);
		server.close();
	});
	it.each([
		[MAX_HEADER_BYTES - 1, 404],
		[MAX_HEADER_BYTES, 431],
	])("a header of %i bytes is answered with %i", async (length, status) => {
		const server = await listen();
		const socket = await open(server.port);
		// Node counts the address, names and values, and not what stands between them.
		const others = ["/", "Host", "relay", "X"].join("").length;
		socket.write(`GET / HTTP/1.1\r\nHost: relay\r\nX: ${"x".repeat(length - others)}\r\n\r\n`);
		const [answer] = (await once(socket, "data")) as [Buffer];
		expect(answer.toString()).toContain(`HTTP/1.1 ${status} `);
		socket.destroy();
		server.close();
	});
	it("as many connections as allowed are held; one more is closed at once", async () => {
		const server = await listen();
		const sockets: Socket[] = [];
		for (let n = 0; n < MAX_SESSIONS + MAX_OTHER_CONNECTIONS; n++) sockets.push(await open(server.port));
		expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(0);
		const begun = Date.now();
		await once((await open(server.port)).resume(), "close");
		expect(Date.now() - begun).toBeLessThan(1000);
		for (const socket of sockets) socket.destroy();
		server.close();
	});
});
