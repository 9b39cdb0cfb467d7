import { describe, expect, it } from "vitest";
import { GroupOrder, type GroupSource } from "./group-order.ts";
import { BEHIND_MS, GROUP_GRACE_MS, MAX_WAITING_GROUPS } from "./limits.ts";

/** A group whose frames arrive when the test says so. */
class Group implements GroupSource {
	readonly sequence: number;
	stopped = false;
	#queue: (Uint8Array | null | Error)[] = [];
	#wake: (() => void) | undefined;
	constructor(sequence: number) {
		this.sequence = sequence;
	}
	async next(): Promise<Uint8Array | null> {
		while (this.#queue.length === 0) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		const value = this.#queue.shift()!;
		if (value instanceof Error) throw value;
		return value;
	}
	stop(): void {
		this.stopped = true;
		void this.fail();
	}
	#put(value: Uint8Array | null | Error): Promise<void> {
		this.#queue.push(value);
		this.#wake?.();
		return new Promise((resolve) => setTimeout(resolve));
	}
	frame = (index: number) => this.#put(Uint8Array.of(this.sequence, index));
	end = () => this.#put(null);
	fail = () => this.#put(new Error("reset"));
}

function setUp() {
	const seen: string[] = [];
	const clock = { nowMs: 0, behindMs: 0 };
	const order = new GroupOrder({
		onFrame: ([group, index], key) => void seen.push(`${group}.${index}${key ? "k" : ""}`),
		now: () => clock.nowMs,
		behindMs: () => clock.behindMs,
	});
	const open = (sequence: number) => {
		const group = new Group(sequence);
		void order.take(group);
		return group;
	};
	return { seen, clock, order, open };
}

describe("the order of groups", () => {
	it("passes whole groups on in order although they arrive side by side", async () => {
		const { seen, order, open } = setUp();
		const [one, two] = [open(1), open(2)];
		await one.frame(0);
		await two.frame(0);
		await one.frame(1);
		expect(seen).toEqual(["1.0k", "1.1"]);
		await one.end();
		await two.frame(1);
		expect(seen).toEqual(["1.0k", "1.1", "2.0k", "2.1"]);
		expect(order.skipped).toBe(0);
	});
	it("leaves a lagging group for the newest key picture, and stops it", async () => {
		const { seen, clock, order, open } = setUp();
		const one = open(1);
		await one.frame(0);
		const two = open(2);
		await two.frame(0);
		clock.nowMs = GROUP_GRACE_MS;
		order.advance();
		expect(seen).toEqual(["1.0k"]);
		clock.nowMs = GROUP_GRACE_MS + 1;
		order.advance();
		expect(seen).toEqual(["1.0k", "2.0k"]);
		expect(one.stopped).toBe(true);
		await one.frame(1);
		expect(seen).toEqual(["1.0k", "2.0k"]);
		expect(order.skipped).toBe(1);
	});
	it("jumps without waiting when behind by more than the budget", async () => {
		const { seen, clock, open } = setUp();
		const one = open(1);
		await one.frame(0);
		clock.behindMs = BEHIND_MS + 1;
		await open(2).frame(0);
		expect(seen).toEqual(["1.0k", "2.0k"]);
		expect(one.stopped).toBe(true);
	});
	it("goes on with the next group after one that was reset, and counts gaps", async () => {
		const { seen, order, open } = setUp();
		const one = open(1);
		await one.frame(0);
		await one.fail();
		await open(4).frame(0);
		expect(seen).toEqual(["1.0k", "4.0k"]);
		expect(order.skipped).toBe(3);
	});
	it("starts with the newest group that has a key picture; an older one that comes late is stopped", async () => {
		const { seen, open } = setUp();
		const seven = open(7);
		await seven.frame(0);
		const six = open(6);
		await six.frame(0);
		expect(seen).toEqual(["7.0k"]);
		expect(six.stopped).toBe(true);
	});
	it("holds no more groups than its limit: at the limit it waits, one above it jumps", async () => {
		const { seen, open } = setUp();
		await open(1).frame(0);
		for (let n = 2; n < 2 + MAX_WAITING_GROUPS; n += 1) await open(n).frame(0);
		expect(seen).toEqual(["1.0k"]);
		await open(2 + MAX_WAITING_GROUPS).frame(0);
		expect(seen).toEqual(["1.0k", `${2 + MAX_WAITING_GROUPS}.0k`]);
	});
	it("says nothing after close, and stops what is open", async () => {
		const { seen, order, open } = setUp();
		const one = open(1);
		await one.frame(0);
		order.close();
		expect(one.stopped).toBe(true);
		const two = open(2);
		await two.frame(0);
		expect([seen, two.stopped]).toEqual([["1.0k"], true]);
	});
});
