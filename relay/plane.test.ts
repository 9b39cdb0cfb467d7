import type { IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer, type PeerHandlers } from "@mivisus/transport/moq/peer";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import type { RelayClaims } from "@mivisus/wire/token";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TICK_MS } from "./limits.ts";
import type { Log } from "./log.ts";
import { type Plane, startPlane } from "./plane.ts";
import { testConfig } from "./testing/config.ts";
import { connectBy } from "./testing/doors.ts";
import { TestWorker } from "./testing/keys.ts";

let worker: TestWorker;
let plane: Plane;
const logged: string[] = [];
const tokens: string[] = [];
const record = (facts: object, text: string) => void logged.push(JSON.stringify([facts, text]));
const log: Log = { debug: record, info: record, warn: record, error: record };

beforeAll(async () => {
	worker = await TestWorker.create();
	plane = await startPlane({
		log,
		config: await testConfig(worker),
	});
});
afterAll(() => plane.close());

/** The way that the test's peers take. */
let way: "http3" | "tcp" = "http3";
const connect = (path: string, token?: string, by = way, to = plane) =>
	connectBy(by, to, path, { token, timeoutMs: 3000 });
type Rights = Partial<RelayClaims> & { root: string };
/** A real peer with these rights. */
async function enter(rights: Rights, handlers: PeerHandlers = {}, to = plane): Promise<MoqPeer> {
	const token = await worker.token(rights);
	tokens.push(token);
	return MoqPeer.client(await connect(`/${rights.root}`, token, way, to), handlers);
}
const refused = async (work: Promise<unknown>) => expect(await work.catch((error) => error)).toBeInstanceOf(Error);

/** A camera that announces itself and hands its subscriptions to the test. */
async function camera(root: string, name: string) {
	const waiting: ((subscription: IncomingSubscription) => void)[] = [];
	const arrived: IncomingSubscription[] = [];
	const peer = await enter(
		{ root, put: [name] },
		{
			onAnnounceRequest: (stream) => stream.init([""]),
			onSubscribe: async (subscription) => {
				await subscription.accept();
				arrived.push(subscription);
				waiting.shift()?.(subscription);
			},
		},
	);
	const next = () => {
		const subscription = arrived[served];
		served += 1;
		return subscription ?? new Promise<IncomingSubscription>((resolve) => waiting.push(resolve));
	};
	let served = 0;
	return { peer, arrived, next };
}
/** Subscribes as soon as the camera is there. */
async function watch(root: string, name: string, track = "video/main", rights: Partial<RelayClaims> = {}) {
	const peer = await enter({ root, get: [name], ...rights });
	const announced = await peer.announced(name);
	expect((await announced.next()).value).toEqual({ active: true, suffix: "" });
	return { peer, announced, subscription: await peer.subscribe(name, track, 60) };
}

describe.each(["http3", "tcp"] as const)("a relay over %s", (transport) => {
	beforeEach(() => {
		way = transport;
	});
	it("fans one upstream subscription out; a late viewer starts at the current group's first frame", async () => {
		const [root, name] = [newId(), newId()];
		const { arrived, next } = await camera(root, name);
		const first = await watch(root, name);
		const upstream = await next();
		const group = await upstream.openGroup(5);
		const large = new Uint8Array(300_000).fill(7);
		await group.write(Uint8Array.of(1));
		await group.write(large);
		const early = (await first.subscription.groups.next()).value!;
		expect([early.sequence, [...(await early.next())!]]).toEqual([5, [1]]);
		expect(Buffer.compare((await early.next())!, large)).toBe(0);

		const second = await watch(root, name);
		const late = (await second.subscription.groups.next()).value!;
		expect([late.sequence, [...(await late.next())!]]).toEqual([5, [1]]);
		expect(Buffer.compare((await late.next())!, large)).toBe(0);
		await group.write(Uint8Array.of(2));
		await group.finish();
		for (const reader of [early, late]) {
			expect([...(await reader.next())!]).toEqual([2]);
			expect(await reader.next()).toBeNull();
		}
		expect(arrived).toHaveLength(1);

		first.subscription.close();
		second.subscription.close();
		await upstream.closed;
		const third = await first.peer.subscribe(name, "video/main", 60);
		expect(await next()).not.toBe(upstream);
		third.close();
	});

	it("a publisher's restart is told as ended, then active, also when the old session is still there", async () => {
		const [root, name] = [newId(), newId()];
		const old = await camera(root, name);
		const { peer, announced, subscription } = await watch(root, name);
		const fresh = await camera(root, name);
		expect((await announced.next()).value).toEqual({ active: false, suffix: "" });
		expect((await announced.next()).value).toEqual({ active: true, suffix: "" });
		await subscription.closed;
		const again = await peer.subscribe(name, "video/main", 60);
		const upstream = await fresh.next();
		const group = await upstream.openGroup(0);
		await group.write(Uint8Array.of(9));
		const reader = (await again.groups.next()).value!;
		expect([...(await reader.next())!]).toEqual([9]);
		old.peer.close();
		expect(announced.length).toBe(0);
	});

	it("refuses who has no token, a wrong one, a used one, one of another account", async () => {
		const root = newId();
		await refused(connect(`/${root}`));
		await refused(connect(`/${root}`, "nonsense"));
		const token = await worker.token({ root });
		tokens.push(token);
		await refused(connect(`/${newId()}`, token));
		const expired = await worker.token({ root }, Date.now() - 61_000);
		await refused(connect(`/${root}`, expired));
		const session = await connect(`/${root}`, token);
		await refused(connect(`/${root}`, token));
		session.close(0, "");
	});

	it("another account's camera is not found", async () => {
		const [root, name] = [newId(), newId()];
		await camera(root, name);
		const stranger = await enter({ root: newId(), get: [name] });
		await expect(stranger.subscribe(name, "video/main", 60)).rejects.toMatchObject({
			code: WIRE_ERROR_CODES["not-found"],
		});
		const neighbour = await enter({ root, get: [newId()] });
		await expect(neighbour.subscribe(name, "video/main", 60)).rejects.toMatchObject({
			code: WIRE_ERROR_CODES["not-found"],
		});
	});

	it("ends a session at its time", async () => {
		const root = newId();
		const until = Math.floor(Date.now() / 1000) + 2;
		const peer = await enter({ root, mivisus: { until, ref: [`account:${root}`] } });
		expect((await peer.closed).code).toBe(WIRE_ERROR_CODES.expired);
		expect(Date.now()).toBeGreaterThanOrEqual(until * 1000);
		// The deadline is looked at so often; the rest is the way and the close message.
		expect(Date.now()).toBeLessThan(until * 1000 + TICK_MS + 500);
	});

	it("odd bytes on any stream cost nobody else anything", async () => {
		const [root, name] = [newId(), newId()];
		const { next } = await camera(root, name);
		const viewer = await watch(root, name);
		const upstream = await next();
		const odd = await enter({ root });
		for (const bytes of [[0x3f], [2, 5, 1], [1, 0x40], [2, 4, 0, 0xff, 0xff, 0xff]]) {
			const stream = await odd.session.openBidi();
			await stream.send.write(Uint8Array.from(bytes));
			await stream.send.finish();
			const uni = await odd.session.openUni();
			await uni.write(Uint8Array.from(bytes));
			uni.reset(1);
		}
		const group = await upstream.openGroup(1);
		await group.write(Uint8Array.of(1));
		expect([...(await (await viewer.subscription.groups.next()).value!.next())!]).toEqual([1]);
	});
});

