import { parseRtp, type RtpPacket } from "./packet.ts";
import { type Ordered, ReorderWindow } from "./reorder.ts";

/** Hold packets back over UDP until their elders came: a picture's worth of packets, and not longer than people notice. */
const UDP_WINDOW = { maxPackets: 64, maxWaitMs: 60 };
const TCP_WINDOW = { maxPackets: 0, maxWaitMs: 0 };
/** As many packets in a row from another sender replace the first one. */
const NEW_SENDER_PACKETS = 8;

/** The RTP packets of one track in order: strangers are left out, other payload types, other senders, duplicates. */
export class RtpReceiver {
	#payloadType: number;
	#transport: "tcp" | "udp";
	#window: ReorderWindow<RtpPacket>;
	/** Undefined before the first packet; 0 is a legal one (P01). */
	#ssrc: number | undefined;
	#stranger = { ssrc: 0, count: 0 };
	#lost = 0;

	constructor(payloadType: number, transport: "tcp" | "udp") {
		this.#payloadType = payloadType;
		this.#transport = transport;
		this.#window = new ReorderWindow(transport === "udp" ? UDP_WINDOW : TCP_WINDOW);
	}
	/** Takes one datagram or interleaved frame. */
	push(bytes: Uint8Array, nowMs: number): Ordered<RtpPacket>[] {
		const packet = parseRtp(bytes);
		// Some cameras mix in packets of another type with numbers of their own (RtspClientSharp#98).
		if (!packet || packet.payloadType !== this.#payloadType) return [];
		this.#ssrc ??= packet.ssrc;
		if (packet.ssrc !== this.#ssrc) {
			const { ssrc, count } = this.#stranger;
			this.#stranger = { ssrc: packet.ssrc, count: ssrc === packet.ssrc ? count + 1 : 1 };
			if (this.#stranger.count < NEW_SENDER_PACKETS) return [];
			this.#ssrc = packet.ssrc;
			this.#window = new ReorderWindow(this.#transport === "udp" ? UDP_WINDOW : TCP_WINDOW);
			this.#lost += 1;
		}
		this.#stranger.count = 0;
		return this.#marked(this.#window.push(packet, nowMs));
	}
	/** What is due because of time; call it now and then. */
	expire(nowMs: number): Ordered<RtpPacket>[] {
		return this.#marked(this.#window.expire(nowMs));
	}
	/** Bytes of the connection were lost before the next packet. */
	markLost(): void {
		this.#lost += 1;
	}
	/** Whether `head` (12 bytes) can begin a packet of this track. */
	expects(head: Uint8Array): boolean {
		if (head[0]! >> 6 !== 2 || (head[1]! & 0x7f) !== this.#payloadType) return false;
		const ssrc = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(8);
		return this.#ssrc === undefined || ssrc === this.#ssrc;
	}
	#marked(ordered: Ordered<RtpPacket>[]): Ordered<RtpPacket>[] {
		const [first] = ordered;
		if (first && this.#lost > 0) {
			first.lost += this.#lost;
			this.#lost = 0;
		}
		return ordered;
	}
}
