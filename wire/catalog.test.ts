import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCatalog, encodeCatalog } from "./catalog.ts";
import { decodeLegacy, encodeLegacy } from "./container.ts";
import { MAX_CATALOG_BYTES } from "./limits.ts";
import { ClockFrame, clockOffset, decodeJson, encodeJson, peerBroadcastOf } from "./relay-tracks.ts";

const state = { code: "live", sinceMs: 1 } as const;

describe("catalog", () => {
	it("round-trips", () => {
		const catalog = {
			video: {
				renditions: { "video/main": { codec: "avc1.42C01E", container: { kind: "legacy" }, description: "0142c01e" } },
			},
			mivisus: { v: 1 as const, state, sound: "off" as const },
		};
		expect(decodeCatalog(encodeCatalog(catalog))).toEqual({ ok: true, catalog });
	});
	it("lets unknown sections, fields and containers pass", () => {
		const foreign = { zzz: 5, video: { renditions: { v: { codec: "x", container: { kind: "new" }, extra: [1] } } } };
		expect(decodeCatalog(encodeJson(foreign))).toEqual({ ok: true, catalog: foreign });
		expect(decodeCatalog(encodeJson({})).ok).toBe(true);
	});
	it.each([
		["text", "not json"],
		["an odd description", JSON.stringify({ video: { renditions: { v: { codec: "x", description: "0" } } } })],
		["a width as text", JSON.stringify({ video: { renditions: { v: { codec: "x", codedWidth: "640" } } } })],
	])("says what is wrong with %s", (_, text) => {
		const decoded = decodeCatalog(new TextEncoder().encode(text));
		expect(decoded.ok).toBe(false);
		if (!decoded.ok) expect(decoded.problem.length).toBeGreaterThan(5);
	});
	it("is read at its limit and refused above it", () => {
		const padded = (length: number) => {
			const base = JSON.stringify({ p: "" }).length;
			return encodeJson({ p: "x".repeat(length - base) });
		};
		expect(decodeCatalog(padded(MAX_CATALOG_BYTES)).ok).toBe(true);
		expect(decodeCatalog(padded(MAX_CATALOG_BYTES + 1)).ok).toBe(false);
	});
});

it("the legacy container round-trips", () => {
	fc.assert(
		fc.property(fc.maxSafeNat(), fc.uint8Array({ maxLength: 50 }), (timestampUs, payload) => {
			expect(decodeLegacy(encodeLegacy(timestampUs, payload))).toEqual({ timestampUs, payload });
		}),
	);
});

describe("clock", () => {
	it("finds a peer that is 500 ms ahead over a way of 20 ms", () => {
		// Peer sends at its 1500 (relay 1000), arrives at relay 1020; relay sends at 1100, arrives at 1120 = peer 1620.
		const frame = { v: 1 as const, seq: 1, wallMs: 1100, echo: { sentMs: 1500, receivedMs: 1020 } };
		expect(clockOffset(frame, 1620)).toBe(500);
	});
	it("a peer finds where it may report in its token", () => {
		const token = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
		expect(peerBroadcastOf(token({ put: ["camera", ".peer/abc"] }))).toBe(".peer/abc");
		expect(peerBroadcastOf(token({ put: ["camera"] }))).toBeUndefined();
		expect(peerBroadcastOf("nonsense")).toBeUndefined();
	});
	it("odd frames are ignored", () => {
		expect(decodeJson(ClockFrame, encodeJson({ v: 2 }))).toBeUndefined();
		expect(decodeJson(ClockFrame, Uint8Array.of(1))).toBeUndefined();
	});
});
