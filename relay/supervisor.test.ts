import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DRAIN_AFTER_MS, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, RENEW_BEFORE_MS, WELL_MS } from "./limits.ts";
import { silentLog } from "./log.ts";
import { MISCONFIGURED, type Ready, type Slot, type Status } from "./messages.ts";
import { type SupervisedPlane, Supervisor } from "./supervisor.ts";

/** A plane that listens, crashes and ends when the test says so. */
class TestPlane implements SupervisedPlane {
	readonly slot: Slot;
	readonly startedAtMs = Date.now();
	readonly ready: Promise<Ready>;
	readonly ended: Promise<number | null>;
	said: Ready | undefined;
	status: Status | undefined;
	drained = false;
	stopped = false;
	end!: (code: number | null) => void;
	#listen!: (said: Ready) => void;
	#fail!: (error: Error) => void;

	constructor(slot: Slot) {
		this.slot = slot;
		this.ready = new Promise((resolve, reject) => {
			this.#listen = resolve;
			this.#fail = reject;
		});
		this.ready.catch(() => {});
		this.ended = new Promise((resolve) => {
			this.end = (code) => {
				resolve(code);
				this.#fail(new Error("ended"));
			};
		});
	}
	/** `notAfterMs`: of a certificate of its own making. */
	async listen(notAfterMs?: number): Promise<void> {
		this.said = {
			type: "ready",
			instance: `relay.${this.slot}`,
			port: 1 + this.slot,
			tcpPort: 1 + this.slot,
			transports: ["http3", "tcp"],
			...(notAfterMs !== undefined && { certificateHash: `hash ${this.startedAtMs}` }),
			certificateNotAfterMs: notAfterMs ?? Number.MAX_SAFE_INTEGER,
		};
		this.status = { type: "status", sessions: 0, broadcasts: 0, ready: true };
		this.#listen(this.said);
		await settle();
	}
	revoke = async () => {};
	metrics = async () => "";
	drain = () => {
		this.drained = true;
	};
	stop = async () => {
		this.stopped = true;
		this.end(0);
	};
}
const settle = () => vi.advanceTimersByTimeAsync(0);

let planes: TestPlane[];
let supervisor: Supervisor;
beforeEach(() => {
	vi.useFakeTimers({ now: 1_000_000 });
	planes = [];
	supervisor = new Supervisor({
		log: silentLog,
		now: Date.now,
		start: (slot) => {
			const plane = new TestPlane(slot);
			planes.push(plane);
			return plane;
		},
	});
});
afterEach(async () => {
	await supervisor.stop();
	vi.useRealTimers();
});
const crash = async (plane: TestPlane | undefined, code: number | null = null) => {
	plane?.end(code);
	await settle();
};

describe("a supervisor", () => {
	it("starts another plane after a pause that doubles, up to the longest, and is short again after one that was well", async () => {
		for (let pauseMs = FIRST_PAUSE_MS; pauseMs < LONGEST_PAUSE_MS * 4; pauseMs *= 2) {
			const expected = Math.min(pauseMs, LONGEST_PAUSE_MS);
			const before = planes.length;
			await planes.at(-1)?.listen();
			await crash(planes.at(-1));
			expect(supervisor.health()).toBeUndefined();
			await vi.advanceTimersByTimeAsync(expected - 1);
			expect(planes).toHaveLength(before);
			await vi.advanceTimersByTimeAsync(1);
			expect(planes).toHaveLength(before + 1);
		}
		await planes.at(-1)?.listen();
		await vi.advanceTimersByTimeAsync(WELL_MS);
		await crash(planes.at(-1));
		const before = planes.length;
		await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
		expect(planes).toHaveLength(before + 1);
	});
	it("gives up where the configuration is wrong at the first start", async () => {
		await crash(planes[0], MISCONFIGURED);
		expect(await supervisor.over).toBe(1);
		expect(planes).toHaveLength(1);
	});
	it("one that served before and then is misconfigured is tried again", async () => {
		await planes[0]?.listen();
		await crash(planes[0]);
		await vi.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
		await crash(planes[1], MISCONFIGURED);
		await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
		expect(planes).toHaveLength(3);
	});
	it("renews a certificate of its own making in time, and lets the old plane go once nobody is sent there", async () => {
		const notAfterMs = Date.now() + RENEW_BEFORE_MS + 10 * 86_400_000;
		await planes[0]?.listen(notAfterMs);
		await vi.advanceTimersByTimeAsync(10 * 86_400_000 - 1);
		expect(planes).toHaveLength(1);
		await vi.advanceTimersByTimeAsync(1);
		expect(planes.map(({ slot }) => slot)).toEqual([0, 1]);
		expect(supervisor.health()?.slot).toBe(0);
		await planes[1]?.listen(notAfterMs + 13 * 86_400_000);
		expect(supervisor.health()).toMatchObject({ slot: 1, instance: "relay.1", certificateHashes: { length: 2 } });
		await vi.advanceTimersByTimeAsync(DRAIN_AFTER_MS - 1);
		expect(planes[0]?.drained).toBe(false);
		await vi.advanceTimersByTimeAsync(1);
		expect(planes[0]?.drained).toBe(true);
		await crash(planes[0], 0);
		expect(supervisor.health()?.certificateHashes).toHaveLength(1);
		expect(planes).toHaveLength(2);
	});
	it("goes on with the old plane where the new one cannot serve", async () => {
		await planes[0]?.listen();
		supervisor.swap("a test");
		await settle();
		await crash(planes[1], MISCONFIGURED);
		expect(supervisor.health()?.slot).toBe(0);
		expect(planes[0]?.drained).toBe(false);
		supervisor.swap("another try");
		await settle();
		expect(planes).toHaveLength(3);
	});
	it("the plane that crashes while its successor starts is followed by that one alone", async () => {
		await planes[0]?.listen();
		supervisor.swap("a test");
		await settle();
		await crash(planes[0]);
		await planes[1]?.listen();
		await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
		expect(planes).toHaveLength(2);
		expect(supervisor.health()?.slot).toBe(1);
	});
	it("asked twice while the place is still taken, it brings one plane in", async () => {
		await planes[0]?.listen();
		supervisor.swap("a test");
		await settle();
		await planes[1]?.listen();
		for (let times = 0; times < 2; times++) supervisor.swap("the first plane is still there");
		await settle();
		expect(planes).toHaveLength(2);
		await crash(planes[0], 0);
		expect(planes.map(({ slot }) => slot)).toEqual([0, 1, 0]);
	});
	it("ends all its planes when it is stopped", async () => {
		await planes[0]?.listen();
		supervisor.swap("a test");
		await settle();
		await supervisor.stop();
		expect(planes.map(({ stopped }) => stopped)).toEqual([true, true]);
		expect(await supervisor.over).toBe(0);
		await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
		expect(planes).toHaveLength(2);
	});
});
