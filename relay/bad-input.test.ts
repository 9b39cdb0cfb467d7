import { createSocket } from "node:dgram";
import { MoqPeer, type PeerHandlers } from "@mivisus/transport/moq/peer";
import { offerSetup } from "@mivisus/transport/moq/setup";
import { type Session, StreamError } from "@mivisus/transport/port";
import { decodeRecord, encodeFrame as encodeQmux } from "@mivisus/transport/tcp/frames";
import { MAX_OPEN_STREAMS } from "@mivisus/transport/tcp/session";
import { parametersFrame, RawQmux } from "@mivisus/transport/testing/raw-qmux";
import { WIRE_ERROR_CODES, type WireErrorReason } from "@mivisus/wire/errors";
import { newId } from "@mivisus/wire/ids";
import { MAX_CONTROL_BYTES, MAX_FRAME_BYTES, MAX_PATH_BYTES } from "@mivisus/wire/limits";
import { ANNOUNCE_STREAM, encodeAnnounceRequest } from "@mivisus/wire/moq/announce";
import { encodeGroupHeader } from "@mivisus/wire/moq/group";
import { encodeSubscribe, SUBSCRIBE_STREAM } from "@mivisus/wire/moq/subscribe";
import { encodeVarint } from "@mivisus/wire/moq/varint";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { seeded, seedOf } from "../test/scale.ts";
import { silentLog } from "./log.ts";
import { type Plane, startPlane } from "./plane.ts";
import { testConfig } from "./testing/config.ts";
import { http3Door, tcpDoor, urlOf } from "./testing/doors.ts";
import { type Door, HonestPair, type Rights } from "./testing/honest.ts";
import { TestWorker } from "./testing/keys.ts";
import { clientSetup } from "./testing/messages.ts";

let worker: TestWorker;
let plane: Plane;
beforeAll(async () => {
	worker = await TestWorker.create();
	plane = await startPlane({ log: silentLog, config: await testConfig(worker) });
});
afterAll(() => plane.close());
const doors = { http3: () => http3Door(worker, plane), tcp: () => tcpDoor(worker, plane.tcpPort) };
const sessions = async () => plane.status().sessions;

