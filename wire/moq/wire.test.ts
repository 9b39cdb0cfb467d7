import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../errors.ts";
import { MAX_ANNOUNCED, MAX_SETUP_BYTES } from "../limits.ts";
import {
	decodeAnnounce,
	decodeAnnounceInit,
	decodeAnnounceRequest,
	encodeAnnounce,
	encodeAnnounceInit,
	encodeAnnounceRequest,
} from "./announce.ts";
import { Incoming } from "./bytes.ts";
import { encodeFrame, encodeGroupHeader, GroupDecoder } from "./group.ts";
import { normalizePath, suffixOf } from "./path.ts";
import { encodeClientSetup, encodeServerSetup, OFFERED_VERSIONS, SetupDecoder, Version } from "./setup.ts";
import { decodeSubscribe, decodeSubscribeUpdate, encodeSubscribe, encodeSubscribeUpdate } from "./subscribe.ts";
import { encodeVarint, MAX_VARINT, readVarint } from "./varint.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
/** The body of a framed message. */
const body = (framed: Uint8Array) => {
	const incoming = new Incoming();
	incoming.push(framed);
	return incoming.takeMessage(1 << 20)!;
};
/** Feeds `data` in pieces cut at `cuts`, as a network would. */
function* pieces(data: Uint8Array, cuts: number[]): Generator<Uint8Array> {
	let from = 0;
	for (const cut of [...new Set(cuts.map((c) => c % (data.length + 1)))].sort((a, b) => a - b)) {
		yield data.subarray(from, cut);
		from = cut;
	}
	yield data.subarray(from);
}
const path = fc.string({ maxLength: 40 }).map(normalizePath);

describe("varint (RFC 9000, section 16)", () => {
	it.each([
		[37, "25"],
		[15293, "7bbd"],
		[494878333, "9d7f3e7d"],
		[151288809941952, "c0008998d1db0640"],
	])("%i is %s", (value, expected) => {
		if (value < 1e12) expect(hex(encodeVarint(value))).toBe(expected);
		expect(readVarint(bytes(expected), 0)?.value).toBe(expected === "c0008998d1db0640" ? 0x8998d1db0640 : value);
	});
	it("round-trips every safe integer", () => {
		fc.assert(
			fc.property(fc.maxSafeNat(), (value) => {
				expect(readVarint(encodeVarint(value), 0)).toEqual({ value, next: encodeVarint(value).length });
			}),
		);
	});
	it.each([0x3f, 0x40, 0x3fff, 0x4000, 0x3fff_ffff, 0x4000_0000, MAX_VARINT])("round-trips the edge %i", (value) => {
		expect(readVarint(encodeVarint(value), 0)?.value).toBe(value);
	});
	it("refuses what a number cannot hold exactly", () => {
		expect(() => encodeVarint(MAX_VARINT + 1)).toThrow(RangeError);
		expect(() => encodeVarint(-1)).toThrow(RangeError);
		expect(() => readVarint(bytes("ffffffffffffffff"), 0)).toThrow(RangeError);
	});
});

describe("golden vectors captured from the field", () => {
	it("a client setup as @moq/net sends it", () => {
		const parameters = [
			{ id: 2, value: 42069 },
			{ id: 0x40b5a, value: 1 },
			{ id: 7, value: new TextEncoder().encode("moq-lite-js") },
		];
		expect(hex(encodeClientSetup({ versions: OFFERED_VERSIONS, parameters }))).toBe(
			"20003103c0000000ff0dad02c0000000ff0dad01c0000000ff00000e03028000a45580040b5a01070b6d6f712d6c6974652d6a73",
		);
	});
	it("a server setup", () => {
		expect(hex(encodeServerSetup({ version: Version.Lite02, parameters: [] }))).toBe("210009c0000000ff0dad0200");
	});
	it("announce request, init and change", () => {
		expect(hex(encodeAnnounceRequest({ prefix: "t/base-avc1.hang" }))).toBe(
			`1110${hex(new TextEncoder().encode("t/base-avc1.hang"))}`,
		);
		expect(hex(encodeAnnounceInit({ suffixes: [""] }))).toBe("020100");
		expect(hex(encodeAnnounceInit({ suffixes: [] }))).toBe("0100");
		expect(hex(encodeAnnounce({ active: true, suffix: "" }))).toBe("020100");
		expect(hex(encodeAnnounce({ active: false, suffix: "" }))).toBe("020000");
	});
	it("a subscribe", () => {
		const message = { id: 0, broadcast: "t/base-avc1.hang", track: "catalog.json", priority: 100 };
		expect(hex(encodeSubscribe(message))).toBe(
			`200010${hex(new TextEncoder().encode("t/base-avc1.hang"))}0c${hex(new TextEncoder().encode("catalog.json"))}64`,
		);
	});
	it("group headers 3 and 213", () => {
		expect(hex(encodeGroupHeader({ subscribeId: 1, sequence: 3 }))).toBe("00020103");
		expect(hex(encodeGroupHeader({ subscribeId: 1, sequence: 213 }))).toBe("00030140d5");
	});
});

