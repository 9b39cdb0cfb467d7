import { randomBytes } from "node:crypto";
import { type ClipPicture, packetize, type RtpPosition, senderReport } from "./clip.ts";

export const CLIP_FRAMES_A_SECOND = 25;
/** RFC 6184, section 8.2.1. */
export const CLOCK_RATE = 90_000;
export const PAYLOAD_TYPE = 96;

const PICTURE_MS = 1000 / CLIP_FRAMES_A_SECOND;
const REPORT_MS = 5000;

/** Where a player's packets go. */
export interface PacketSink {
	rtp(packet: Uint8Array): void;
	rtcp(packet: Uint8Array): void;
}

/** Sends the looped clip to one visitor at its own pace. */
export class Player {
	readonly position: RtpPosition;
	#pictures: readonly ClipPicture[];
	#sink: PacketSink;
	#timer: NodeJS.Timeout | undefined;
	#sent = { packets: 0, bytes: 0 };

	constructor(pictures: readonly ClipPicture[], sink: PacketSink) {
		this.#pictures = pictures;
		this.#sink = sink;
		const random = randomBytes(12);
		this.position = {
			// Random starts (RFC 3550, section 5.1) let the wraps happen in daily use, not after hours only.
			sequence: random.readUInt16BE(0),
			timestamp: random.readUInt32BE(4),
			ssrc: random.readUInt32BE(8),
			payloadType: PAYLOAD_TYPE,
		};
	}
	/** Begins at the key frame that a camera would have sent last; who comes back finds the clip further on. */
	start(): void {
		const { position } = this;
		let next = Math.floor(performance.now() / PICTURE_MS) % this.#pictures.length;
		while (!this.#pictures[next]?.key) next = (next + this.#pictures.length - 1) % this.#pictures.length;
		let dueMs = performance.now();
		let reportMs = dueMs;
		const tick = () => {
			for (; performance.now() >= dueMs; dueMs += PICTURE_MS) {
				if (dueMs >= reportMs) {
					this.#sink.rtcp(senderReport(position, Date.now(), this.#sent));
					reportMs += REPORT_MS;
				}
				for (const packet of packetize(this.#pictures[next]!, position)) {
					this.#sent.packets += 1;
					this.#sent.bytes += packet.length;
					this.#sink.rtp(packet);
				}
				position.timestamp = (position.timestamp + CLOCK_RATE / CLIP_FRAMES_A_SECOND) % 2 ** 32;
				next = (next + 1) % this.#pictures.length;
			}
			this.#timer = setTimeout(tick, dueMs - performance.now());
		};
		// After the reply to PLAY, which the caller is still to send.
		this.#timer = setTimeout(tick, 0);
	}
	stop(): void {
		clearTimeout(this.#timer);
	}
}
