import { describe, expect, it } from "vitest";
import { networkOf, PER_ACCOUNT, SignInGuard, Throttle } from "./throttle.ts";

const at = (now: number) => ({
	value: now,
	now() {
		return this.value;
	},
});

describe("the throttle", () => {
	it("lets the burst through, then one at a time, and says when", () => {
		const clock = at(0);
		const throttle = new Throttle({ burst: 3, perMinute: 6 }, clock);
		expect([1, 2, 3].map(() => throttle.take("a"))).toEqual([0, 0, 0]);
		expect(throttle.take("a")).toBe(10);
		expect(throttle.take("b")).toBe(0);
		clock.value += 10_000;
		expect(throttle.take("a")).toBe(0);
		expect(throttle.take("a")).toBe(10);
	});
	it("a refused attempt costs nothing, and a clock that steps back gives nothing", () => {
		const clock = at(1_000_000);
		const throttle = new Throttle({ burst: 1, perMinute: 60 }, clock);
		throttle.take("a");
		for (let i = 0; i < 50; i++) throttle.take("a");
		clock.value -= 500_000;
		expect(throttle.take("a")).toBeGreaterThan(0);
		clock.value += 1000;
		expect(throttle.take("a")).toBe(0);
	});
	it("remembers a bounded number of keys", () => {
		const throttle = new Throttle({ burst: 1, perMinute: 1 }, at(0));
		for (let i = 0; i < 25_000; i++) throttle.take(String(i));
		expect(throttle.size).toBe(20_000);
	});
	it("A3: an emptied bucket is not pushed out by a flood of other keys", () => {
		const throttle = new Throttle(PER_ACCOUNT, at(0));
		for (let i = 0; i < PER_ACCOUNT.burst; i++) throttle.take("victim");
		expect(throttle.take("victim")).toBeGreaterThan(0);
		for (let i = 0; i < 50_000; i++) throttle.take(String(i));
		expect(throttle.size).toBe(20_000);
		expect(throttle.take("victim")).toBeGreaterThan(0);
	});
});

describe("A3: guessing at one account", () => {
	it("under 100 of 10 000 guesses from 100 networks in an hour reach the hash, and the owner still gets in", () => {
		const clock = at(0);
		const guard = new SignInGuard(clock);
		expect(guard.attempt("ada@example.org", "192.0.2.1")).toBe(0);
		guard.succeeded("ada@example.org", "192.0.2.1");
		let reached = 0;
		for (let i = 0; i < 10_000; i++) {
			clock.value += 360;
			if (guard.attempt("ada@example.org", `198.51.100.${i % 100}`) === 0) reached += 1;
		}
		expect(reached).toBeLessThan(100);
		expect(reached).toBeGreaterThanOrEqual(PER_ACCOUNT.burst);
		expect(guard.attempt("ada@example.org", "192.0.2.1")).toBe(0);
	});
	it("delays grow from one failure to the next and have an end; success and an hour's rest forget them", () => {
		let now = 0;
		const guard = new SignInGuard({ now: () => now });
		const waits: number[] = [];
		for (let i = 0; i < 14; i++) {
			const wait = guard.attempt("ada", "203.0.113.1");
			waits.push(wait);
			now += wait * 1000;
			if (wait > 0) expect(guard.attempt("ada", "203.0.113.1")).toBe(0);
		}
		expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
		expect(waits.slice(5, 12)).toEqual([1, 2, 4, 8, 16, 32, 60]);
		expect(Math.max(...waits)).toBe(60);
		// Neither somebody else nor the owner from elsewhere waits for it.
		expect(guard.attempt("bob", "203.0.113.1")).toBe(0);
		expect(guard.attempt("ada", "198.51.100.1")).toBe(0);
		guard.succeeded("ada", "203.0.113.1");
		expect(guard.attempt("ada", "203.0.113.1")).toBe(0);
		for (let i = 0; i < 8; i++) guard.attempt("eve", "203.0.113.9");
		expect(guard.attempt("eve", "203.0.113.9")).toBeGreaterThan(0);
		now += 3_600_001;
		expect(guard.attempt("eve", "203.0.113.9")).toBe(0);
	});
	it("one network cannot try many accounts", () => {
		const guard = new SignInGuard(at(0));
		let passed = 0;
		for (let i = 0; i < 1000; i++) if (guard.attempt(`a${i}@example.org`, "203.0.113.9") === 0) passed += 1;
		expect(passed).toBe(60);
	});
});

describe("a network", () => {
	it.each([
		["192.0.2.7", "192.0.2.7"],
		["::ffff:192.0.2.7", "192.0.2.7"],
		["2001:db8:0:1:aaaa::1", "2001:db8:0:1"],
		["2001:0db8:0000:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1"],
		["2001:db8::1", "2001:db8:0:0"],
		["::1", "0:0:0:0"],
		["fe80::1%eth0", "fe80:0:0:0"],
	])("%s is %s", (address, network) => expect(networkOf(address)).toBe(network));
});
