import { fakePair } from "@mivisus/transport/fake";
import { MoqPeer, type PeerHandlers } from "@mivisus/transport/moq/peer";
import { offerSetup } from "@mivisus/transport/moq/setup";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import { encodeAnnounceInit } from "@mivisus/wire/moq/announce";
import { encodeSubscribe, SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { encodeVarint } from "@mivisus/wire/moq/varint";
import { CLOCK, ClockFrame, decodeJson, encodeJson } from "@mivisus/wire/relay-tracks";
import type { RelayClaims } from "@mivisus/wire/token";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Directory } from "./directory.ts";
import {
	CLOCK_INTERVAL_MS,
	MAX_ANNOUNCE_STREAMS,
	MAX_BROADCASTS,
	MAX_PENDING_ANNOUNCEMENTS,
	MAX_QUEUE_BYTES,
	MAX_REPORT_BYTES,
	MAX_SESSION_QUEUE_BYTES,
	MAX_SUBSCRIPTIONS,
	REPORT_MISSING_MS,
	STALLED_MS,
	UPSTREAM_MS,
} from "./limits.ts";
import { RelaySession, type RelaySessionOptions } from "./session.ts";

const START = 1_800_000_000_000;
const root = newId();
let directory: Directory;
let nowMs: number;
beforeEach(() => {
	directory = new Directory();
	nowMs = START;
});
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

function optionsOf(rights: Partial<RelayClaims>): Omit<RelaySessionOptions, "session"> {
	const claims: RelayClaims = {
		root,
		put: [],
		get: [],
		iat: START / 1000,
		exp: START / 1000 + 60,
		aud: "relay-1",
		jti: newId(),
		mivisus: { until: START / 1000 + 600, ref: [`account:${root}`] },
		...rights,
	};
	return { claims, directory, now: () => nowMs, onChosen: () => {} };
}
/** A peer admitted with these rights, over the strict fake. */
async function enter(rights: Partial<RelayClaims>, handlers: PeerHandlers = {}) {
	const { client, server } = fakePair();
	const chosen = { times: 0 };
	const relay = new RelaySession({
		...optionsOf(rights),
		session: server,
		onChosen: () => {
			chosen.times += 1;
		},
	});
	const done = relay.run();
	const peer = await MoqPeer.client(client, handlers);
	return { relay, peer, done, chosen };
}
/** A publisher of `names`, each with a track that never sends. */
const publishing = (...names: string[]): PeerHandlers => ({
	onAnnounceRequest: (stream) =>
		stream.init(names.flatMap((name) => (name.startsWith(stream.prefix) ? name.slice(stream.prefix.length + 1) : []))),
	onSubscribe: (subscription) => void subscription.accept(),
});
const refusalOf = (work: Promise<unknown>) =>
	work.then(
		() => "accepted",
		(error) => error.code,
	);