describe("a relay on both ways", () => {
	it("a camera on one is seen on the other", async () => {
		for (const [up, down] of [
			["http3", "tcp"],
			["tcp", "http3"],
		] as const) {
			const [root, name] = [newId(), newId()];
			way = up;
			const { next } = await camera(root, name);
			way = down;
			const { subscription } = await watch(root, name);
			const group = await (await next()).openGroup(0);
			const frame = new Uint8Array(100_000).map((_, at) => at % 253);
			await group.write(frame);
			const reader = (await subscription.groups.next()).value!;
			expect(Buffer.compare((await reader.next())!, frame)).toBe(0);
		}
	});
	it("one token may try both, once each, until the first subscribes on one of them", async () => {
		const root = newId();
		const [raced, chosen] = [await worker.token({ root }), await worker.token({ root })];
		tokens.push(raced, chosen);
		await connect(`/${root}`, raced, "http3");
		await connect(`/${root}`, raced, "tcp");
		await refused(connect(`/${root}`, raced, "tcp"));
		const peer = await MoqPeer.client(await connect(`/${root}`, chosen, "tcp"));
		await peer.subscribe(".relay", "clock", 255);
		await refused(connect(`/${root}`, chosen, "http3"));
	});
	it("over TCP a refusal's status is told, and nothing of the token", async () => {
		const root = newId();
		const error = await connect(`/${root}`, "nonsense", "tcp").catch((e) => e);
		expect(error.message).toContain("401");
		expect(error.message).not.toContain("nonsense");
	});
});

describe("a plane that is told what was taken back", () => {
	beforeEach(() => {
		way = "http3";
	});
	it("ends the sessions that rest on it within a second, and no others, and lets nobody in who rests on it", async () => {
		const [root, name] = [newId(), newId()];
		await camera(root, name);
		const iat = Math.floor(Date.now() / 1000);
		const session = newId();
		const mivisus = (ref: string) => ({ until: iat + 600, ref: [ref] });
		const revoked = await watch(root, name, "video/main", { mivisus: mivisus(`session:${session}`) });
		const other = await watch(root, name, "video/main", { mivisus: mivisus(`session:${newId()}`) });
		const begun = Date.now();
		plane.revoke([{ seq: 3, ref: `session:${session}`, iat: iat + 1 }]);
		expect((await revoked.peer.closed).code).toBe(WIRE_ERROR_CODES.revoked);
		expect(Date.now() - begun).toBeLessThan(1000);
		await other.peer.subscribe(".relay", "clock", 255);
		await refused(
			enter({ root, get: [name], iat, exp: iat + 60, mivisus: mivisus(`session:${session}`) }).then(() => undefined),
		);
	});
});

describe("a plane that is to end", () => {
	it.each(["http3", "tcp"] as const)(
		"over %s: tells its peers to go elsewhere, takes nobody in, and ends when they went",
		async (transport) => {
			way = transport;
			const leaving = await startPlane({ log, config: await testConfig(worker) });
			const enterIt = () => enter({ root: newId() }, {}, leaving);
			const peer = await enterIt();
			const clock = await peer.subscribe(".relay", "clock", 255);
			const beats = (await clock.groups.next()).value!;
			const beat = async () => JSON.parse(Buffer.from((await beats.next())!).toString());
			expect((await beat()).leaving).toBeUndefined();
			let gone = false;
			const drained = leaving.drain().then(() => {
				gone = true;
			});
			expect((await beat()).leaving).toBe(true);
			await refused(enterIt());
			expect(gone).toBe(false);
			peer.close();
			await drained;
			leaving.close();
		},
	);
});

it("no token, camera or account is in the log", () => {
	const text = logged.join("\n");
	expect(tokens.length).toBeGreaterThan(5);
	for (const token of tokens) {
		expect(text).not.toContain(token);
		const { root } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { root: string };
		expect(text).not.toContain(root);
	}
});