describe("round trips, over any segmentation", () => {
	it("setup", () => {
		fc.assert(
			fc.property(
				fc.array(fc.maxSafeNat(), { maxLength: 8 }),
				fc.array(fc.nat(), { maxLength: 8 }),
				(versions, cuts) => {
					const message = { versions, parameters: [{ id: 2, value: 7 }] };
					const incoming = new Incoming();
					const decoder = SetupDecoder.client();
					let decoded: unknown;
					for (const piece of pieces(encodeClientSetup(message), cuts)) {
						incoming.push(piece);
						decoded ??= decoder.decode(incoming);
					}
					expect(decoded).toEqual(message);
				},
			),
		);
	});
	it("a server setup, with parameters of both kinds", () => {
		const parameter = fc.oneof(
			fc.record({ id: fc.nat(1000).map((id) => 2 * id), value: fc.maxSafeNat() }),
			fc.record({ id: fc.nat(1000).map((id) => 2 * id + 1), value: fc.uint8Array({ maxLength: 40 }) }),
		);
		fc.assert(
			fc.property(fc.maxSafeNat(), fc.array(parameter, { maxLength: 6 }), (version, parameters) => {
				const incoming = new Incoming();
				incoming.push(encodeServerSetup({ version, parameters }));
				expect(SetupDecoder.server().decode(incoming)).toEqual({ version, parameters });
				expect(incoming.length).toBe(0);
			}),
		);
	});
	it("a change of priority", () => {
		for (let priority = 0; priority <= 255; priority++)
			expect(decodeSubscribeUpdate(body(encodeSubscribeUpdate({ priority })))).toEqual({ priority });
	});
	it("announce and subscribe", () => {
		fc.assert(
			fc.property(
				path,
				fc.string({ maxLength: 40 }),
				fc.maxSafeNat(),
				fc.nat(255),
				fc.boolean(),
				(name, track, id, priority, active) => {
					expect(decodeAnnounceRequest(body(encodeAnnounceRequest({ prefix: name })))).toEqual({ prefix: name });
					expect(decodeAnnounceInit(body(encodeAnnounceInit({ suffixes: [name] })))).toEqual({ suffixes: [name] });
					expect(decodeAnnounce(body(encodeAnnounce({ active, suffix: name })))).toEqual({ active, suffix: name });
					const subscribe = { id, broadcast: name, track, priority };
					expect(decodeSubscribe(body(encodeSubscribe(subscribe)))).toEqual(subscribe);
				},
			),
		);
	});
	it("a group of frames", () => {
		fc.assert(
			fc.property(
				fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
				fc.array(fc.nat(), { maxLength: 20 }),
				(frames, cuts) => {
					const all = Buffer.concat([
						encodeGroupHeader({ subscribeId: 5, sequence: 9 }),
						...frames.map((f) => encodeFrame(f)),
					]);
					const incoming = new Incoming();
					const decoder = new GroupDecoder(incoming);
					const seen: Uint8Array[] = [];
					for (const piece of pieces(all, cuts)) {
						incoming.push(piece);
						for (let frame = decoder.frame(); frame; frame = decoder.frame()) seen.push(Uint8Array.from(frame));
					}
					decoder.end();
					expect(decoder.header()).toEqual({ subscribeId: 5, sequence: 9 });
					expect(seen).toEqual(frames);
				},
			),
		);
	});
});