describe("rights of a session", () => {
	it("sees what `get` names and hears of nothing else", async () => {
		await enter({ put: ["a", "ab", "b"] }, publishing("a/1", "ab/1", "b/1"));
		await turn();
		expect(directory.size).toBe(3);
		const { peer } = await enter({ get: ["a"] });
		const announced = await peer.announced("");
		expect((await announced.next()).value).toEqual({ active: true, suffix: "a/1" });
		expect(await refusalOf(peer.subscribe("a/1", "video", 1))).toBe("accepted");
		expect(await refusalOf(peer.subscribe("ab/1", "video", 1))).toBe(WIRE_ERROR_CODES["not-found"]);
		expect(await refusalOf(peer.subscribe("b/1", "video", 1))).toBe(WIRE_ERROR_CODES["not-found"]);
		expect(await refusalOf(peer.subscribe("nothing", "video", 1))).toBe(WIRE_ERROR_CODES["not-found"]);
		expect(announced.length).toBe(0);
	});
	it("publishes under `put` only: the relay asks for nothing else", async () => {
		const asked: string[] = [];
		await enter(
			{ put: ["cam", "cam/sub", ".peer/x"] },
			{
				onAnnounceRequest: (stream) => {
					asked.push(stream.prefix);
					stream.init([""]);
				},
			},
		);
		await turn();
		expect(asked.sort()).toEqual([".peer/x", "cam"]);
		// Reports are for the relay alone.
		expect(directory.find(root, "cam")).toBeDefined();
		expect(directory.find(root, ".peer/x")).toBeUndefined();
	});
	it("another account's camera is not found, even under the same name", async () => {
		await enter({ root: newId(), put: ["cam"] }, { onAnnounceRequest: (stream) => stream.init([""]) });
		const { peer } = await enter({ get: ["cam"] });
		await turn();
		expect(await refusalOf(peer.subscribe("cam", "video", 1))).toBe(WIRE_ERROR_CODES["not-found"]);
	});
	it("the end of a session is the end of what it published", async () => {
		const { peer, done } = await enter({ put: ["cam"] }, { onAnnounceRequest: (stream) => stream.init([""]) });
		await turn();
		const viewer = await enter({ get: ["cam"] });
		const announced = await viewer.peer.announced("cam");
		expect((await announced.next()).value).toEqual({ active: true, suffix: "" });
		peer.close();
		await done;
		expect((await announced.next()).value).toEqual({ active: false, suffix: "" });
		expect(directory.size).toBe(0);
	});
	it("more subscriptions or broadcasts than allowed are refused", async () => {
		const { peer } = await enter({});
		const clocks = Array.from({ length: MAX_SUBSCRIPTIONS }, () => peer.subscribe(".relay", "clock", 1));
		await Promise.all(clocks);
		expect(await refusalOf(peer.subscribe(".relay", "clock", 1))).toBe(WIRE_ERROR_CODES["too-many"]);
		const names = (count: number) => Array.from({ length: count }, (_, i) => `c/${i}`);
		const fits = await enter({ put: ["c"] }, publishing(...names(MAX_BROADCASTS)));
		await turn();
		await turn();
		expect(directory.size).toBe(MAX_BROADCASTS);
		expect(fits.relay.endedAs).toBeUndefined();
		const more = await enter(
			{ put: ["c"] },
			{
				onAnnounceRequest: (stream) => {
					stream.init(names(MAX_BROADCASTS).map((name) => name.slice(2)));
					stream.announce(true, "one more");
				},
			},
		);
		await more.done;
		expect(more.relay.endedAs).toBe("too-many");
	});
});

