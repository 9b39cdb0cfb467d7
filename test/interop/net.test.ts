import "core-js/actual/promise/with-resolvers.js";
import "core-js/actual/set/difference.js";
import type { IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { AsyncQueue } from "@mivisus/transport/moq/queue";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import * as newest from "@moq/net";
import * as players from "moq-net-player";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Rights, TestRelay } from "./relay.ts";
import { PortWebTransport } from "./webtransport.ts";

type Net = typeof newest;
/** The classes have private fields, so the two versions are strangers to the compiler. */
const versions: [string, Net][] = [
	["0.3.4", newest],
	["0.2.8, which the player brings", players as unknown as Net],
];
const TRACK = "video/main";

let relay: TestRelay;
const open: { close(): void }[] = [];
beforeAll(async () => {
	relay = await TestRelay.start();
});
// The library tells its whole life on the console, and complains of a session that is simply closed.
beforeEach(() => {
	for (const level of ["debug", "log", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => {
	for (const one of open.splice(0).reverse()) one.close();
});
afterAll(() => relay.close());
function kept<T extends { close(): void }>(one: T): T {
	open.push(one);
	return one;
}

/** A session of the foreign library with these rights. */
async function foreign(net: Net, rights: Rights) {
	const { session, url } = await relay.connect(rights);
	const transport = new PortWebTransport(session);
	const connection = await net.Connection.connect(url, { transport: transport as never });
	expect(connection.version).toBe("moq-lite-02");
	return kept(connection);
}
/** A session of our own, with what the relay subscribes to. */
async function own(rights: Rights) {
	const subscriptions = new AsyncQueue<IncomingSubscription>();
	const { session } = await relay.connect(rights);
	const peer = await MoqPeer.client(session, {
		onAnnounceRequest: (stream) => stream.init([""]),
		onSubscribe: (subscription) => subscriptions.push(subscription),
	});
	return { peer: kept(peer), subscriptions };
}
async function next<T>(queue: { next(): Promise<IteratorResult<T>> }): Promise<T> {
	const { value, done } = await queue.next();
	if (done) throw new Error("it ended");
	return value;
}
/** Frames whose bytes are all different, so that a frame in the wrong place is seen. */
function frame(seed: number, length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	for (let i = 0, state = seed + 1; i < length; i++) {
		state = (Math.imul(state, 1103515245) + 12345) >>> 0;
		bytes[i] = state >>> 16;
	}
	return bytes;
}
const GROUPS = [
	[frame(1, 1), frame(2, 100), frame(3, 300_000)],
	[frame(4, 70_000), frame(5, 63), frame(6, 64)],
	[frame(7, 16_384), frame(8, 1200)],
];
const same = (got: Uint8Array | undefined | null, sent: Uint8Array) => {
	expect(got?.length).toBe(sent.length);
	expect(Buffer.compare(got!, sent)).toBe(0);
};

/** The foreign library as a camera: announces `name` and hands out the tracks it is asked for. */
async function foreignCamera(net: Net, root: string, name: string) {
	const connection = await foreign(net, { root, put: [name] });
	const publish = () => {
		const broadcast = kept(new net.Broadcast.Producer());
		connection.publish(net.Path.from(name), broadcast);
		return {
			broadcast,
			track: async () => {
				const request = await broadcast.requested();
				expect(request?.name).toBe(TRACK);
				return request!.accept();
			},
		};
	};
	return { connection, publish };
}
type ForeignTrack = Awaited<ReturnType<ReturnType<Awaited<ReturnType<typeof foreignCamera>>["publish"]>["track"]>>;

function write(net: Net, track: ForeignTrack, payloads: readonly Uint8Array[]) {
	const group = track.appendGroup();
	for (const payload of payloads) group.writeFrame({ payload, timestamp: net.Time.Timestamp.now() });
	return group;
}

describe.each(versions)("@moq/net %s", (_, net) => {
	it("publishes through our relay to our viewer: several groups, byte for byte, and a late viewer", async () => {
		const [root, name] = [newId(), newId()];
		const camera = (await foreignCamera(net, root, name)).publish();
		const viewer = (await own({ root, get: [name] })).peer;
		expect(await next(await viewer.announced(name))).toEqual({ active: true, suffix: "" });
		const [subscription, track] = await Promise.all([viewer.subscribe(name, TRACK, 60), camera.track()]);
		for (const [sequence, payloads] of GROUPS.entries()) {
			const group = write(net, track, payloads);
			const reader = await next(subscription.groups);
			expect(reader.sequence).toBe(sequence);
			for (const payload of payloads) same(await reader.next(), payload);
			if (sequence === GROUPS.length - 1) {
				// The group is still open: who comes now gets it from its first frame on.
				const late = (await own({ root, get: [name] })).peer;
				const lateReader = await next((await late.subscribe(name, TRACK, 60)).groups);
				expect(lateReader.sequence).toBe(sequence);
				for (const payload of payloads) same(await lateReader.next(), payload);
			}
			group.close();
			expect(await reader.next()).toBeNull();
		}
		subscription.close();
	});

	it("subscribes through our relay to our camera: several groups, byte for byte, and a late viewer", async () => {
		const [root, name] = [newId(), newId()];
		const camera = await own({ root, put: [name] });
		const viewer = await foreign(net, { root, get: [name] });
		const announced = kept(viewer.announced(net.Path.from(name)));
		expect(await announced.next()).toEqual({ path: "", active: true });
		const subscribe = (connection: typeof viewer) =>
			kept(
				kept(connection.consume(net.Path.from(name)))
					.track(TRACK)
					.subscribe({ priority: 60 }),
			);
		const subscriber = subscribe(viewer);
		const upstream = await next(camera.subscriptions);
		expect([upstream.broadcast, upstream.track, upstream.priority]).toEqual([name, TRACK, 60]);
		await upstream.accept();
		for (const [sequence, payloads] of GROUPS.entries()) {
			const group = await upstream.openGroup(sequence);
			for (const payload of payloads) await group.write(payload);
			const reader = await subscriber.recvGroup();
			expect(reader?.sequence).toBe(sequence);
			for (const payload of payloads) same((await reader!.readFrame())?.payload, payload);
			if (sequence === GROUPS.length - 1) {
				const late = await subscribe(await foreign(net, { root, get: [name] })).recvGroup();
				expect(late?.sequence).toBe(sequence);
				for (const payload of payloads) same((await late!.readFrame())?.payload, payload);
			}
			await group.finish();
			expect(await reader!.readFrame()).toBeUndefined();
		}
		expect(camera.subscriptions.length).toBe(0);
	});

	it("hears the relay's own code when a camera is not theirs", async () => {
		const viewer = await foreign(net, { root: newId(), get: [newId()] });
		const subscriber = viewer.consume(net.Path.from(newId())).track(TRACK).subscribe();
		await expect(subscriber.recvGroup()).rejects.toMatchObject({ code: WIRE_ERROR_CODES["not-found"] });
	});

	it("as publisher that starts anew on the same session: viewers hear ended, then active, and see the new pictures", async () => {
		const [root, name] = [newId(), newId()];
		const { publish } = await foreignCamera(net, root, name);
		const first = publish();
		const viewer = (await own({ root, get: [name] })).peer;
		const announced = await viewer.announced(name);
		expect(await next(announced)).toEqual({ active: true, suffix: "" });
		const [before, track] = await Promise.all([viewer.subscribe(name, TRACK, 60), first.track()]);
		write(net, track, GROUPS[0]!).close();
		same(await (await next(before.groups)).next(), GROUPS[0]![0]!);

		first.broadcast.close();
		expect(await next(announced)).toEqual({ active: false, suffix: "" });
		await before.closed;
		const second = publish();
		expect(await next(announced)).toEqual({ active: true, suffix: "" });
		const [after, anew] = await Promise.all([viewer.subscribe(name, TRACK, 60), second.track()]);
		write(net, anew, GROUPS[1]!).close();
		const reader = await next(after.groups);
		expect(reader.sequence).toBe(0);
		for (const payload of GROUPS[1]!) same(await reader.next(), payload);
	});

	it.each(["was lost", "is still there"])(
		"as viewer of a camera that comes back when its old session %s",
		async (old) => {
			const [root, name] = [newId(), newId()];
			const viewer = await foreign(net, { root, get: [name] });
			const announced = kept(viewer.announced(net.Path.from(name)));
			let before: { peer: MoqPeer; subscriber: { closed: PromiseLike<unknown> } } | undefined;
			for (const payloads of GROUPS) {
				if (old === "was lost") before?.peer.close();
				const { peer, subscriptions } = await own({ root, put: [name] });
				if (before) {
					// A second "active" alone would freeze a player, and the newest library ends the session over it.
					expect(await announced.next()).toEqual({ path: "", active: false });
					await before.subscriber.closed;
				}
				expect(await announced.next()).toEqual({ path: "", active: true });
				const subscriber = kept(
					kept(viewer.consume(net.Path.from(name)))
						.track(TRACK)
						.subscribe(),
				);
				const upstream = await next(subscriptions);
				await upstream.accept();
				// Cut off in the middle of a group: it is never finished.
				const group = await upstream.openGroup(0);
				for (const payload of payloads) await group.write(payload);
				const reader = await subscriber.recvGroup();
				for (const payload of payloads) same((await reader!.readFrame())?.payload, payload);
				before = { peer, subscriber };
			}
		},
	);
});

describe("two versions of the foreign library on one relay", () => {
	const [[, newer], [, older]] = versions as [[string, Net], [string, Net]];
	it.each([
		["newest to player's", newer, older],
		["player's to newest", older, newer],
	])("%s", async (_, from, to) => {
		const [root, name] = [newId(), newId()];
		const camera = (await foreignCamera(from, root, name)).publish();
		const viewer = await foreign(to, { root, get: [name] });
		// Announcements below a shorter prefix carry the rest of the path; the whole account is asked for here.
		expect(await kept(viewer.announced()).next()).toEqual({ path: name, active: true });
		const subscriber = kept(viewer.consume(to.Path.from(name)).track(TRACK).subscribe());
		const track = await camera.track();
		for (const [sequence, payloads] of GROUPS.entries()) {
			write(from, track, payloads).close();
			const reader = await subscriber.recvGroup();
			expect(reader?.sequence).toBe(sequence);
			for (const payload of payloads) same((await reader!.readFrame())?.payload, payload);
			expect(await reader!.readFrame()).toBeUndefined();
		}
	});
});
