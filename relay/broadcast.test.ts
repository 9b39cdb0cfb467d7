import { AsyncQueue } from "@mivisus/transport/moq/queue";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { Incoming } from "@mivisus/wire/moq/bytes";
import { describe, expect, it } from "vitest";
import { Broadcast, type UpstreamGroup } from "./broadcast.ts";
import { Budget } from "./budget.ts";
import { Directory } from "./directory.ts";
import { RelayGroup } from "./group.ts";
import { MAX_CACHED_BYTES, MAX_CACHED_FRAMES, MAX_OPEN_GROUPS } from "./limits.ts";
import { Subscriber } from "./subscriber.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A publisher in the test's hand. */
function publisher() {
	const subscriptions: { track: string; groups: AsyncQueue<UpstreamGroup>; closed: boolean }[] = [];
	const subscribe = async (_: string, track: string) => {
		const subscription = { track, groups: new AsyncQueue<UpstreamGroup>(), closed: false };
		subscriptions.push(subscription);
		return {
			groups: subscription.groups,
			close: () => {
				subscription.closed = true;
				subscription.groups.end();
			},
		};
	};
	return { subscriptions, subscribe };
}
function group(sequence: number) {
	const frames = new AsyncQueue<Uint8Array>();
	const stopped: number[] = [];
	let failure: Error | undefined;
	return {
		sequence,
		stopped,
		push: (byte: number) => frames.push(Uint8Array.of(byte)),
		finish: () => frames.end(),
		fail: (error: Error) => {
			failure = error;
			frames.end();
		},
		next: async () => {
			const { value, done } = await frames.next();
			if (failure) throw failure;
			return done ? null : value;
		},
		stop: (code: number) => void stopped.push(code),
	};
}
/** A viewer that writes down what it gets: `sequence:byte`, and the end of each group. */
function viewer() {
	const seen: string[] = [];
	const subscriber = new Subscriber(
		async (sequence) => ({
			writeEncoded: async (piece) => {
				// What waits for a viewer goes out in one piece.
				const incoming = new Incoming();
				incoming.push(piece);
				for (let frame = incoming.takeMessage(piece.length); frame; frame = incoming.takeMessage(piece.length)) {
					seen.push(`${sequence}:${frame[0]}`);
				}
			},
			finish: async () => void seen.push(`${sequence}.`),
			reset: (code) => void seen.push(`${sequence}!${code}`),
		}),
		() => 0,
	);
	return { seen, subscriber };
}

