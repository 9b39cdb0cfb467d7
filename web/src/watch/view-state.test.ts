import { describe, expect, it } from "vitest";
import { LATE_MS, STALE_MS } from "./limits.ts";
import { judge, type Known } from "./view-state.ts";

const NOW = 1_800_000_000_000;
const live: Known = {
	nowMs: NOW,
	capable: true,
	signedOut: false,
	gone: false,
	hidden: false,
	link: { up: true, failures: 0 },
	announced: true,
	camera: { code: "live", sinceMs: NOW - 60_000 },
	uplinkSlow: false,
	decoderFault: false,
	paintedMs: NOW - 40,
	ageMs: 120,
	ageExact: true,
};
const verdict = (fields: Partial<Known>) => {
	const { mark, why } = judge({ ...live, ...fields });
	return why ? `${mark}: ${why.code}` : mark;
};
const down = { up: false, failures: 0, lostMs: NOW - 3000 };

describe("the state of a view", () => {
	it("is live while nothing speaks against it", () => expect(verdict({})).toBe("live"));
	it("names the house's line where that is why the picture is old or stands still, and only then", () => {
		const slow = { uplinkSlow: true };
		expect(verdict(slow)).toBe("live");
		expect(verdict({ ...slow, ageMs: LATE_MS + 1 })).toBe("stale: uplink");
		expect(verdict({ ...slow, paintedMs: NOW - STALE_MS - 1 })).toBe("stale: uplink");
		expect(verdict({ ...slow, announced: false, paintedMs: NOW - STALE_MS - 1 })).toBe("stale: agentOffline");
	});

	it.each<[Partial<Known>, string]>([
		[{ capable: false }, "refused: browser"],
		[{ signedOut: true }, "refused: signedOut"],
		[{ denied: "no" }, "refused: denied"],
		[{ gone: true, denied: "no" }, "refused: gone"],
		[{ hidden: true }, "paused: hidden"],
		[{ badCodec: "hev1.1.6.L93.B0" }, "refused: codec"],
		[{ camera: { code: "camera-unreachable", sinceMs: 5 } }, "refused: camera-unreachable"],
		[{ camera: { code: "camera-refused", sinceMs: 5 } }, "refused: camera-refused"],
		[{ camera: { code: "stream-unsupported", sinceMs: 5 } }, "refused: stream-unsupported"],
		[{ camera: { code: "off", sinceMs: 5 } }, "refused: off"],
		[{ catalogFault: "not JSON" }, "refused: catalog"],
	])("names what speaks against it even while pictures come: %j", (fields, expected) => {
		expect(verdict(fields)).toBe(expected);
	});

	it.each<[Partial<Known>, string]>([
		[{ link: { up: false, failures: 0 } }, "connecting: connecting"],
		[{ link: { up: false, failures: 2 } }, "refused: unreachable"],
		[{ announced: undefined, camera: undefined }, "waiting: firstPicture"],
		[{ announced: false }, "refused: agentOffline"],
		[{ camera: { code: "waiting", sinceMs: 0 } }, "waiting: waiting"],
		[{ decoderFault: true }, "waiting: decoder"],
	])("before the first picture: %j", (fields, expected) => {
		expect(verdict({ paintedMs: undefined, ageMs: undefined, ...fields })).toBe(expected);
	});

	it("P06: what the camera makes a newcomer wait for is told, and disturbs nobody who sees pictures", () => {
		const camera = { code: "waiting", sinceMs: 0, detail: "A key frame in minutes." } as const;
		expect(judge({ ...live, camera, paintedMs: undefined }).why).toEqual({ code: "waiting", detail: camera.detail });
		expect(verdict({ camera })).toBe("live");
	});
	it("is stale one millisecond after the limit, not at it", () => {
		expect(verdict({ paintedMs: NOW - STALE_MS })).toBe("live");
		expect(verdict({ paintedMs: NOW - STALE_MS - 1 })).toBe("stale: noPictures");
	});
	it.each<[Partial<Known>, string]>([
		[{ link: down }, "stale: reconnecting"],
		[{ announced: false }, "stale: agentOffline"],
		[{ decoderFault: true }, "stale: decoder"],
	])("stale says why: %j", (fields, expected) => {
		expect(verdict({ paintedMs: NOW - 3000, ...fields })).toBe(expected);
	});
	it("an old picture is not live however fast pictures come, but a guess accuses nobody", () => {
		expect(verdict({ ageMs: LATE_MS })).toBe("live");
		expect(verdict({ ageMs: LATE_MS + 1 })).toBe("stale: late");
		expect(verdict({ ageMs: 90_000, ageExact: false })).toBe("live");
	});
	it("what the agent said before the link broke does not outlive it", () => {
		expect(verdict({ link: down, camera: { code: "camera-refused", sinceMs: 1 }, paintedMs: NOW - 3000 })).toBe(
			"stale: reconnecting",
		);
	});
	it("B04: back from hidden without a new picture it waits, and shows nothing as live", () => {
		expect(verdict({ paintedMs: undefined })).toBe("waiting: firstPicture");
	});
});
