import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { describe, expect, it } from "vitest";
import {
	COALESCED_BYTES,
	MAX_QUEUE_BYTES,
	MAX_QUEUE_FRAMES,
	MAX_QUEUE_GROUPS,
	MAX_SMALL_BYTES,
	MAX_SMALL_GROUPS,
	STALLED_MS,
} from "./limits.ts";
import { Subscriber } from "./subscriber.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A subscriber's transport that takes frames only while `open` is true, and writes down what happens. */
function setUp() {
	const state = {
		blocked: false,
		nowMs: 0,
		log: [] as string[],
		pieces: [] as number[],
		release: [] as (() => void)[],
		inFlight: 0,
	};
	const wait = () => (state.blocked ? new Promise<void>((resolve) => state.release.push(resolve)) : Promise.resolve());
	const subscriber = new Subscriber(
		async (sequence) => {
			state.log.push(`open ${sequence}`);
			return {
				writeEncoded: async (frame) => {
					state.inFlight += 1;
					await wait();
					state.inFlight -= 1;
					// What waits goes out in one piece, whose frames each hold one value.
					for (const value of new Set(frame)) state.log.push(`${sequence}:${value}`);
					state.pieces.push(frame.length);
				},
				finish: async () => void state.log.push(`finish ${sequence}`),
				reset: (code) => void state.log.push(`reset ${sequence} ${code}`),
			};
		},
		() => state.nowMs,
	);
	const unblock = () => {
		state.blocked = false;
		for (const release of state.release.splice(0)) release();
	};
	return { state, subscriber, unblock };
}
const frame = (first: number, length = 1) => new Uint8Array(length).fill(first);
const LAGGING = WIRE_ERROR_CODES.lagging;