describe("what a peer must not do", () => {
	it("a frame is refused at its length, before its bytes", () => {
		const incoming = new Incoming();
		const decoder = new GroupDecoder(incoming, 100);
		incoming.push(encodeGroupHeader({ subscribeId: 0, sequence: 0 }));
		incoming.push(encodeVarint(100));
		expect(decoder.frame()).toBeUndefined();
		incoming.push(new Uint8Array(100));
		expect(decoder.frame()).toHaveLength(100);
		incoming.push(encodeVarint(101));
		expect(() => decoder.frame()).toThrow(WireError);
	});
	it.each([
		["a status that is neither active nor ended", () => decodeAnnounce(bytes("0200"))],
		["bytes after the message", () => decodeAnnounce(bytes("010000"))],
		["text that is not UTF-8", () => decodeAnnounce(bytes("0101ff"))],
		["a name longer than the message", () => decodeAnnounce(bytes("0105 61"))],
	])("%s", (_, decode) => expect(decode).toThrow(WireError));
	it("announcements are read at their limit and refused above it", () => {
		const suffixes = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);
		const init = (count: number) => body(encodeAnnounceInit({ suffixes: suffixes(count) }));
		expect(decodeAnnounceInit(init(MAX_ANNOUNCED)).suffixes).toHaveLength(MAX_ANNOUNCED);
		expect(() => decodeAnnounceInit(init(MAX_ANNOUNCED + 1))).toThrow("at most");
	});
	it("a setup is read at its limit and refused above it, before its bytes", () => {
		const setup = (length: number) => {
			const bytes = new Uint8Array(1 + 2 + length);
			bytes.set([0x21, length >> 8, length & 255]);
			// A version, no parameters, and then what does not belong to it.
			return bytes;
		};
		const decode = (bytes: Uint8Array) => {
			const incoming = new Incoming();
			incoming.push(bytes);
			return SetupDecoder.server().decode(incoming);
		};
		expect(() => decode(setup(MAX_SETUP_BYTES))).toThrow("bytes after the message");
		expect(decode(setup(MAX_SETUP_BYTES).subarray(0, 10))).toBeUndefined();
		expect(() => decode(setup(MAX_SETUP_BYTES + 1).subarray(0, 3))).toThrow("too-large");
	});
	it("a group cut inside a frame is noticed", () => {
		const incoming = new Incoming();
		const decoder = new GroupDecoder(incoming);
		incoming.push(Buffer.concat([encodeGroupHeader({ subscribeId: 0, sequence: 0 }), Uint8Array.of(5, 1, 2)]));
		expect(decoder.frame()).toBeUndefined();
		expect(() => decoder.end()).toThrow("inside a frame");
	});
	it("no bytes at all crash a decoder with anything but a WireError", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (data) => {
				for (const decode of [
					decodeAnnounce,
					decodeAnnounceInit,
					decodeAnnounceRequest,
					decodeSubscribe,
					decodeSubscribeUpdate,
				]) {
					try {
						decode(data);
					} catch (error) {
						expect(error).toBeInstanceOf(WireError);
					}
				}
			}),
		);
	});
});

describe("a peer that sends byte by byte", () => {
	it("costs time by the number of its bytes, not by the square, and nothing is mixed up", () => {
		const incoming = new Incoming();
		const begun = performance.now();
		const size = 200_000;
		const message = encodeFrame(Uint8Array.from({ length: size }, (_, n) => n % 251));
		for (const byte of message) incoming.push(Uint8Array.of(byte));
		const body = incoming.takeMessage(size);
		expect(performance.now() - begun).toBeLessThan(3000);
		expect(body?.every((byte, n) => byte === n % 251)).toBe(true);
		expect(incoming.length).toBe(0);
	});
	it("values taken before stay what they were", () => {
		const incoming = new Incoming();
		incoming.push(Uint8Array.of(1, 2, 3));
		const first = incoming.takeBytes(2);
		for (let n = 0; n < 5000; n++) incoming.push(Uint8Array.of(n % 251));
		expect(incoming.takeBytes(3)).toEqual(Uint8Array.of(3, 0, 1));
		expect(first).toEqual(Uint8Array.of(1, 2));
	});
});

describe("paths", () => {
	it("suffixes are cut at whole segments", () => {
		expect(suffixOf("a/b", "a")).toBe("b");
		expect(suffixOf("ab", "a")).toBeUndefined();
		expect(suffixOf("a", "a")).toBe("");
		expect(suffixOf("a/b", "")).toBe("a/b");
		expect(normalizePath("/t//late.hang/")).toBe("t/late.hang");
	});
});
