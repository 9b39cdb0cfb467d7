import { describe, expect, it } from "vitest";
import { LOOK_AFTER_FAILURES, LOOK_EVERY_MS } from "./limits.ts";
import { Whereabouts } from "./whereabouts.ts";

const { signal } = new AbortController();
const UNREACHABLE = "camera-unreachable";

/** A camera at `host`, and what is found of it, look after look. */
function camera(host: string, ...found: (string | undefined)[]) {
	const clock = { ms: 1_790_000_000_000, now: () => clock.ms, after: () => () => {} };
	let looks = 0;
	const given = { scheme: "rtsp" as const, host, port: 554, path: "/a", user: "u" };
	const relocate = async () => found[looks++];
	const whereabouts = new Whereabouts({ given, relocate, clock });
	const fail = async (times: number) => {
		let moved = false;
		for (let n = 0; n < times; n++) moved = await whereabouts.failed(UNREACHABLE, signal);
		return moved;
	};
	return { whereabouts, given, clock, fail, looks: () => looks };
}

describe("a camera that is not where its owner said", () => {
	it("is looked for after so many failures in a row, not after one less", async () => {
		const { whereabouts, given, fail, looks } = camera("192.168.1.5", "192.168.1.9");
		expect(await fail(LOOK_AFTER_FAILURES - 1)).toBe(false);
		expect(looks()).toBe(0);
		expect(await fail(1)).toBe(true);
		expect(whereabouts.access).toEqual({ ...given, host: "192.168.1.9", digestOnly: true });
	});
	it("is not looked for as long as it gives pictures between its failures", async () => {
		const { whereabouts, fail, looks } = camera("192.168.1.5", "192.168.1.9");
		for (let n = 0; n < 5; n++) {
			await fail(LOOK_AFTER_FAILURES - 1);
			whereabouts.reached();
		}
		expect(looks()).toBe(0);
	});
	it("is looked for once a minute, whatever the wall clock does", async () => {
		const { clock, fail, looks } = camera("192.168.1.5");
		await fail(100);
		expect(looks()).toBe(1);
		clock.ms += LOOK_EVERY_MS - 1;
		await fail(1);
		expect(looks()).toBe(1);
		clock.ms += 1;
		await fail(1);
		expect(looks()).toBe(2);
		clock.ms -= 86_400_000;
		await fail(1);
		expect(looks()).toBe(3);
	});
	it.each(["8.8.8.8", "2001:db8::1", "camera.example", "224.0.0.1", "0.0.0.0", ""])(
		"is never followed out of the house, to «%s»",
		async (host) => {
			const { whereabouts, given, fail } = camera("192.168.1.5", host);
			expect(await fail(LOOK_AFTER_FAILURES)).toBe(false);
			expect(whereabouts.access).toEqual(given);
		},
	);
	it("and that is reached over the internet is not looked for in the house", async () => {
		const { fail, looks } = camera("203.0.113.5", "192.168.1.9");
		await fail(10);
		expect(looks()).toBe(0);
	});
	it("is looked for when its owner gave a name", async () => {
		const { whereabouts, fail } = camera("camera.lan", "192.168.1.9");
		expect(await fail(LOOK_AFTER_FAILURES)).toBe(true);
		expect(whereabouts.access.host).toBe("192.168.1.9");
	});
	it("is tried there again when it is found there, or nowhere", async () => {
		for (const next of ["192.168.1.5", undefined]) {
			const { whereabouts, given, clock, fail } = camera("192.168.1.5", "192.168.1.9", next);
			await fail(LOOK_AFTER_FAILURES);
			clock.ms += LOOK_EVERY_MS;
			expect(await fail(1)).toBe(true);
			expect(whereabouts.access).toEqual(given);
		}
	});
	it("is tried there again when what was found in its place refuses", async () => {
		const { whereabouts, given, fail } = camera("192.168.1.5", "192.168.1.9");
		await fail(LOOK_AFTER_FAILURES);
		expect(await whereabouts.failed("camera-refused", signal)).toBe(false);
		expect(whereabouts.access).toEqual(given);
	});
	it("is not looked for when it answers and refuses", async () => {
		const { whereabouts, looks } = camera("192.168.1.5", "192.168.1.9");
		for (let n = 0; n < 10; n++) await whereabouts.failed("camera-refused", signal);
		expect(looks()).toBe(0);
	});
});
