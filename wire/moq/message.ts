import { withHeader } from "../room.ts";
import { varintLength, writeVarint } from "./varint.ts";

/** `varint length + body`: the framing of every moq-lite control message and of every frame in a group. */
export function frameMessage(body: Uint8Array): Uint8Array<ArrayBuffer> {
	const out = withHeader(body, varintLength(body.length));
	writeVarint(out, 0, body.length);
	return out;
}
