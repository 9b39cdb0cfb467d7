import { MAX_DEAD_PACKETS, MAX_DEAD_SOURCES } from "./limits.ts";

/**
 * Senders that were heard before PLAY was asked for: old live555 goes on writing the packets of a dead session into the
 * next connection, on channels that this one uses, too (retina#17). One for all tracks of a session. Pure.
 */
export class DeadSources {
	#ssrcs = new Set<number>();
	/** Takes note of an RTP packet that nobody asked for. */
	note(packet: Uint8Array): void {
		if (packet.length < 12 || this.#ssrcs.size >= MAX_DEAD_SOURCES) return;
		// Reports have the sender elsewhere, and follow media that is noted anyway.
		if (packet[1]! < 200 || packet[1]! > 204) this.#ssrcs.add(u32(packet, 8));
	}
	has(ssrc: number): boolean {
		return this.#ssrcs.has(ssrc);
	}
}

/**
 * Which sender's packets belong to one track of this session: nobody may ever see another session's pictures. Dead ones
 * do not count, and once the sender that the camera named in its reply to SETUP was heard, no other does. Both are only
 * hints: cameras name senders that never send, and some begin to send before they are asked; these are heard after a
 * while when nobody else sends. Pure.
 */
export class SourceFilter {
	/** As the camera named it; undefined when it named none. */
	declared: number | undefined;
	#dead: DeadSources;
	#deadPackets = 0;
	#asked = false;
	#heardLiving = false;
	#heardDeclared = false;

	constructor(dead: DeadSources) {
		this.#dead = dead;
	}
	/** PLAY goes out now: what comes from here on may be ours. */
	ask(): void {
		this.#asked = true;
	}
	/** Whether this RTP packet belongs to the session, as far as its sender tells. */
	accepts(packet: Uint8Array): boolean {
		if (!this.#asked) {
			this.#dead.note(packet);
			return false;
		}
		if (packet.length < 12) return true;
		const ssrc = u32(packet, 8);
		if (this.#dead.has(ssrc)) {
			if (this.#heardLiving) return false;
			this.#deadPackets += 1;
			return this.#deadPackets > MAX_DEAD_PACKETS;
		}
		this.#heardLiving = true;
		if (ssrc === this.declared) this.#heardDeclared = true;
		return !this.#heardDeclared || ssrc === this.declared;
	}
	/** The same for an RTCP packet. */
	acceptsReport(packet: Uint8Array): boolean {
		if (!this.#asked || packet.length < 8) return this.#asked;
		const ssrc = u32(packet, 4);
		if (this.#dead.has(ssrc)) return !this.#heardLiving && this.#deadPackets > MAX_DEAD_PACKETS;
		return !this.#heardDeclared || ssrc === this.declared;
	}
}

const u32 = (bytes: Uint8Array, at: number) =>
	new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
