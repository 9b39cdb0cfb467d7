import { WireError } from "@mivisus/wire/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutReason, decodeRecord, encodeFrame, type Frame, MAX_REASON_BYTES, USUAL_RECORD_BYTES } from "./frames.ts";

const number = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 60 });
const is = <T extends Frame["type"]>(type: T) => fc.constant(type);
const frame: fc.Arbitrary<Frame> = fc.oneof(
	fc.record({ type: is("stream"), id: number, offset: number, data: bytes, fin: fc.boolean() }),
	fc.record({ type: is("reset-stream"), id: number, code: number, finalSize: number }),
	fc.record({ type: is("stop-sending"), id: number, code: number }),
	fc.record({ type: is("max-data"), max: number }),
	fc.record({ type: is("max-stream-data"), id: number, max: number }),
	fc.record({ type: is("max-streams"), bidi: fc.boolean(), max: number }),
	fc.record({
		type: is("close"),
		application: fc.boolean(),
		code: number,
		reason: fc.string({ unit: "grapheme", maxLength: 100 }),
	}),
	fc.record({
		type: is("parameters"),
		parameters: fc.record({
			maxIdleTimeout: number,
			maxData: number,
			maxStreamDataBidiLocal: number,
			maxStreamDataBidiRemote: number,
			maxStreamDataUni: number,
			maxStreamsBidi: number,
			maxStreamsUni: number,
			maxRecordSize: fc.integer({ min: USUAL_RECORD_BYTES, max: Number.MAX_SAFE_INTEGER }),
		}),
	}),
	fc.record({ type: is("ping"), response: fc.boolean(), sequence: number }),
);

describe("records of QMux", () => {
	it("what is written is read, frame after frame", () => {
		fc.assert(
			fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
				expect(decodeRecord(Uint8Array.from(Buffer.concat(frames.map(encodeFrame))))).toEqual(frames);
			}),
		);
	});
	it("R1: no bytes are refused with anything but a WireError", () => {
		const whole = fc.array(frame, { maxLength: 4 }).map((frames) => Buffer.concat(frames.map(encodeFrame)));
		const damaged = fc.tuple(whole, fc.nat(), fc.nat(255), fc.nat()).map(([record, at, value, length]) => {
			if (record.length > 0) record[at % record.length] = value;
			return record.subarray(0, length % (record.length + 1));
		});
		fc.assert(
			fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), (record) => {
				try {
					decodeRecord(record);
				} catch (error) {
					expect(error).toBeInstanceOf(WireError);
				}
			}),
			{ numRuns: 2000 },
		);
	});
	it("R4: a reason at the limit stays, a longer one is cut, and never in the middle of nothing", () => {
		expect(cutReason("x".repeat(MAX_REASON_BYTES))).toHaveLength(MAX_REASON_BYTES);
		expect(cutReason("x".repeat(MAX_REASON_BYTES + 1))).toHaveLength(MAX_REASON_BYTES);
	});
	it("parameters that come twice, and records smaller than all take, are refused", () => {
		const hello = encodeFrame({
			type: "parameters",
			parameters: {
				maxIdleTimeout: 0,
				maxData: 1,
				maxStreamDataBidiLocal: 0,
				maxStreamDataBidiRemote: 0,
				maxStreamDataUni: 0,
				maxStreamsBidi: 0,
				maxStreamsUni: 0,
				maxRecordSize: USUAL_RECORD_BYTES - 1,
			},
		});
		expect(() => decodeRecord(hello)).toThrow(`records of ${USUAL_RECORD_BYTES - 1} bytes`);
		const twice = Buffer.concat([hello.subarray(0, 8), Uint8Array.of(6, 4, 1, 1, 4, 1, 1)]);
		expect(() => decodeRecord(twice)).toThrow("comes twice");
	});
});
