import { beforeEach, describe, expect, it } from "vitest";
import { RENEW_BEFORE_MS, RETRY_CAP_MS, SPARE_MS } from "./limits.ts";
import { Link, LinkRefused, type LinkSession } from "./link.ts";

class FakeSession implements LinkSession {
	ended = false;
	quiet = false;
	leaving = false;
	closed = false;
	untilMs = 3_600_000;
	silent = () => this.quiet;
	close(): void {
		this.closed = true;
		this.ended = true;
	}
}

let nowMs: number;
let asked: { give: (session: FakeSession) => Promise<void>; refuse: (error: Error) => Promise<void> }[];
let link: Link<FakeSession>;
const settle = () => new Promise((resolve) => setTimeout(resolve));
beforeEach(() => {
	nowMs = 0;
	asked = [];
	link = new Link<FakeSession>({
		open: () =>
			new Promise((resolve, reject) => {
				asked.push({
					give: async (session) => {
						resolve(session);
						await settle();
					},
					refuse: async (error) => {
						reject(error);
						await settle();
					},
				});
			}),
		changed: () => {},
		now: () => nowMs,
		random: () => 1,
	});
});
async function up(): Promise<FakeSession> {
	const session = new FakeSession();
	link.tick();
	await asked.at(-1)?.give(session);
	return session;
}

describe("the link", () => {
	it("asks once at a time", async () => {
		link.tick();
		link.tick();
		expect(asked).toHaveLength(1);
		await asked[0]?.give(new FakeSession());
		link.tick();
		expect(asked).toHaveLength(1);
		expect(link.everUp).toBe(true);
	});
	it("clock missing: a second session beside the first, which is closed only when the second carries", async () => {
		const first = await up();
		first.quiet = true;
		link.tick();
		const second = new FakeSession();
		await asked[1]?.give(second);
		expect([link.main, link.spare, first.closed]).toEqual([first, second, false]);
		link.carried(second);
		expect([link.main, link.spare, first.closed]).toEqual([second, undefined, true]);
		link.tick();
		expect(asked).toHaveLength(2);
	});
	it("a relay that is about to end: a second session beside the first, until the second carries", async () => {
		const first = await up();
		first.leaving = true;
		link.tick();
		const second = new FakeSession();
		await asked[1]?.give(second);
		link.tick();
		expect([link.main, link.spare, first.closed]).toEqual([first, second, false]);
		link.carried(second);
		expect([link.main, link.spare, first.closed]).toEqual([second, undefined, true]);
	});
	it("a first session that comes back stays, and the second goes", async () => {
		const first = await up();
		first.quiet = true;
		link.tick();
		const second = new FakeSession();
		await asked[1]?.give(second);
		first.quiet = false;
		link.tick();
		expect([link.main, link.spare, second.closed, first.closed]).toEqual([first, undefined, true, false]);
	});
	it("renews before its time is over, and the new one takes over even when nobody is looking", async () => {
		const first = await up();
		nowMs = first.untilMs - RENEW_BEFORE_MS;
		link.tick();
		expect(asked).toHaveLength(1);
		nowMs += 1;
		link.tick();
		const second = new FakeSession();
		second.untilMs = nowMs + 3_600_000;
		await asked[1]?.give(second);
		nowMs += SPARE_MS;
		link.tick();
		expect(link.main).toBe(first);
		nowMs += 1;
		link.tick();
		expect([link.main, first.closed]).toEqual([second, true]);
	});
	it("a session that ends is replaced by the spare one, or asked for anew", async () => {
		const first = await up();
		nowMs = 1000;
		first.ended = true;
		link.tick();
		expect([link.main, link.lostMs, asked.length]).toEqual([undefined, 1000, 2]);
		const second = new FakeSession();
		await asked[1]?.give(second);
		expect([link.main, link.lostMs]).toEqual([second, undefined]);
		second.quiet = true;
		link.tick();
		const third = new FakeSession();
		await asked[2]?.give(third);
		second.ended = true;
		link.tick();
		expect([link.main, link.lostMs]).toEqual([third, undefined]);
	});
	it("backs off between failures, up to a cap, and not when told that the network is back", async () => {
		const waits: number[] = [];
		link.tick();
		for (let n = 0; n < 12; n += 1) {
			await asked.at(-1)?.refuse(new Error("no"));
			const count = asked.length;
			const failedMs = nowMs;
			while (asked.length === count) {
				nowMs += 50;
				link.tick();
			}
			waits.push(nowMs - failedMs);
		}
		expect(waits[0]).toBe(250);
		expect(waits[3]).toBe(2000);
		expect(Math.max(...waits)).toBe(RETRY_CAP_MS);
		await asked.at(-1)?.refuse(new Error("no"));
		const count = asked.length;
		link.retry();
		expect(asked).toHaveLength(count + 1);
	});
	it("stops asking when refused for good, until told to try again", async () => {
		link.tick();
		await asked[0]?.refuse(new LinkRefused("signed-out", true));
		nowMs += 60_000;
		link.tick();
		expect([asked.length, link.refusal?.message]).toEqual([1, "signed-out"]);
		link.retry();
		expect([asked.length, link.refusal]).toEqual([2, undefined]);
	});
	it("a session that comes after it was closed is closed too", async () => {
		link.tick();
		link.close();
		const late = new FakeSession();
		await asked[0]?.give(late);
		link.tick();
		expect([late.closed, link.main, asked.length]).toEqual([true, undefined, 1]);
	});
	it("new rights: the old session carries on until the new one does", async () => {
		const first = await up();
		link.renew();
		const second = new FakeSession();
		await asked[1]?.give(second);
		expect([link.main, link.spare]).toEqual([first, second]);
		link.tick();
		expect([link.main, link.spare, second.closed]).toEqual([first, second, false]);
		link.carried(second);
		expect([link.main, first.closed]).toEqual([second, true]);
	});
});
