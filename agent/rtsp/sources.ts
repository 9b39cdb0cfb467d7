import { MAX_DEAD_PACKETS, MAX_DEAD_SOURCES } from "./limits.ts";

/**
 * Which sender's packets belong to one track of this session. Old live555 goes on writing the packets of a dead session
 * into the next connection, on channels that this one uses, too (retina#17): nobody may ever see another session's
 * pictures. So what sends before PLAY was asked for is dead, and once the sender that the camera named in its reply to
 * SETUP was heard, no other counts. Both are only hints: cameras name senders that never send, and some begin to send
 * before they are asked; these are heard after a while when nobody else sends. Pure.
 */
export class SourceFilter {
	/** As the camera named it; undefined when it named none. */
	declared: number | undefined;
	#dead = new Set<number>();
	#deadPackets = 0;
	#asked = false;
	#heardLiving = false;
	#heardDeclared = false;

	/** PLAY goes out now: what comes from here on may be ours. */
	ask(): void {
		this.#asked = true;
	}
	/** Whether this RTP packet belongs to the session, as far as its sender tells. */
	accepts(packet: Uint8Array): boolean {
		return packet.length < 12 || this.#accepts(u32(packet, 8), true);
	}
	/** The same for an RTCP packet. */
	acceptsReport(packet: Uint8Array): boolean {
		return packet.length < 8 || this.#accepts(u32(packet, 4), false);
	}
	#accepts(ssrc: number, isMedia: boolean): boolean {
		if (!this.#asked) {
			if (isMedia && this.#dead.size < MAX_DEAD_SOURCES) this.#dead.add(ssrc);
			return false;
		}
		if (this.#dead.has(ssrc)) {
			if (isMedia && !this.#heardLiving) this.#deadPackets += 1;
			return !this.#heardLiving && this.#deadPackets > MAX_DEAD_PACKETS;
		}
		if (isMedia) {
			this.#heardLiving = true;
			if (ssrc === this.declared) this.#heardDeclared = true;
		}
		return !this.#heardDeclared || ssrc === this.declared;
	}
}

const u32 = (bytes: Uint8Array, at: number) =>
	new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
