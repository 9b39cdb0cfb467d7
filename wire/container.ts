import { WireError } from "./errors.ts";
import { readVarint, varintLength, writeVarint } from "./moq/varint.ts";
import { withHeader } from "./room.ts";

/** The `legacy` container of the field: a varint timestamp in µs, then the codec's payload. */
export function encodeLegacy(timestampUs: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
	const out = withHeader(payload, varintLength(timestampUs));
	writeVarint(out, 0, timestampUs);
	return out;
}

/** The payload is a view of `frame`. */
export function decodeLegacy(frame: Uint8Array): { timestampUs: number; payload: Uint8Array } {
	const read = readVarint(frame, 0);
	if (!read) throw new WireError("protocol-violation", "frame ends inside its timestamp");
	return { timestampUs: read.value, payload: frame.subarray(read.next) };
}
