import { expect, it } from "vitest";
import { MAX_GOP_BYTES, MAX_GOP_FRAMES, MAX_QUEUE_BYTES } from "../limits.ts";
import { Feed, type GroupSink } from "./feed.ts";
import { GopCache } from "./gop.ts";

/** Records what reaches the wire; `hold` keeps writes from resolving, as a blocked uplink does. */
function wire(hold = false) {
	const log: string[] = [];
	const held: (() => void)[] = [];
	const open = async (sequence: number): Promise<GroupSink> => ({
		write: (frame) => {
			log.push(`${sequence}:${frame[0]}`);
			return hold ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
		},
		finish: async () => void log.push(`${sequence}:fin`),
		reset: (code) => void log.push(`${sequence}:reset ${code}`),
	});
	return { log, open, release: () => held.splice(0).forEach((resolve) => void resolve()) };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("frames go out in order, a group ends when the next begins", async () => {
	const { log, open } = wire();
	let bytes = 0;
	const feed = new Feed(open, {
		sent: (n) => {
			bytes += n;
		},
	});
	feed.begin(7);
	feed.write(Uint8Array.of(1));
	feed.write(Uint8Array.of(2));
	feed.begin(8);
	feed.write(Uint8Array.of(3));
	await turn();
	await turn();
	expect(log.filter((line) => line.startsWith("7"))).toEqual(["7:1", "7:2", "7:fin"]);
	expect(log.filter((line) => line.startsWith("8"))).toEqual(["8:3"]);
	expect(bytes).toBe(3);
});

it("a blocked uplink loses whole groups, the oldest first", async () => {
	const { log, open } = wire(true);
	const feed = new Feed(open, {});
	for (const sequence of [1, 2, 3, 4]) {
		feed.begin(sequence);
		feed.write(Uint8Array.of(sequence));
		await turn();
	}
	expect(log).toContain("1:reset 460");
	expect(log).toContain("2:reset 460");
	expect(feed.droppedGroups).toBe(2);
	feed.close();
	expect(log).toContain("4:reset 0");
});

it("the queue holds its limit and not a byte more", async () => {
	const { open } = wire(true);
	const feed = new Feed(open, {});
	feed.begin(1);
	feed.write(new Uint8Array(MAX_QUEUE_BYTES));
	expect(feed.droppedGroups).toBe(0);
	feed.write(new Uint8Array(1));
	expect(feed.droppedGroups).toBe(1);
});

it("A12: what is cut is called back even where its group is whole on our side, and nothing older than a few groups is kept", async () => {
	const { log, open } = wire();
	const feed = new Feed(open, {});
	for (let sequence = 1; sequence <= 20; sequence++) {
		feed.begin(sequence);
		feed.write(Uint8Array.of(sequence));
		await turn();
	}
	feed.cut();
	await turn();
	const called = log.filter((line) => line.endsWith("reset 0")).map((line) => Number.parseInt(line, 10));
	expect(called.sort((a, b) => a - b)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20]);
});

it("what was kept at home goes out first and does not count as falling behind", async () => {
	const { log, open, release } = wire(true);
	const feed = new Feed(open, {});
	const kept = [new Uint8Array(MAX_QUEUE_BYTES).fill(1), new Uint8Array(MAX_QUEUE_BYTES).fill(2)];
	feed.begin(1, kept);
	feed.write(new Uint8Array(MAX_QUEUE_BYTES).fill(3));
	expect(feed.droppedGroups).toBe(0);
	for (let i = 0; i < 6; i++) {
		await turn();
		release();
	}
	expect(log).toEqual(["1:1", "1:2", "1:3"]);
	feed.write(new Uint8Array(MAX_QUEUE_BYTES));
	expect(feed.droppedGroups).toBe(0);
	feed.write(new Uint8Array(1));
	expect(feed.droppedGroups).toBe(1);
});

it("the GOP cache starts at a keyframe and forgets the one before", () => {
	const cache = new GopCache(10);
	const unit = (key: boolean, size = 1) => ({ timestampUs: 0, key, data: new Uint8Array(size) });
	expect(cache.push(unit(false))).toBe(false);
	expect(cache.push(unit(true))).toBe(true);
	expect(cache.push(unit(false))).toBe(true);
	expect([cache.sequence, cache.units.length]).toEqual([10, 2]);
	cache.push(unit(true));
	expect([cache.sequence, cache.units.length]).toEqual([11, 1]);
});

it("above its caps the GOP cache is empty until the next keyframe, and forwarding goes on", () => {
	const cache = new GopCache(1);
	cache.push({ timestampUs: 0, key: true, data: new Uint8Array(MAX_GOP_BYTES) });
	expect(cache.units.length).toBe(1);
	expect(cache.push({ timestampUs: 1, key: false, data: new Uint8Array(1) })).toBe(true);
	expect(cache.units.length).toBe(0);
	for (let i = 0; i < MAX_GOP_FRAMES; i++) cache.push({ timestampUs: i, key: i === 0, data: new Uint8Array(1) });
	expect(cache.units.length).toBe(MAX_GOP_FRAMES);
	cache.push({ timestampUs: 9e6, key: false, data: new Uint8Array(1) });
	expect(cache.units.length).toBe(0);
});
