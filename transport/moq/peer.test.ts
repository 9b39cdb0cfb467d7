import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { encodeGroupHeader } from "@mivisus/wire/moq/group";
import { encodeSubscribe, SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { encodeVarint } from "@mivisus/wire/moq/varint";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fakePair } from "../fake.ts";
import { StreamError } from "../port.ts";
import { LATE_MS, MAX_LATE_STREAMS, MAX_WAITING_GROUPS } from "./limits.ts";
import type { IncomingSubscription } from "./outgoing.ts";
import { MoqPeer, type PeerHandlers } from "./peer.ts";
import { answerSetup, offerSetup, SETUP_TIMEOUT_MS } from "./setup.ts";

/** Two peers over the strict fake: `viewer` asks, `publisher` answers with `handlers`. */
async function peers(handlers: PeerHandlers) {
	const { client, server } = fakePair();
	const [viewer, publisher] = await Promise.all([MoqPeer.client(client), MoqPeer.server(server, handlers)]);
	return { viewer, publisher };
}

describe("a MoQ peer", () => {
	it("announces: those active first, then each change", async () => {
		const { viewer } = await peers({
			onAnnounceRequest: (stream) => {
				expect(stream.prefix).toBe("a");
				stream.init(["x", "y"]);
				stream.announce(false, "x");
				stream.announce(true, "");
			},
		});
		const announced = await viewer.announced("a");
		const seen = [];
		for (let i = 0; i < 4; i++) seen.push((await announced.next()).value);
		expect(seen).toEqual([
			{ active: true, suffix: "x" },
			{ active: true, suffix: "y" },
			{ active: false, suffix: "x" },
			{ active: true, suffix: "" },
		]);
		viewer.close();
		expect((await announced.next()).done).toBe(true);
	});

	it("subscribes, and receives groups of frames", async () => {
		const { viewer } = await peers({
			onSubscribe: async (subscription) => {
				expect([subscription.broadcast, subscription.track, subscription.priority]).toEqual(["cam", "video/main", 60]);
				await subscription.accept();
				const group = await subscription.openGroup(41);
				await group.write(Uint8Array.of(1, 2));
				await group.write(new Uint8Array(1000).fill(3));
				await group.finish();
			},
		});
		const subscription = await viewer.subscribe("cam", "video/main", 60);
		const group = (await subscription.groups.next()).value!;
		expect(group.sequence).toBe(41);
		expect([...(await group.next())!]).toEqual([1, 2]);
		expect((await group.next())!.length).toBe(1000);
		expect(await group.next()).toBeNull();
	});

	it("tells how much of a frame it holds that did not arrive whole", async () => {
		let goOn = () => {};
		const seen = new Promise<void>((resolve) => {
			goOn = resolve;
		});
		const { viewer, publisher } = await peers({
			onSubscribe: async (subscription) => {
				await subscription.accept();
				const stream = await publisher.session.openUni();
				await stream.write(encodeGroupHeader({ subscribeId: 0, sequence: 0 }));
				// A frame of 100 bytes, in two parts.
				await stream.write(Uint8Array.of(0x40, 100, ...new Uint8Array(40)));
				await seen;
				await stream.write(new Uint8Array(60));
			},
		});
		const subscription = await viewer.subscribe("cam", "video/main", 60);
		const group = (await subscription.groups.next()).value!;
		let held = 0;
		group.onHeld((bytes: number) => {
			held += bytes;
			if (held >= 42) goOn();
		});
		expect((await group.next())?.length).toBe(100);
		expect(held).toBe(0);
	});

	it("a refused subscription rejects with the code, and the session goes on", async () => {
		const { viewer } = await peers({
			onSubscribe: (subscription) => subscription.refuse(WIRE_ERROR_CODES["not-found"]),
		});
		for (let i = 0; i < 2; i++) {
			const failure = await viewer.subscribe("cam", "x", 1).catch((error) => error);
			expect(failure).toBeInstanceOf(StreamError);
			expect(failure.code).toBe(404);
		}
	});

	it("unsubscribing is seen by the publisher; ending is seen by the subscriber", async () => {
		const incoming: IncomingSubscription[] = [];
		const { viewer } = await peers({
			onSubscribe: async (subscription) => {
				incoming.push(subscription);
				await subscription.accept();
			},
		});
		const first = await viewer.subscribe("cam", "a", 1);
		await first.update(200);
		first.close();
		await incoming[0]!.closed;
		expect(incoming[0]!.priority).toBe(200);
		const second = await viewer.subscribe("cam", "b", 1);
		await incoming[1]!.end();
		await second.closed;
		expect((await second.groups.next()).done).toBe(true);
	});

	it("a group for an unknown subscription closes its own stream only", async () => {
		const { client, server } = fakePair();
		const [viewer, publisher] = await Promise.all([
			MoqPeer.client(client),
			MoqPeer.server(server, { onSubscribe: (subscription) => void subscription.accept() }),
		]);
		const stray = await publisher.session.openUni();
		await stray.write(encodeGroupHeader({ subscribeId: 99, sequence: 0 }));
		await expect(
			(async () => {
				for (;;) await stray.write(new Uint8Array(100));
			})(),
		).rejects.toThrow(StreamError);
		await viewer.subscribe("cam", "still alive", 1);
	});

	it("the end of the session ends subscriptions on both sides", async () => {
		let incoming: IncomingSubscription | undefined;
		const { viewer, publisher } = await peers({
			onSubscribe: async (subscription) => {
				incoming = subscription;
				await subscription.accept();
			},
		});
		const subscription = await viewer.subscribe("cam", "a", 1);
		publisher.close();
		await subscription.closed;
		await incoming!.closed;
		await expect(viewer.subscribe("cam", "b", 1)).rejects.toThrow(StreamError);
	});

	it("odd bytes on a stream cost that stream and nothing else", async () => {
		const { viewer } = await peers({ onSubscribe: (subscription) => void subscription.accept() });
		const odd = await viewer.session.openBidi();
		await odd.send.write(Uint8Array.of(0x3f, 1, 2, 3));
		await expect(odd.recv.read()).rejects.toMatchObject({ code: WIRE_ERROR_CODES["protocol-violation"] });
		await viewer.subscribe("cam", "a", 1);
	});
});