describe("a track", () => {
	it("is subscribed once for many, and unsubscribed when the last leaves", async () => {
		const { subscriptions, subscribe } = publisher();
		const broadcast = new Broadcast("r", "cam", subscribe);
		const [a, b] = await Promise.all([broadcast.lease("video", 1), broadcast.lease("video", 1)]);
		expect(subscriptions).toHaveLength(1);
		a.release();
		a.release();
		await turn();
		expect(subscriptions[0]!.closed).toBe(false);
		b.release();
		await turn();
		expect(subscriptions[0]!.closed).toBe(true);
		expect(broadcast.flowing).toEqual([]);
		(await broadcast.lease("video", 1)).release();
		expect(subscriptions).toHaveLength(2);
	});
	it("gives a late subscriber the current group from its first frame", async () => {
		const { subscriptions, subscribe } = publisher();
		const lease = await new Broadcast("r", "cam", subscribe).lease("video", 1);
		const [early, late] = [viewer(), viewer()];
		lease.attach(early.subscriber, () => {});
		const first = group(10);
		subscriptions[0]!.groups.push(first);
		first.push(1);
		first.finish();
		const second = group(11);
		subscriptions[0]!.groups.push(second);
		second.push(2);
		second.push(3);
		await turn();
		lease.attach(late.subscriber, () => {});
		second.push(4);
		second.finish();
		await turn();
		expect(early.seen).toEqual(["10:1", "10.", "11:2", "11:3", "11:4", "11."]);
		expect(late.seen).toEqual(["11:2", "11:3", "11:4", "11."]);
	});
	it("a finished group is still current: a catalog reaches who comes later", async () => {
		const { subscriptions, subscribe } = publisher();
		const lease = await new Broadcast("r", "cam", subscribe).lease("catalog.json", 1);
		const catalog = group(0);
		subscriptions[0]!.groups.push(catalog);
		catalog.push(9);
		catalog.finish();
		await turn();
		const late = viewer();
		lease.attach(late.subscriber, () => {});
		await turn();
		expect(late.seen).toEqual(["0:9", "0."]);
	});
	it("a group that fails is lost for everybody, late ones included; the next is not", async () => {
		const { subscriptions, subscribe } = publisher();
		const lease = await new Broadcast("r", "cam", subscribe).lease("video", 1);
		const [early, late] = [viewer(), viewer()];
		lease.attach(early.subscriber, () => {});
		const broken = group(1);
		subscriptions[0]!.groups.push(broken);
		broken.push(1);
		await turn();
		broken.fail(new Error("reset"));
		await turn();
		lease.attach(late.subscriber, () => {});
		const next = group(2);
		subscriptions[0]!.groups.push(next);
		next.push(2);
		await turn();
		expect(early.seen).toEqual(["1:1", "1!460", "2:2"]);
		expect(late.seen).toEqual(["2:2"]);
	});
	it("a group that comes twice is stopped; too many at once stop the oldest", async () => {
		const { subscriptions, subscribe } = publisher();
		await new Broadcast("r", "cam", subscribe).lease("video", 1);
		const groups = Array.from({ length: MAX_OPEN_GROUPS + 1 }, (_, i) => group(i));
		for (const each of groups.slice(0, MAX_OPEN_GROUPS)) subscriptions[0]!.groups.push(each);
		await turn();
		expect(groups[0]!.stopped).toEqual([]);
		subscriptions[0]!.groups.push(groups[MAX_OPEN_GROUPS]!);
		const twice = group(1);
		subscriptions[0]!.groups.push(twice);
		await turn();
		expect(groups[0]!.stopped).toEqual([460]);
		expect(twice.stopped).toEqual([3]);
	});
	it("a late subscriber starts neither in the middle of a group too large to keep, nor in an older one", async () => {
		const { subscriptions, subscribe } = publisher();
		const lease = await new Broadcast("r", "cam", subscribe).lease("video", 1);
		const large = group(5);
		subscriptions[0]!.groups.push(large);
		for (let i = 0; i <= MAX_CACHED_FRAMES; i++) large.push(1);
		await turn();
		const late = viewer();
		lease.attach(late.subscriber, () => {});
		large.push(2);
		const older = group(4);
		subscriptions[0]!.groups.push(older);
		older.push(3);
		const next = group(6);
		subscriptions[0]!.groups.push(next);
		next.push(4);
		await turn();
		expect(late.seen).toEqual(["6:4"]);
	});
	it("the publisher's end is the subscribers' end, after what was under way", async () => {
		const { subscriptions, subscribe } = publisher();
		const broadcast = new Broadcast("r", "cam", subscribe);
		const lease = await broadcast.lease("video", 1);
		const watching = viewer();
		let ended = 0;
		lease.attach(watching.subscriber, () => {
			ended += 1;
		});
		const last = group(1);
		subscriptions[0]!.groups.push(last);
		await turn();
		subscriptions[0]!.groups.end();
		await turn();
		expect(ended).toBe(0);
		last.push(1);
		last.finish();
		await turn();
		expect([watching.seen, ended]).toEqual([["1:1", "1."], 1]);
	});
	it("the publisher's loss cuts the group under way: subscribers have no more to wait for", async () => {
		const { subscriptions, subscribe } = publisher();
		const broadcast = new Broadcast("r", "cam", subscribe);
		const lease = await broadcast.lease("video", 1);
		const { seen, subscriber } = viewer();
		let ended = false;
		lease.attach(
			subscriber,
			() =>
				void subscriber.drained().then(() => {
					ended = true;
				}),
		);
		const [whole, cut] = [group(1), group(2)];
		subscriptions[0]!.groups.push(whole);
		whole.push(1);
		whole.finish();
		subscriptions[0]!.groups.push(cut);
		cut.push(2);
		await turn();
		broadcast.end();
		await turn();
		expect(ended).toBe(true);
		expect(cut.stopped).toEqual([WIRE_ERROR_CODES.cancelled]);
		expect(seen).toEqual(["1:1", "1.", "2:2", `2!${WIRE_ERROR_CODES.cancelled}`]);
	});
	it("a refusal reaches who asked, and the next one asks again", async () => {
		let asked = 0;
		const broadcast = new Broadcast("r", "cam", async () => {
			asked += 1;
			throw new Error("no such track");
		});
		await expect(broadcast.lease("x", 1)).rejects.toThrow("no such track");
		await expect(broadcast.lease("x", 1)).rejects.toThrow("no such track");
		expect(asked).toBe(2);
	});
});

