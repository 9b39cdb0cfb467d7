import { WireError } from "./errors.ts";
import { encodeVarint, readVarint } from "./moq/varint.ts";

/** The `legacy` container of the field: a varint timestamp in µs, then the codec's payload. */
export function encodeLegacy(timestampUs: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
	const header = encodeVarint(timestampUs);
	const out = new Uint8Array(header.length + payload.length);
	out.set(header);
	out.set(payload, header.length);
	return out;
}

/** The payload is a view of `frame`. */
export function decodeLegacy(frame: Uint8Array): { timestampUs: number; payload: Uint8Array } {
	const read = readVarint(frame, 0);
	if (!read) throw new WireError("protocol-violation", "frame ends inside its timestamp");
	return { timestampUs: read.value, payload: frame.subarray(read.next) };
}