describe("what one side leaves open does not stay with the other", () => {
	const turns = async () => {
		for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
	};
	const stopTime = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	afterEach(() => void vi.useRealTimers());

	it("who refuses stops reading, too; who is refused ends its half", async () => {
		const refusing = fakePair();
		void MoqPeer.server(refusing.server, { onSubscribe: (subscription) => subscription.refuse(404) });
		await offerSetup(refusing.client);
		const { send } = await refusing.client.openBidi();
		await send.write(encodeVarint(SUBSCRIBE_STREAM));
		await send.write(encodeSubscribe({ id: 0, broadcast: "cam", track: "x", priority: 1 }));
		await turns();
		await expect(send.write(Uint8Array.of(0))).rejects.toMatchObject({ kind: "stopped" });

		const refused = fakePair();
		const [peer] = await Promise.all([MoqPeer.client(refused.client), answerSetup(refused.server)]);
		const asking = peer.subscribe("cam", "x", 1).catch((error) => error.code);
		const stream = (await refused.server.acceptBidi())!;
		stream.send.reset(404);
		expect(await asking).toBe(404);
		await expect(
			(async () => {
				while ((await stream.recv.read()) !== null);
			})(),
		).rejects.toMatchObject({ kind: "reset" });
	});
	it("a peer that does not answer is given up in time, and its stream with it", async () => {
		stopTime();
		const { client, server } = fakePair();
		const [peer] = await Promise.all([MoqPeer.client(client), answerSetup(server)]);
		const asking = peer.subscribe("cam", "x", 1, 1000).catch((error) => error.reason);
		const stream = (await server.acceptBidi())!;
		await turns();
		vi.advanceTimersByTime(999);
		expect(await Promise.race([asking, turns().then(() => "waits")])).toBe("waits");
		vi.advanceTimersByTime(1);
		expect(await asking).toBe("timeout");
		await expect(
			(async () => {
				while ((await stream.recv.read()) !== null);
			})(),
		).rejects.toMatchObject({ code: WIRE_ERROR_CODES.timeout });
	});
	it("a peer that grants no stream is closed: it can be asked nothing", async () => {
		stopTime();
		const { client, server } = fakePair();
		const [peer] = await Promise.all([MoqPeer.client(client), answerSetup(server)]);
		client.openBidi = () => new Promise(() => {});
		const asking = peer.subscribe("cam", "x", 1, 1000).catch((error) => error.reason);
		vi.advanceTimersByTime(1000);
		expect(await asking).toBe("timeout");
		expect((await server.closed).code).toBe(WIRE_ERROR_CODES.timeout);
	});
	it.each([
		["bidirectional", MAX_LATE_STREAMS, "open"],
		["bidirectional", MAX_LATE_STREAMS + 1, WIRE_ERROR_CODES.timeout],
		["unidirectional", MAX_LATE_STREAMS, "open"],
		["unidirectional", MAX_LATE_STREAMS + 1, WIRE_ERROR_CODES.timeout],
	])("R4: %s streams that say nothing whole are stopped in time; %i of them: %s", async (kind, streams, end) => {
		stopTime();
		const { client, server } = fakePair();
		await Promise.all([offerSetup(client), MoqPeer.server(server, {})]);
		const writers = [];
		for (let n = 0; n < streams; n++) {
			const send = kind === "bidirectional" ? (await client.openBidi()).send : await client.openUni();
			await send.write(Uint8Array.of(kind === "bidirectional" ? SUBSCRIBE_STREAM : 0));
			writers.push(send);
		}
		await turns();
		vi.advanceTimersByTime(LATE_MS - 1);
		await turns();
		for (const send of writers) await send.write(Uint8Array.of(0x40));
		vi.advanceTimersByTime(1);
		await turns();
		for (const send of writers) await expect(send.write(Uint8Array.of(0))).rejects.toThrow(StreamError);
		expect(await Promise.race([client.closed.then(({ code }) => code), turns().then(() => "open")])).toBe(end);
	});
	it("R4: a handshake has its time and not more", async () => {
		stopTime();
		const { client, server } = fakePair();
		const serving = MoqPeer.server(server, {}).catch((error) => error.reason);
		vi.advanceTimersByTime(SETUP_TIMEOUT_MS - 1);
		expect(await Promise.race([client.closed, turns().then(() => "open")])).toBe("open");
		vi.advanceTimersByTime(1);
		expect((await client.closed).code).toBe(WIRE_ERROR_CODES.timeout);
		expect(await serving).toBe("timeout");
	});
	it("R4: as many groups wait for who reads them as are allowed; one more, and the oldest is stopped", async () => {
		const { client, server } = fakePair();
		const oldest: unknown[] = [];
		let opened = 0;
		const [viewer] = await Promise.all([
			MoqPeer.client(client),
			MoqPeer.server(server, {
				onSubscribe: async (subscription) => {
					await subscription.accept();
					for (; opened <= MAX_WAITING_GROUPS; opened++) {
						// All of them at once are within the limit up to here.
						if (opened === MAX_WAITING_GROUPS) oldest.push("before");
						const group = await subscription.openGroup(opened);
						const writing = group.write(new Uint8Array(200));
						if (opened === 0) writing.catch((error) => oldest.push(error.code));
						else writing.catch(() => {});
						await turns();
					}
				},
			}),
		]);
		const subscription = await viewer.subscribe("cam", "x", 1);
		await vi.waitUntil(() => opened > MAX_WAITING_GROUPS);
		expect(oldest).toEqual(["before", WIRE_ERROR_CODES.lagging]);
		expect(subscription.groups.length).toBe(MAX_WAITING_GROUPS);
		expect((await subscription.groups.next()).value?.sequence).toBe(1);
	});
});