describe("a kept group", () => {
	it("is kept at both caps and not above them", () => {
		const many = new RelayGroup(1);
		for (let i = 0; i < MAX_CACHED_FRAMES; i++) many.push(Uint8Array.of(1));
		expect(many.replayable).toBe(true);
		many.push(Uint8Array.of(1));
		expect(many.replayable).toBe(false);
		expect(many.frames).toHaveLength(0);
		const large = new RelayGroup(2);
		large.push(new Uint8Array(MAX_CACHED_BYTES));
		expect(large.replayable).toBe(true);
		large.push(Uint8Array.of(1));
		expect(large.replayable).toBe(false);
	});
});

describe("the directory", () => {
	it("a newer publisher replaces: ended, then active; the older one's end is silent", () => {
		const directory = new Directory();
		const heard: string[] = [];
		const { active, stop } = directory.watch("r", (name, isActive) => heard.push(`${name} ${isActive}`));
		expect(active).toEqual([]);
		const { subscribe } = publisher();
		const older = directory.publish("r", "cam", subscribe);
		const newer = directory.publish("r", "cam", subscribe);
		directory.withdraw(older);
		expect(heard).toEqual(["cam true", "cam false", "cam true"]);
		expect(directory.find("r", "cam")).toBe(newer);
		expect(directory.watch("r", () => {}).active).toEqual(["cam"]);
		directory.withdraw(newer);
		stop();
		expect(heard).toHaveLength(4);
		expect(directory.size).toBe(0);
	});
	it("accounts do not hear of each other", () => {
		const directory = new Directory();
		const heard: string[] = [];
		directory.watch("other", (name) => heard.push(name));
		directory.publish("r", "cam", publisher().subscribe);
		expect(heard).toEqual([]);
		expect(directory.find("other", "cam")).toBeUndefined();
	});
	it("a replaced broadcast ends its subscriptions upstream and down", async () => {
		const directory = new Directory();
		const { subscriptions, subscribe } = publisher();
		const lease = await directory.publish("r", "cam", subscribe).lease("video", 1);
		let ended = false;
		lease.attach(viewer().subscriber, () => {
			ended = true;
		});
		directory.publish("r", "cam", subscribe);
		await turn();
		expect([ended, subscriptions[0]!.closed]).toEqual([true, true]);
	});
});

describe("R4: what is kept for those who come late", () => {
	it("has a bound for all tracks together; past it frames go out and are not kept", () => {
		const budget = new Budget(100);
		const [first, second] = [new RelayGroup(1, budget), new RelayGroup(1, budget)];
		first.push(new Uint8Array(60));
		second.push(new Uint8Array(60));
		expect([first.replayable, second.replayable]).toEqual([true, false]);
		first.drop();
		first.drop();
		const third = new RelayGroup(2, budget);
		third.push(new Uint8Array(100));
		expect(third.replayable).toBe(true);
	});
	it("a newer group, the last subscriber's leave and the end give back what the older one took", async () => {
		const { subscriptions, subscribe } = publisher();
		const budget = new Budget(10);
		const broadcast = new Broadcast("r", "cam", subscribe, { budget });
		const lease = await broadcast.lease("video", 1);
		for (const sequence of [1, 2, 3]) {
			const incoming = group(sequence);
			subscriptions[0]?.groups.push(incoming);
			for (let byte = 0; byte < 4; byte++) incoming.push(byte);
			await turn();
		}
		const { seen, subscriber } = viewer();
		lease.attach(subscriber, () => {});
		await turn();
		expect(seen).toEqual(["3:0", "3:1", "3:2", "3:3"]);
		expect(budget.take(3)).toBe(false);
		lease.release();
		expect(budget.take(10)).toBe(true);
	});
	it("an account's bound lies within everybody's", () => {
		const all = new Budget(10);
		const [ada, eve] = [new Budget(8, all), new Budget(8, all)];
		expect([ada.take(9), ada.take(8), eve.take(3), eve.take(2)]).toEqual([false, true, false, true]);
		ada.give(8);
		expect(eve.take(6)).toBe(true);
	});
});
