import { describe, expect, it } from "vitest";
import { encodeRtp } from "./packet.ts";
import { ReceiverReports } from "./reports.ts";

const packet = (sequence: number, timestamp = 0, ssrc = 9) =>
	encodeRtp({ payloadType: 96, marker: false, sequence, timestamp, ssrc, payload: new Uint8Array(4) });
function senderReport(ssrc: number, seconds: number, fraction: number): Uint8Array {
	const bytes = new Uint8Array(28);
	const view = new DataView(bytes.buffer);
	bytes.set([0x80, 200, 0, 6]);
	view.setUint32(4, ssrc);
	view.setUint32(8, seconds);
	view.setUint32(12, fraction);
	return bytes;
}
/** The fields of a report block (RFC 3550, section 6.4.1). */
function read(bytes: Uint8Array) {
	const view = new DataView(bytes.buffer);
	return {
		ssrc: view.getUint32(8),
		fraction: view.getUint8(12),
		lost: view.getInt32(12) & 0xff_ffff,
		highest: view.getUint32(16),
		jitter: view.getUint32(20),
		last: view.getUint32(24),
		delay: view.getUint32(28),
	};
}

describe("receiver reports (RFC 3550, section 6.4.2)", () => {
	it("are compound packets of whole words: report, then our name, which tells nothing of the house", () => {
		const reports = new ReceiverReports(0xffff_fffe, 90_000);
		const empty = reports.compose(0);
		reports.packet(packet(1), 0);
		for (const bytes of [empty, reports.compose(0)]) {
			expect(bytes.length % 4).toBe(0);
			const view = new DataView(bytes.buffer);
			const second = (view.getUint16(2) + 1) * 4;
			expect([bytes[1], view.getUint32(4), bytes[second], bytes[second + 1]]).toEqual([201, 0xffff_fffe, 0x81, 202]);
			expect(second + (view.getUint16(second + 2) + 1) * 4).toBe(bytes.length);
			expect(new TextDecoder().decode(bytes.subarray(second + 10, second + 10 + bytes[second + 9]!))).toBe("mivisus");
		}
		expect(empty[0], "nothing to report on yet").toBe(0x80);
	});
	it("P04: count over the wrap of 16 bits, what was lost since the last report in 256ths", () => {
		const reports = new ReceiverReports(1, 90_000);
		for (const sequence of [65_534, 65_535, 0, 2, 1, 3, 6, 7]) reports.packet(packet(sequence), 0);
		expect(read(reports.compose(0))).toMatchObject({ ssrc: 9, highest: 65_536 + 7, lost: 2, fraction: 51 });
		for (const sequence of [8, 9]) reports.packet(packet(sequence), 0);
		expect(read(reports.compose(0))).toMatchObject({ highest: 65_536 + 9, lost: 2, fraction: 0 });
	});
	it("duplicates make the loss negative, not huge", () => {
		const reports = new ReceiverReports(1, 90_000);
		for (const sequence of [1, 1, 1]) reports.packet(packet(sequence), 0);
		expect(read(reports.compose(0))).toMatchObject({ lost: 0xff_fffe, fraction: 0 });
	});
	it("jitter is 0 at an even pace, also over the wrap of the clock, and grows without", () => {
		const even = new ReceiverReports(1, 90_000);
		const odd = new ReceiverReports(1, 90_000);
		for (let n = 0; n < 100; n++) {
			even.packet(packet(n, (2 ** 32 - 90_000 + n * 3600) >>> 0), n * 40);
			odd.packet(packet(n, n * 3600), n * 40 + (n % 2) * 10);
		}
		expect(read(even.compose(0)).jitter).toBe(0);
		expect(read(odd.compose(0)).jitter).toBeGreaterThan(500);
	});
	it("say which sender report came last, and how long ago in 65536ths of a second", () => {
		const reports = new ReceiverReports(1, 90_000);
		reports.packet(packet(1), 0);
		reports.report(senderReport(8, 1, 1), 0);
		expect(read(reports.compose(500))).toMatchObject({ last: 0, delay: 0 });
		reports.report(senderReport(9, 0xaaaa_bbbb, 0xcccc_dddd), 1000);
		expect(read(reports.compose(1500))).toMatchObject({ last: 0xbbbb_cccc, delay: 32_768 });
		expect(read(reports.compose(0)).delay, "the wall clock was set back").toBe(0);
	});
	it("a new sender begins anew; what is cut short counts nothing", () => {
		const reports = new ReceiverReports(1, 90_000);
		for (const sequence of [1, 5]) reports.packet(packet(sequence), 0);
		reports.packet(packet(1000, 0, 10), 0);
		reports.packet(new Uint8Array(11), 0);
		reports.report(new Uint8Array(27), 0);
		expect(read(reports.compose(0))).toMatchObject({ ssrc: 10, highest: 1000, lost: 0 });
	});
});