describe("a session that does not behave", () => {
	it("may ask for announcements as often as allowed, not once more", async () => {
		const { peer, relay, done } = await enter({});
		for (let i = 0; i < MAX_ANNOUNCE_STREAMS; i++) await peer.announced("");
		await turn();
		expect(relay.endedAs).toBeUndefined();
		await peer.announced("");
		await done;
		expect(relay.endedAs).toBe("too-many");
	});
	it("is cut when it does not read what it asked for: pictures after ten seconds, announcements by number", async () => {
		await enter(
			{ put: ["cam"] },
			{
				onAnnounceRequest: (stream) => stream.init([""]),
				onSubscribe: async (subscription) => {
					await subscription.accept();
					await (await subscription.openGroup(0)).write(new Uint8Array(1000));
				},
			},
		);
		await turn();
		const deaf = await enter({ get: ["cam"] });
		await deaf.peer.subscribe("cam", "video", 1);
		await turn();
		nowMs += STALLED_MS - 1;
		deaf.relay.tick();
		expect(deaf.relay.endedAs).toBeUndefined();
		nowMs += 1;
		deaf.relay.tick();
		await deaf.done;
		expect(deaf.relay.endedAs).toBe("lagging");

		const { client, server } = fakePair();
		const relay = new RelaySession({ ...optionsOf({ get: ["cam"] }), session: server });
		const done = relay.run();
		await offerSetup(client);
		const ask = await client.openBidi();
		await ask.send.write(Uint8Array.of(1, 1, 0));
		await turn();
		// Two announcements each: ended, active. The first few fit into the fake's buffer.
		for (let i = 0; i < MAX_PENDING_ANNOUNCEMENTS / 2 - 1; i++)
			directory.publish(root, "cam", () => new Promise(() => {}));
		expect(relay.endedAs).toBeUndefined();
		for (let i = 0; i < 20; i++) directory.publish(root, "cam", () => new Promise(() => {}));
		await done;
		expect(relay.endedAs).toBe("lagging");
	});
	it.each([CLOCK, { broadcast: "cam", track: "video" }])(
		"R3: that asks for $track and does not take the answer is cut",
		async (asked) => {
			await enter({ put: ["cam"] }, publishing("cam"));
			await turn();
			vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
			// Without room for a single byte: each write waits until it is read.
			const { client, server } = fakePair(undefined, { bufferBytes: 0 });
			const relay = new RelaySession({ ...optionsOf({ get: ["cam"] }), session: server });
			const done = relay.run();
			await offerSetup(client);
			const ask = await client.openBidi();
			await ask.send.write(encodeVarint(SUBSCRIBE_STREAM));
			await ask.send.write(encodeSubscribe({ id: 0, ...asked, priority: 1 }));
			for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
			vi.advanceTimersByTime(STALLED_MS - 1);
			expect(relay.endedAs).toBeUndefined();
			vi.advanceTimersByTime(1);
			vi.useRealTimers();
			await done;
			expect(relay.endedAs).toBe("lagging");
		},
	);
	it("R3: that asks for the clock and does not read it is cut", async () => {
		const { client, server } = fakePair();
		const relay = new RelaySession({ ...optionsOf({}), session: server });
		const done = relay.run();
		await offerSetup(client);
		const ask = await client.openBidi();
		await ask.send.write(encodeVarint(SUBSCRIBE_STREAM));
		await ask.send.write(encodeSubscribe({ id: 0, ...CLOCK, priority: 1 }));
		await turn();
		// The fake takes two or three beats before a write waits.
		for (let beat = 0; beat < 5; beat++) {
			nowMs += CLOCK_INTERVAL_MS;
			relay.tick();
			await turn();
		}
		nowMs += STALLED_MS - 5 * CLOCK_INTERVAL_MS;
		relay.tick();
		expect(relay.endedAs).toBeUndefined();
		nowMs += 5 * CLOCK_INTERVAL_MS;
		relay.tick();
		await done;
		expect(relay.endedAs).toBe("lagging");
	});
	it("R1: that announces, and never grants a stream to be asked on, is closed", async () => {
		const { client, server } = fakePair();
		server.openBidi = ((open) => {
			let opened = 0;
			// The first is the relay's question for announcements.
			return () => (opened++ === 0 ? open() : new Promise<never>(() => {}));
		})(server.openBidi.bind(server));
		const publisher = new RelaySession({ ...optionsOf({ put: ["cam"] }), session: server });
		const done = publisher.run();
		await offerSetup(client);
		await (await client.acceptBidi())?.send.write(encodeAnnounceInit({ suffixes: [""] }));
		await turn();
		const viewer = await enter({ get: ["cam"] });
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const asking = refusalOf(viewer.peer.subscribe("cam", "video", 1));
		for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
		vi.advanceTimersByTime(UPSTREAM_MS - 1);
		expect(directory.size).toBe(1);
		vi.advanceTimersByTime(1);
		vi.useRealTimers();
		expect(await asking).toBe(WIRE_ERROR_CODES.timeout);
		await done;
		expect((await client.closed).code).toBe(WIRE_ERROR_CODES.timeout);
		expect(viewer.relay.endedAs).toBeUndefined();
	});
	it("publishes nothing any more once it ends its announce stream", async () => {
		const { client, server } = fakePair();
		void new RelaySession({ ...optionsOf({ put: ["cam"] }), session: server }).run();
		await offerSetup(client);
		const asked = (await client.acceptBidi())!;
		await asked.send.write(encodeAnnounceInit({ suffixes: [""] }));
		await turn();
		expect(directory.size).toBe(1);
		await asked.send.finish();
		await turn();
		expect(directory.size).toBe(0);
	});
	it("gets the clock again after a while of not reading it", async () => {
		const { relay, peer } = await enter({});
		const group = (await (await peer.subscribe(".relay", "clock", 255)).groups.next()).value!;
		for (let i = 0; i < 5; i++) {
			nowMs += 1000;
			relay.tick();
			await turn();
		}
		for (let seen = -1, i = 0; seen < 3; i++) {
			expect(i).toBeLessThan(10);
			seen = decodeJson(ClockFrame, (await group.next())!)!.seq;
			nowMs += 1000;
			relay.tick();
			await turn();
		}
		expect(relay.endedAs).toBeUndefined();
	});
});