const bytes = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const bytesOf = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
const reasonOf = (error: unknown): WireErrorReason | string => {
	if (!(error instanceof StreamError)) return String(error);
	const found = Object.entries(WIRE_ERROR_CODES).find(([, code]) => code === error.code);
	return found?.[0] ?? `${error.kind} ${error.code}`;
};
/** Says `message` on a new stream and tells with which word the relay ends it. */
async function answerTo(session: Session, message: Uint8Array, fin = false): Promise<string> {
	const { send, recv } = await session.openBidi();
	await send.write(message);
	if (fin) await send.finish();
	try {
		while ((await recv.read()) !== null);
		return "ended in order";
	} catch (error) {
		return reasonOf(error);
	} finally {
		send.reset(0);
	}
}
/** The same on a stream that only we send on: the relay tells us to stop. */
async function stopOf(session: Session, message: Uint8Array): Promise<string> {
	const send = await session.openUni();
	try {
		await send.write(message);
		for (;;) {
			await send.write(new Uint8Array(10));
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
	} catch (error) {
		return reasonOf(error);
	}
}
const subscribe = (id: number, broadcast: string, track = "video") =>
	bytesOf(encodeVarint(SUBSCRIBE_STREAM), encodeSubscribe({ id, broadcast, track, priority: 1 }));

describe.each(["http3", "tcp"] as const)(
	"bad input over %s: a named code to the sender, and nothing else changes",
	(transport) => {
		let door: Door;
		const [ours, theirs] = [newId(), newId()];
		let pairs: HonestPair[];
		beforeAll(async () => {
			door = doors[transport]();
			pairs = [await HonestPair.begin(ours, door), await HonestPair.begin(theirs, door)];
		});
		afterAll(() => {
			for (const pair of pairs) pair.close();
		});
		afterEach(async () => {
			for (const pair of pairs) await pair.beat();
			expect(pairs.map(({ announced }) => announced.length)).toEqual([0, 0]);
		});
		/** A peer of the honest pair's account that did its handshake; nobody answers what the relay asks it. */
		async function enter(rights: Partial<Rights> = {}): Promise<Session> {
			const session = await door({ root: ours, get: ["cam"], ...rights });
			await offerSetup(session);
			return session;
		}
		/** A camera of the same account, and somebody who looks at it. */
		async function secondCamera(onSubscribe: PeerHandlers["onSubscribe"]) {
			const name = newId();
			const camera = await MoqPeer.client(await door({ root: ours, put: [name] }), {
				onAnnounceRequest: (stream) => stream.init([""]),
				...(onSubscribe && { onSubscribe }),
			});
			const viewer = await MoqPeer.client(await door({ root: ours, get: [name] }));
			await (await viewer.announced("")).next();
			return { name, camera, viewer };
		}

		const ON_REQUESTS: [name: string, message: Uint8Array, fin: boolean, reason: WireErrorReason][] = [
			["a stream of an unknown type", bytes("3f 01 02"), false, "protocol-violation"],
			["a type that no number can hold", bytes("ffffffffffffffff"), false, "protocol-violation"],
			["a setup on a second stream", bytes("20 0000"), false, "protocol-violation"],
			["a length that no number can hold", bytes("02 ffffffffffffffff"), false, "too-large"],
			[
				"R4: a message at the limit, which is read and is none",
				bytesOf(bytes("02"), encodeVarint(MAX_CONTROL_BYTES), new Uint8Array(MAX_CONTROL_BYTES)),
				false,
				"protocol-violation",
			],
			[
				"a message of more than the limit",
				bytesOf(bytes("02"), encodeVarint(MAX_CONTROL_BYTES + 1)),
				false,
				"too-large",
			],
			["a name longer than its message", bytes("02 04 00 20 61 62"), false, "protocol-violation"],
			["R4: a name at the limit, which nobody has", subscribe(1, "x".repeat(MAX_PATH_BYTES)), false, "not-found"],
			[
				"a name of more than the limit",
				bytesOf(encodeVarint(ANNOUNCE_STREAM), encodeAnnounceRequest({ prefix: "x".repeat(MAX_PATH_BYTES + 1) })),
				false,
				"too-large",
			],
			["a name that is not UTF-8", bytes("01 02 01 ff"), false, "protocol-violation"],
			["bytes after a message's end", bytes("01 02 00 00"), false, "protocol-violation"],
			["a stream that ends before its type", new Uint8Array(0), true, "protocol-violation"],
			["a message cut off by the stream's end", bytes("02 20 00 01"), true, "protocol-violation"],
			[
				"an update of more than the limit",
				bytesOf(subscribe(900, ".relay", "clock"), bytes("7fff")),
				false,
				"too-large",
			],
			[
				"an update that is none",
				bytesOf(subscribe(901, ".relay", "clock"), bytes("02 01 01")),
				false,
				"protocol-violation",
			],
			["a subscription to what is not there", subscribe(902, "nothing"), false, "not-found"],
			[
				"a subscription to another account's camera by a way up",
				subscribe(903, `../${theirs}/cam`),
				false,
				"not-found",
			],
		];
		it.each(ON_REQUESTS)("%s", async (_, message, fin, reason) => {
			const session = await enter();
			expect(await answerTo(session, message, fin)).toBe(reason);
			// The session goes on: only the stream is lost.
			expect(await answerTo(session, subscribe(1, "nothing"))).toBe("not-found");
			session.close(0, "");
		});

		const ON_GROUPS: [name: string, message: Uint8Array, reason: WireErrorReason][] = [
			["a group stream of an unknown type", bytes("3f 01 02"), "protocol-violation"],
			[
				"a group of a subscription that the relay never made",
				encodeGroupHeader({ subscribeId: 77, sequence: 0 }),
				"not-found",
			],
			["a group's header that is longer than one", bytes("00 7f"), "too-large"],
			["a group's header with a number too large", bytes("00 09 00 ffffffffffffffff"), "protocol-violation"],
		];
		it.each(ON_GROUPS)("%s", async (_, message, reason) => {
			const session = await enter();
			expect(await stopOf(session, message)).toBe(reason);
			session.close(0, "");
		});

		it("a subscribe id that is in use: the second is refused, the first goes on", async () => {
			const session = await enter();
			const first = await session.openBidi();
			await first.send.write(subscribe(4, "cam"));
			expect([...((await first.recv.read()) ?? [])]).toEqual([0]);
			expect(await answerTo(session, subscribe(4, "cam"))).toBe("protocol-violation");
			await pairs[0]!.beat();
			const group = await session.acceptUni();
			const got: number[] = [];
			while (got.length < 4) got.push(...((await group?.read()) ?? []));
			expect(got.slice(0, 3)).toEqual([0, 2, 4]);
			// Once it is given up, its id is free.
			await first.send.finish();
			await vi.waitUntil(async () => {
				const again = await session.openBidi();
				await again.send.write(subscribe(4, "cam"));
				return again.recv.read().then(
					(answer) => answer?.[0] === 0,
					() => false,
				);
			});
			session.close(0, "");
		});

		it("groups that are repeated or far too late are stopped; those that only overtook each other pass", async () => {
			const stopped: string[] = [];
			let begin = () => {};
			const begun = new Promise<void>((resolve) => {
				begin = resolve;
			});
			const { name, camera, viewer } = await secondCamera(async (subscription) => {
				await subscription.accept();
				await begun;
				const send = async (sequence: number) => {
					const group = await subscription.openGroup(sequence);
					await group.write(Uint8Array.of(sequence));
					await group.finish();
				};
				for (const sequence of [100, 99, 101]) await send(sequence);
				for (const sequence of [100, 101, 60]) {
					const group = await subscription.openGroup(sequence);
					try {
						for (;;) {
							await group.write(Uint8Array.of(0));
							await new Promise((resolve) => setTimeout(resolve, 5));
						}
					} catch (error) {
						stopped.push(reasonOf(error));
					}
				}
				// A whole memory's worth of others, and then one of them again.
				for (let sequence = 98; sequence >= 70; sequence--) await send(sequence);
				const again = await subscription.openGroup(101);
				await again.write(Uint8Array.of(9)).catch(() => {});
				await send(102);
			});
			const { groups } = await viewer.subscribe(name, "video", 1);
			begin();
			const seen: number[] = [];
			for await (const group of groups) {
				seen.push(group.sequence);
				if (group.sequence === 102) break;
			}
			expect(stopped).toEqual(["protocol-violation", "protocol-violation", "protocol-violation"]);
			expect(new Set(seen).size).toBe(seen.length);
			expect(seen).toContain(99);
			expect(seen).not.toContain(60);
			viewer.close();
			camera.close();
		});

		it("a frame of more than the limit ends its group, for the sender and for who looks; the next one comes", async () => {
			let told = "";
			const { name, camera, viewer } = await secondCamera(async (subscription) => {
				await subscription.accept();
				const large = await subscription.openGroup(0);
				// Said, and never sent: the length alone is enough.
				await large.writeEncoded(encodeVarint(MAX_FRAME_BYTES + 1));
				try {
					for (;;) {
						await large.writeEncoded(new Uint8Array(10));
						await new Promise((resolve) => setTimeout(resolve, 5));
					}
				} catch (error) {
					told = reasonOf(error);
				}
				const next = await subscription.openGroup(1);
				await next.write(new Uint8Array(MAX_FRAME_BYTES));
				await next.finish();
			});
			const { groups } = await viewer.subscribe(name, "video", 1);
			for await (const group of groups) {
				if (group.sequence === 0)
					await expect(group.next()).rejects.toMatchObject({ code: WIRE_ERROR_CODES["too-large"] });
				else {
					expect((await group.next())?.length).toBe(MAX_FRAME_BYTES);
					break;
				}
			}
			expect(told).toBe("too-large");
			viewer.close();
			camera.close();
		});

		it("announcements that would leave the token's root stay under it: nobody else hears of them", async () => {
			const name = newId();
			const asked: string[] = [];
			const peer = await MoqPeer.client(await door({ root: ours, put: [name] }), {
				onAnnounceRequest: (stream) => {
					asked.push(stream.prefix);
					stream.init([`../cam`, `/../../${theirs}/cam`, "/", "../../cam/x"]);
				},
			});
			const viewer = await MoqPeer.client(await door({ root: ours, get: [name] }));
			const announced = await viewer.announced("");
			const heard = [];
			for (let n = 0; n < 4; n++) heard.push((await announced.next()).value?.suffix);
			expect(heard.sort()).toEqual(
				[name, `${name}/../../${theirs}/cam`, `${name}/../../cam/x`, `${name}/../cam`].sort(),
			);
			expect(asked).toEqual([name]);
			viewer.close();
			peer.close();
		});
		it("an announcement whose whole name no message can carry ends its session; one at the limit is heard of", async () => {
			const name = newId();
			const announce = async (length: number) =>
				MoqPeer.client(await door({ root: ours, put: [name] }), {
					onAnnounceRequest: (stream) => stream.init(["x".repeat(length - name.length - 1)]),
				});
			const viewer = await MoqPeer.client(await door({ root: ours, get: [name] }));
			const announced = await viewer.announced("");
			const fits = await announce(MAX_PATH_BYTES);
			expect((await announced.next()).value?.suffix).toHaveLength(MAX_PATH_BYTES);
			expect((await (await announce(MAX_PATH_BYTES + 1)).closed).code).toBe(WIRE_ERROR_CODES["too-large"]);
			expect(announced.length).toBe(0);
			fits.close();
			viewer.close();
		});
		it("asking for what others' names begin with tells nothing", async () => {
			const session = await enter({ get: [] });
			const { send, recv } = await session.openBidi();
			await send.write(bytesOf(encodeVarint(ANNOUNCE_STREAM), encodeAnnounceRequest({ prefix: "cam" })));
			expect([...((await recv.read()) ?? [])]).toEqual([1, 0]);
			session.close(0, "");
		});

		it("10 000 streams, one after the other: each is refused, and the session still works", async () => {
			const session = await enter();
			const word = async () => expect(await answerTo(session, bytes("3f"))).toBe("protocol-violation");
			const one = async () => {
				for (let n = 0; n < 10_000 / 20; n++) await word();
			};
			const beating = (async () => {
				for (let n = 0; n < 10; n++) for (const pair of pairs) await pair.beat();
			})();
			await Promise.all([beating, ...Array.from({ length: 20 }, one)]);
			expect(await answerTo(session, subscribe(1, "nothing"))).toBe("not-found");
			session.close(0, "");
		}, 60_000);
		it("streams opened and left: the session is closed within ten seconds", async () => {
			const session = await enter();
			const begun = Date.now();
			for (let n = 0; n < 40; n++) await (await session.openBidi()).send.write(bytes("02"));
			expect((await session.closed).code).toBe(WIRE_ERROR_CODES.timeout);
			expect(Date.now() - begun).toBeLessThan(10_000);
		});
		it("one byte per 5 s of a request: the stream is stopped within ten seconds", async () => {
			const session = await enter();
			const { send, recv } = await session.openBidi();
			const begun = Date.now();
			const message = subscribe(1, "cam");
			void (async () => {
				for (const byte of message) {
					await send.write(Uint8Array.of(byte));
					await new Promise((resolve) => setTimeout(resolve, 5000));
				}
			})().catch(() => {});
			await expect(recv.read()).rejects.toMatchObject({ code: WIRE_ERROR_CODES.timeout });
			expect(Date.now() - begun).toBeLessThan(10_000);
			session.close(0, "");
		});
		it("one byte per 5 s of a handshake: the session is closed after ten seconds", async () => {
			const session = await door({ root: ours });
			const { send } = await session.openBidi();
			const begun = Date.now();
			const timer = setInterval(() => void send.write(Uint8Array.of(0x20)).catch(() => {}), 5000);
			expect((await session.closed).code).toBe(WIRE_ERROR_CODES.timeout);
			expect(Math.round((Date.now() - begun) / 1000)).toBeLessThanOrEqual(11);
			clearInterval(timer);
		});
		it("a huge reason for leaving", async () => {
			const before = await sessions();
			for (const length of [1024, 1025, 60_000, 1_000_000]) (await enter()).close(7, "x".repeat(length));
			await vi.waitUntil(async () => (await sessions()) === before, { timeout: 5000 });
		});
	},
);

describe("bad input over tcp alone", () => {
	const connect = async () =>
		RawQmux.connect(await urlOf(worker, `ws://127.0.0.1:${plane.tcpPort}`, { root: newId() }));
	/** What the relay said last: with which code it ended the session. */
	const closeOf = async (raw: RawQmux) => {
		await raw.closed;
		const closes = raw.heard.flatMap((record) => decodeRecord(record)).filter(({ type }) => type === "close");
		return closes.map((frame) => (frame.type === "close" ? frame.code : 0));
	};
	it("more streams at a time than are allowed: the session is ended with the word for it", async () => {
		const raw = await connect();
		raw.send(parametersFrame(1000));
		for (let n = 0; n <= MAX_OPEN_STREAMS; n++)
			raw.send(encodeQmux({ type: "stream", id: 4 * n + 2, offset: 0, data: Uint8Array.of(0), fin: false }));
		expect(await closeOf(raw)).toEqual([WIRE_ERROR_CODES["too-many"]]);
	});
	it("no credit at all: not even the handshake's answer can leave, and the session is closed after ten seconds", async () => {
		const raw = await connect();
		raw.send(parametersFrame(0));
		raw.send(encodeQmux({ type: "stream", id: 0, offset: 0, data: clientSetup(), fin: false }));
		const begun = Date.now();
		expect(await closeOf(raw)).toEqual([WIRE_ERROR_CODES.timeout]);
		expect(Math.round((Date.now() - begun) / 1000)).toBeLessThanOrEqual(11);
	});
	it("text instead of bytes, and a record beyond all limits", async () => {
		const text = await connect();
		text.send("hello");
		expect(await closeOf(text)).toEqual([WIRE_ERROR_CODES["protocol-violation"]]);
		const large = await connect();
		large.send(new Uint8Array(65_537));
		await large.closed;
	});
	it("a reason for leaving of a whole record", async () => {
		const raw = await connect();
		raw.send(parametersFrame(1000));
		raw.send(encodeQmux({ type: "close", application: true, code: 1, reason: "x".repeat(60_000) }));
		await raw.closed;
	});
});

describe("bad input over UDP", () => {
	it("random datagrams at the HTTP/3 port: who is there goes on, and who comes gets in", async () => {
		const random = seeded(seedOf("random UDP"));
		const door = http3Door(worker, plane);
		const pair = await HonestPair.begin(newId(), door);
		const socket = createSocket("udp4");
		const send = (datagram: Uint8Array) =>
			new Promise<void>((resolve) => socket.send(datagram, plane.port, "127.0.0.1", () => resolve()));
		for (let n = 0; n < 20_000; n++) {
			const datagram = new Uint8Array(6 + Math.floor(random() * 1500)).map(() => random() * 256);
			// Half of them look like a long header of QUIC version 1.
			if (n % 2 === 0) datagram.set([0xc0 | (n % 64), 0, 0, 0, 1, n % 21]);
			await send(datagram);
			if (n % 2000 === 0) await pair.beat();
		}
		await pair.beat();
		const late = await HonestPair.begin(newId(), door);
		await late.beat();
		for (const one of [pair, late]) one.close();
		socket.close();
	}, 60_000);
});
