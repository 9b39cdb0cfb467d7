import { FakeServer } from "@mivisus/transport/fake";
import { newId } from "@mivisus/wire/ids";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ControlServer } from "./control.ts";
import { silentLog } from "./log.ts";
import { Meter } from "./meter.ts";
import { Metrics } from "./metrics.ts";
import { operationRoutes } from "./operations.ts";
import { type Plane, Relay, startPlane } from "./plane.ts";
import { testConfig } from "./testing/config.ts";
import { TestWorker } from "./testing/keys.ts";
import { TestPeers } from "./testing/peers.ts";

let worker: TestWorker;
let plane: Plane;
let peers: TestPeers;
beforeAll(async () => {
	worker = await TestWorker.create();
	plane = await startPlane({ log: silentLog, config: await testConfig(worker) });
	peers = new TestPeers(plane, worker);
});
afterAll(() => plane.close());

/** Samples of the text format: `name{labels}` and the number. */
async function samples(): Promise<Map<string, number>> {
	const lines = (await plane.metrics()).split("\n").filter((line) => line && !line.startsWith("#"));
	return new Map(
		lines.map((line) => {
			const at = line.lastIndexOf(" ");
			return [line.slice("mivisus_relay_".length, at), Number(line.slice(at + 1))] as const;
		}),
	);
}

describe("the relay's metrics", () => {
	it("count what a busy minute did, and hold no id, name, token or address", async () => {
		const ids: string[] = [];
		const id = () => {
			const made = newId();
			ids.push(made);
			return made;
		};
		const frame = new Uint8Array(50_000).fill(7);
		const open: (() => void)[] = [];
		for (const way of ["http3", "tcp"] as const) {
			const [root, name] = [id(), id()];
			const camera = await peers.camera(way, root, name, async (subscription) => {
				const group = await subscription.openGroup(0);
				for (let n = 0; n < 3; n++) await group.write(frame);
				await group.finish();
			});
			for (let n = 0; n < 2; n++) {
				const { peer, subscription } = await peers.watch(way, root, name);
				const group = (await subscription.groups.next()).value!;
				for (let read = 0; read < 3; read++) expect((await group.next())!.length).toBe(frame.length);
				open.push(() => peer.close());
			}
			open.push(() => camera.close());
		}
		await expect(peers.enter("tcp", { root: id(), aud: "another" })).rejects.toThrow("401");
		const busy = await samples();
		const sent = frame.length + 4;
		const begun = { http3: 3, tcp: 3, fails: 0, fake: 0 };
		for (const [transport, count] of Object.entries(begun)) {
			expect(busy.get(`sessions{transport="${transport}"}`)).toBe(count);
			expect(busy.get(`sessions_begun_total{transport="${transport}"}`)).toBe(count);
		}
		expect(busy.get(`sessions_refused_total{reason="token-not-allowed"}`)).toBe(1);
		expect([busy.get("received_frames_total"), busy.get("received_bytes_total")]).toEqual([6, 6 * sent]);
		expect([busy.get("sent_frames_total"), busy.get("sent_bytes_total")]).toEqual([12, 12 * sent]);
		expect([busy.get("joins_total"), busy.get("upstream_subscriptions_total")]).toEqual([4, 2]);
		expect(busy.get("first_frame_seconds_count")).toBe(4);
		expect([busy.get("broadcasts"), busy.get("cached_bytes"), busy.get("queued_bytes")]).toEqual([2, 6 * sent, 0]);
		expect(busy.get(`memory_bytes{kind="resident"}`)).toBeGreaterThan(1e7);
		expect(busy.get(`event_loop_delay_seconds{quantile="max"}`)).toBeGreaterThan(0);
		for (const close of open) close();
		await vi.waitUntil(async () => (await samples()).get("cached_bytes") === 0);
		await vi.waitUntil(async () => (await samples()).get(`sessions_ended_total{reason="by-peer"}`) === 6);
		expect((await samples()).get(`sessions{transport="tcp"}`)).toBe(0);

		const text = await plane.metrics();
		const canaries = [...ids, ...peers.tokens, "127.0.0.1", "::1", "video/main", String(plane.port), worker.audience];
		for (const canary of canaries) expect(text).not.toContain(canary);
	});

	it("have labels from closed lists only", async () => {
		const meter = new Meter();
		const zero = () => 0;
		const metrics = new Metrics(meter, {
			queuedBytes: zero,
			cachedBytes: zero,
			arrivingBytes: zero,
			broadcasts: zero,
			revocations: zero,
			ceilingBytes: 0,
		});
		const lists: Record<string, readonly string[]> = {
			transport: Object.keys(meter.sessionsBegun),
			reason: [meter.refused, meter.sessionsEnded, meter.groupsDropped].flatMap((counts) => Object.keys(counts)),
			kind: ["resident", "heap", "external", "buffers"],
			mode: ["user", "system"],
			quantile: ["p50", "p99", "max"],
			le: [],
		};
		const text = `${await metrics.text()}${await plane.metrics()}`;
		metrics.close();
		const labels = [...text.matchAll(/(\w+)="([^"]*)"/g)];
		expect(labels.length).toBeGreaterThan(80);
		for (const [, label, value] of labels) {
			if (label === "le") expect(Number(value === "+Inf" ? 0 : value)).not.toBeNaN();
			else expect(lists[label!]).toContain(value);
		}
	});
});

describe("/readyz", () => {
	it("is 200 while requests are taken, 503 as a problem before, and when it ends; /metrics goes on", async () => {
		const keys = await worker.keys();
		const relay = new Relay({ config: await testConfig(worker), log: silentLog, now: Date.now });
		const control = new ControlServer({
			audience: "relay-1",
			keys,
			now: Date.now,
			health: () => ({ status: "ok" }),
			revoke: async () => 0,
			routes: operationRoutes({ ready: () => relay.ready, metrics: async () => "some_metric 1\n" }),
		});
		const port = await control.listen("127.0.0.1", 0);
		const ask = (path: string, method = "GET") => fetch(`http://127.0.0.1:${port}${path}`, { method });
		expect((await ask("/readyz")).status).toBe(503);
		const server = new FakeServer();
		const serving = relay.serve(server);
		const ready = await ask("/readyz");
		expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
		expect((await ask("/readyz", "POST")).status).toBe(405);
		server.close();
		await serving;
		expect((await ask("/readyz")).status).toBe(503);
		void relay.serve(new FakeServer());
		expect((await ask("/readyz")).status).toBe(200);
		relay.end();
		const ending = await ask("/readyz");
		expect([ending.status, ending.headers.get("content-type")]).toEqual([503, "application/problem+json"]);
		expect(await ending.json()).toMatchObject({ type: "https://mivisus.com/problems/not-ready", status: 503 });
		expect((await ask("/healthz")).status).toBe(200);
		const metrics = await ask("/metrics");
		expect([metrics.headers.get("content-type")?.slice(0, 25), await metrics.text()]).toEqual([
			"text/plain; version=0.0.4",
			"some_metric 1\n",
		]);
		expect((await ask("/toString")).status).toBe(404);
		control.close();
	});
});
