import { describe, expect, it } from "vitest";
import { MAX_DEAD_PACKETS, MAX_DEAD_SOURCES } from "./limits.ts";
import { DeadSources, SourceFilter } from "./sources.ts";

function packet(ssrc: number): Uint8Array {
	const bytes = new Uint8Array(12);
	bytes.set([0x80, 96]);
	new DataView(bytes.buffer).setUint32(8, ssrc);
	return bytes;
}
function report(ssrc: number): Uint8Array {
	const bytes = new Uint8Array(28);
	bytes.set([0x80, 200, 0, 6]);
	new DataView(bytes.buffer).setUint32(4, ssrc);
	return bytes;
}
function create(...dead: number[]) {
	const sources = new DeadSources();
	const filter = new SourceFilter(sources);
	for (const ssrc of dead) expect(filter.accepts(packet(ssrc))).toBe(false);
	filter.ask();
	return { filter, sources };
}

describe("retina#17: whose packets are shown", () => {
	it("who sent before PLAY is dead as long as somebody else sends", () => {
		const { filter } = create(1);
		expect([filter.accepts(packet(1)), filter.accepts(packet(2)), filter.accepts(packet(1))]).toEqual([
			false,
			true,
			false,
		]);
		for (let n = 0; n <= MAX_DEAD_PACKETS; n++) expect(filter.accepts(packet(1))).toBe(false);
		expect([filter.acceptsReport(report(1)), filter.acceptsReport(report(2))]).toEqual([false, true]);
	});
	it("is heard after so many packets when nobody else sends, and not one earlier", () => {
		const { filter } = create(0);
		for (let n = 0; n < MAX_DEAD_PACKETS; n++) expect(filter.accepts(packet(0))).toBe(false);
		expect(filter.acceptsReport(report(0))).toBe(false);
		expect(filter.accepts(packet(0))).toBe(true);
		expect(filter.acceptsReport(report(0))).toBe(true);
	});
	it("is told apart up to a limit of senders", () => {
		const { filter } = create(...Array.from({ length: MAX_DEAD_SOURCES + 1 }, (_, ssrc) => ssrc));
		expect(filter.accepts(packet(MAX_DEAD_SOURCES - 1))).toBe(false);
		expect(filter.accepts(packet(MAX_DEAD_SOURCES))).toBe(true);
	});
	it("the sender that the camera declared rules out others only once it was heard", () => {
		const { filter } = create();
		filter.declared = 7;
		expect([3, 7, 3, 7].map((ssrc) => filter.accepts(packet(ssrc)))).toEqual([true, true, false, true]);
		expect([filter.acceptsReport(report(3)), filter.acceptsReport(report(7))]).toEqual([false, true]);
	});
	it("reports before PLAY make no sender dead; what is cut short is left to others", () => {
		const { filter, sources } = create();
		sources.note(report(5));
		sources.note(new Uint8Array(11));
		expect(sources.has(5)).toBe(false);
		expect([filter.accepts(new Uint8Array(3)), filter.acceptsReport(new Uint8Array(3))]).toEqual([true, true]);
	});
});
