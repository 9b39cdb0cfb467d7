import { serialDistance } from "./reorder.ts";

/** Numbers of one sender as RFC 3550, appendix A, keeps them. */
interface Sender {
	ssrc: number;
	/** Extended highest sequence number: the first 16 bits count the wraps. */
	highest: number;
	first: number;
	received: number;
	expectedBefore: number;
	receivedBefore: number;
	/** Ticks of the media's clock. */
	jitter: number;
	transit: number | undefined;
	/** Middle 32 bits of the last sender report's NTP time, and when it came. */
	lastReport: { middle: number; atMs: number } | undefined;
}

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const DESCRIPTION = 202;
const CNAME = 1;
/** Says nothing of the house. */
const NAME = new TextEncoder().encode("mivisus");

/**
 * What this end of a track tells the camera about it (RFC 3550, sections 6.4.2 and 6.5): some cameras stop sending to who
 * never reports (ffmpeg and live555 report over UDP and inside the connection, so cameras know it). Pure.
 */
export class ReceiverReports {
	#ssrc: number;
	#clockRate: number;
	#sender: Sender | undefined;

	/** `ssrc`: our own, any 32 bits. `clockRate`: ticks a second of the media. */
	constructor(ssrc: number, clockRate: number) {
		this.#ssrc = ssrc >>> 0;
		this.#clockRate = clockRate;
	}
	/** Counts one RTP packet that came at `nowMs`. */
	packet(data: Uint8Array, nowMs: number): void {
		if (data.length < 12) return;
		const view = viewOf(data);
		const sequence = view.getUint16(2);
		const ssrc = view.getUint32(8);
		const transit = Math.round((nowMs * this.#clockRate) / 1000) - view.getUint32(4);
		if (this.#sender?.ssrc !== ssrc) {
			this.#sender = {
				ssrc,
				highest: sequence,
				first: sequence,
				received: 0,
				expectedBefore: 0,
				receivedBefore: 0,
				jitter: 0,
				transit: undefined,
				lastReport: undefined,
			};
		}
		const sender = this.#sender;
		const ahead = serialDistance(sequence, sender.highest & 0xffff);
		if (ahead > 0) sender.highest += ahead;
		sender.received += 1;
		// As a 32-bit difference: the media's clock wraps, and may leap.
		const change = sender.transit === undefined ? 0 : Math.abs((transit - sender.transit) | 0);
		sender.transit = transit;
		sender.jitter += (change - sender.jitter) / 16;
	}
	/** Takes in one RTCP packet of the camera, of which the next report says when it came. */
	report(data: Uint8Array, nowMs: number): void {
		const sender = this.#sender;
		if (!sender || data.length < 28 || data[1] !== SENDER_REPORT) return;
		const view = viewOf(data);
		if (view.getUint32(4) !== sender.ssrc) return;
		sender.lastReport = { middle: ((view.getUint16(10) << 16) | view.getUint16(12)) >>> 0, atMs: nowMs };
	}
	/** The next report as one compound packet: receiver report, then our name. */
	compose(nowMs: number): Uint8Array {
		const sender = this.#sender;
		const description = 8 + 2 + NAME.length + 1;
		const blockBytes = sender ? 24 : 0;
		const bytes = new Uint8Array(8 + blockBytes + Math.ceil(description / 4) * 4);
		const view = viewOf(bytes);
		view.setUint8(0, 0x80 | (sender ? 1 : 0));
		view.setUint8(1, RECEIVER_REPORT);
		view.setUint16(2, 1 + blockBytes / 4);
		view.setUint32(4, this.#ssrc);
		if (sender) this.#block(view, sender, nowMs);
		const at = 8 + blockBytes;
		view.setUint8(at, 0x81);
		view.setUint8(at + 1, DESCRIPTION);
		view.setUint16(at + 2, (bytes.length - at) / 4 - 1);
		view.setUint32(at + 4, this.#ssrc);
		bytes.set([CNAME, NAME.length, ...NAME], at + 8);
		return bytes;
	}
	#block(view: DataView, sender: Sender, nowMs: number): void {
		const expected = sender.highest - sender.first + 1;
		const lost = Math.max(-0x80_0000, Math.min(0x7f_ffff, expected - sender.received));
		const expectedNow = expected - sender.expectedBefore;
		const lostNow = expectedNow - (sender.received - sender.receivedBefore);
		const fraction = expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0;
		sender.expectedBefore = expected;
		sender.receivedBefore = sender.received;
		const { lastReport } = sender;
		const delay = lastReport ? Math.round(((nowMs - lastReport.atMs) * 65_536) / 1000) : 0;
		view.setUint32(8, sender.ssrc);
		view.setUint32(12, ((fraction << 24) | (lost & 0xff_ffff)) >>> 0);
		view.setUint32(16, sender.highest >>> 0);
		view.setUint32(20, Math.min(0xffff_ffff, Math.round(sender.jitter)));
		view.setUint32(24, lastReport?.middle ?? 0);
		view.setUint32(28, Math.max(0, Math.min(0xffff_ffff, delay)));
	}
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