describe("a session's life", () => {
	it("ends when the token's time is over", async () => {
		const { relay, done } = await enter({});
		nowMs = START + 599_999;
		relay.tick();
		expect(relay.endedAs).toBeUndefined();
		nowMs += 1;
		relay.tick();
		await done;
		expect(relay.endedAs).toBe("expired");
	});
	it("the clock ticks once a second and echoes the last report", async () => {
		const { relay, peer, chosen } = await enter(
			{ put: [".peer/x"] },
			{
				onAnnounceRequest: (stream) => stream.init([""]),
				onSubscribe: async (subscription) => {
					await subscription.accept();
					const group = await subscription.openGroup(0);
					await group.write(encodeJson({ v: 1, sentMs: 4711, clockSeq: 0, tracks: {} }));
				},
			},
		);
		await turn();
		const clock = await peer.subscribe(".relay", "clock", 255);
		expect(chosen.times).toBe(1);
		const group = (await clock.groups.next()).value!;
		const read = async () => decodeJson(ClockFrame, (await group.next())!);
		expect(await read()).toEqual({ v: 1, seq: 0, wallMs: START, echo: { sentMs: 4711, receivedMs: START } });
		nowMs += 500;
		relay.tick();
		nowMs += 500;
		relay.tick();
		expect(await read()).toMatchObject({ seq: 1, wallMs: START + 1000 });
	});
	it("a peer that announced a report and sends none for five seconds is closed; one that never did is not", async () => {
		const silent = await enter({ put: [".peer/x"] }, { onAnnounceRequest: (stream) => stream.init([""]) });
		const foreign = await enter({});
		await turn();
		nowMs += REPORT_MISSING_MS - 1;
		silent.relay.tick();
		expect(silent.relay.endedAs).toBeUndefined();
		nowMs += 1;
		silent.relay.tick();
		foreign.relay.tick();
		await silent.done;
		expect([silent.relay.endedAs, foreign.relay.endedAs]).toEqual(["timeout", undefined]);
	});
	it("odd bytes instead of a handshake end it", async () => {
		const { client, server } = fakePair();
		const relay = new RelaySession({ ...optionsOf({}), session: server });
		const stream = await client.openBidi();
		await stream.send.write(Uint8Array.of(1, 2, 3));
		await relay.run();
		expect((await client.closed).code).toBe(WIRE_ERROR_CODES["protocol-violation"]);
	});
});

describe("R1: a peer that wants the relay's memory", () => {
	it("announces its report again and again, and is asked for it once", async () => {
		let asked = 0;
		const { relay } = await enter(
			{ put: [".peer/x"] },
			{
				onAnnounceRequest: (stream) => {
					stream.init([]);
					for (let n = 0; n < 500; n++) stream.announce(true, n % 2 === 0 ? "" : String(n));
				},
				onSubscribe: () => {
					asked += 1;
				},
			},
		);
		for (let n = 0; n < 20; n++) await turn();
		expect(asked).toBe(1);
		relay.close("going-away");
	});
	it.each([
		[MAX_REPORT_BYTES, undefined],
		[MAX_REPORT_BYTES + 1, "timeout"],
	])("a report of %i bytes", async (size, endedAs) => {
		let send = () => {};
		const { relay } = await enter(
			{ put: [".peer/x"] },
			{
				onAnnounceRequest: (stream) => stream.init([""]),
				onSubscribe: async (subscription) => {
					await subscription.accept();
					const group = await subscription.openGroup(0);
					const report = encodeJson({ v: 1, sentMs: 1, clockSeq: 1, tracks: {}, filling: "" });
					const padding = "x".repeat(size - report.length);
					send = () => void group.write(encodeJson({ v: 1, sentMs: 1, clockSeq: 1, tracks: {}, filling: padding }));
				},
			},
		);
		await turn();
		nowMs += REPORT_MISSING_MS - 1000;
		send();
		await turn();
		nowMs += 2000;
		relay.tick();
		expect(relay.endedAs).toBe(endedAs);
		relay.close("going-away");
	});
	it("reads none of many tracks: the session is cut by what waits for all of them together", async () => {
		const tracks = MAX_SESSION_QUEUE_BYTES / (MAX_QUEUE_BYTES / 2) + 1;
		const chunk = MAX_QUEUE_BYTES / 2 - 100;
		await enter(
			{ put: ["cam"] },
			{
				onAnnounceRequest: (stream) => stream.init([""]),
				onSubscribe: async (subscription) => {
					await subscription.accept();
					const group = await subscription.openGroup(1);
					await group.write(new Uint8Array(chunk));
				},
			},
		);
		await turn();
		const { relay, peer, done } = await enter({ get: ["cam"] });
		const subscriptions = [];
		for (let n = 0; n <= tracks; n++) {
			const subscription = await peer.subscribe("cam", `t${n}`, 1);
			subscriptions.push(subscription);
		}
		for (let n = 0; n < 40; n++) {
			await turn();
			relay.tick();
		}
		expect(relay.endedAs).toBe("lagging");
		await done;
	});
});
