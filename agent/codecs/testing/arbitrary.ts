import fc from "fast-check";
import type { RtpPacket } from "../../rtp/packet.ts";
import { packet } from "./packets.ts";

/** One packet on its way, as a camera and a network may treat it. */
export interface Step {
	packet: RtpPacket;
	lost: boolean;
}

/**
 * Packets with structure: payloads that mean something or nothing, cut short or not, with markers, losses and leaps of
 * the timestamp, repeated, of the wrong order.
 */
export function steps(payloads: readonly Uint8Array[]): fc.Arbitrary<Step[]> {
	const known = fc.nat(payloads.length - 1).map((n) => payloads[n]!);
	const cut = fc.tuple(known, fc.nat(40)).map(([payload, length]) => payload.subarray(0, length));
	const bent = fc.tuple(known, fc.nat(20), fc.nat(255)).map(([payload, at, value]) => {
		const copy = new Uint8Array(payload);
		if (copy.length > 0) copy[at % copy.length] = value;
		return copy;
	});
	const random = fc.uint8Array({ maxLength: 24 });
	const payload = fc.oneof({ weight: 5, arbitrary: known }, cut, bent, random);
	const stamp = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.nat(0xffffffff));
	const step = fc.tuple(payload, stamp, fc.boolean(), fc.nat(7)).map(([bytes, timestamp, marker, luck]) => ({
		packet: packet(bytes, timestamp, marker),
		lost: luck === 0,
	}));
	return fc.array(step, { minLength: 1, maxLength: 8 });
}