describe("a subscriber's queue", () => {
	it("sends groups in order, frame by frame, with their ends", async () => {
		const { state, subscriber } = setUp();
		subscriber.begin(7);
		subscriber.push(7, frame(1));
		subscriber.push(7, frame(2));
		subscriber.end(7);
		subscriber.begin(8);
		subscriber.push(8, frame(3));
		await turn();
		expect(state.log).toEqual(["open 7", "7:1", "7:2", "finish 7", "open 8", "8:3"]);
	});
	it("what waits goes out in pieces up to the limit, and one frame as it is", async () => {
		const { state, subscriber, unblock } = setUp();
		const half = COALESCED_BYTES / 2;
		state.blocked = true;
		subscriber.begin(1);
		const lengths = [1, half, half, half, half + 1, COALESCED_BYTES + 1, 1];
		for (const [i, length] of lengths.entries()) {
			subscriber.push(1, frame(i, length));
			// The first is being written while the others come.
			if (i === 0) await turn();
		}
		await turn();
		unblock();
		subscriber.end(1);
		for (let i = 0; i < lengths.length; i++) await turn();
		expect(state.log).toEqual(["open 1", "1:0", "1:1", "1:2", "1:3", "1:4", "1:5", "1:6", "finish 1"]);
		expect(state.pieces).toEqual([1, 2 * half, half, half + 1, COALESCED_BYTES + 1, 1]);
		expect(subscriber.queuedBytes).toBe(0);
	});
	it("has one write in flight at a time", async () => {
		const { state, subscriber } = setUp();
		state.blocked = true;
		subscriber.begin(1);
		for (let i = 0; i < 5; i++) subscriber.push(1, frame(i));
		await turn();
		expect(state.inFlight).toBe(1);
	});
	it("holds the limit of bytes; one more drops the old group and keeps the newest whole", async () => {
		const { state, subscriber, unblock } = setUp();
		state.blocked = true;
		subscriber.begin(1);
		subscriber.push(1, frame(1, MAX_QUEUE_BYTES - 10));
		subscriber.begin(2);
		subscriber.push(2, frame(2, 10));
		await turn();
		expect(subscriber.droppedGroups).toBe(0);
		subscriber.push(2, frame(3));
		expect(subscriber.droppedGroups).toBe(1);
		expect(subscriber.queuedBytes).toBe(11);
		unblock();
		subscriber.end(2);
		await turn();
		expect(state.log.filter((line) => !line.startsWith("1:"))).toEqual([
			"open 1",
			`reset 1 ${LAGGING}`,
			"open 2",
			"2:2",
			"2:3",
			"finish 2",
		]);
	});
	it("a group that alone is above the limit goes as a whole; the next one is sent", async () => {
		const { state, subscriber, unblock } = setUp();
		state.blocked = true;
		subscriber.begin(1);
		subscriber.push(1, frame(1, MAX_QUEUE_BYTES));
		subscriber.push(1, frame(1));
		subscriber.push(1, frame(1));
		expect(subscriber.queuedBytes).toBe(0);
		unblock();
		subscriber.begin(2);
		subscriber.push(2, frame(2));
		await turn();
		expect(state.log).toContain("2:2");
	});
	it("a third group of pictures drops the two before it, although the write of the first never ends", async () => {
		const { state, subscriber } = setUp();
		state.blocked = true;
		for (let sequence = 1; sequence <= MAX_QUEUE_GROUPS; sequence++) {
			subscriber.begin(sequence);
			subscriber.push(sequence, frame(sequence, MAX_SMALL_BYTES));
			subscriber.end(sequence);
			await turn();
		}
		expect(subscriber.droppedGroups).toBe(0);
		state.blocked = false;
		subscriber.begin(3);
		subscriber.push(3, frame(3));
		await turn();
		expect(subscriber.droppedGroups).toBe(2);
		expect(state.log).toEqual(["open 1", `reset 1 ${LAGGING}`, "open 3", "3:3"]);
	});
	it("groups of a few bytes may wait in larger number", async () => {
		const { state, subscriber } = setUp();
		state.blocked = true;
		for (let i = 0; i < MAX_SMALL_GROUPS; i++) {
			subscriber.begin(i);
			subscriber.push(i, frame(1));
			subscriber.end(i);
		}
		expect(subscriber.droppedGroups).toBe(0);
		subscriber.begin(MAX_SMALL_GROUPS);
		expect(subscriber.droppedGroups).toBe(MAX_SMALL_GROUPS);
	});
	it("a late subscriber gets a cached group even when it is larger than the queue", async () => {
		const { state, subscriber } = setUp();
		const cached = Array.from({ length: 12 }, (_, i) => frame(i, 1024 * 1024));
		subscriber.startAt(5);
		subscriber.replay(5, cached);
		subscriber.push(5, frame(99));
		subscriber.begin(4);
		subscriber.push(4, frame(1));
		await turn();
		await turn();
		expect(state.log).toEqual(["open 5", ...cached.map((f) => `5:${f[0]}`), "5:99"]);
		expect(subscriber.queuedBytes).toBe(0);
	});
	it("is stalled when nothing moved for ten seconds, and only then", async () => {
		const { state, subscriber, unblock } = setUp();
		subscriber.begin(1);
		subscriber.push(1, frame(1));
		await turn();
		state.nowMs = 100_000;
		expect(subscriber.stalled()).toBe(false);
		state.blocked = true;
		subscriber.push(1, frame(2));
		state.nowMs += STALLED_MS - 1;
		expect(subscriber.stalled()).toBe(false);
		state.nowMs += 1;
		expect(subscriber.stalled()).toBe(true);
		unblock();
		await turn();
		expect(subscriber.stalled()).toBe(false);
	});
	it("a group that the publisher gave up is reset with its code", async () => {
		const { state, subscriber } = setUp();
		subscriber.begin(1);
		subscriber.push(1, frame(1));
		await turn();
		subscriber.abandon(1, 77);
		expect(state.log.at(-1)).toBe("reset 1 77");
	});
	it("drains before it says so; closing gives up what is left", async () => {
		const { state, subscriber, unblock } = setUp();
		await subscriber.drained();
		state.blocked = true;
		subscriber.begin(1);
		subscriber.push(1, frame(1));
		subscriber.end(1);
		let drained = false;
		void subscriber.drained().then(() => {
			drained = true;
		});
		await turn();
		expect(drained).toBe(false);
		unblock();
		await turn();
		expect(drained).toBe(true);
		subscriber.begin(2);
		subscriber.close();
		subscriber.begin(3);
		subscriber.push(3, frame(1));
		await turn();
		expect(state.log).not.toContain("open 3");
	});
});

describe("frames of nothing", () => {
	it("count by their number, and leave at the limit like large ones", async () => {
		const { state, subscriber } = setUp();
		state.blocked = true;
		subscriber.begin(1);
		for (let n = 0; n < MAX_QUEUE_FRAMES; n++) subscriber.push(1, frame(1));
		await turn();
		expect(subscriber.queuedBytes).toBe(MAX_QUEUE_FRAMES);
		subscriber.push(1, frame(1));
		expect(subscriber.queuedBytes).toBe(0);
		expect(subscriber.droppedGroups).toBe(1);
	});
});
