import { varintLength, writeVarint } from "./varint.ts";

/** `varint length + body`: the framing of every moq-lite control message and of every frame in a group. */
export function frameMessage(body: Uint8Array): Uint8Array<ArrayBuffer> {
	const header = varintLength(body.length);
	const out = new Uint8Array(header + body.length);
	writeVarint(out, 0, body.length);
	out.set(body, header);
	return out;
}
