/**
 * QUIC variable-length integers (RFC 9000, section 16), restricted to values that a JavaScript number holds exactly.
 */

/** The largest value that can be written or read: 2^53 - 1. Larger ones on the wire are a protocol error here. */
export const MAX_VARINT = Number.MAX_SAFE_INTEGER;

/** Length in bytes (1, 2, 4 or 8) of the shortest encoding of `value`. */
export function varintLength(value: number): 1 | 2 | 4 | 8 {
	if (!Number.isSafeInteger(value) || value < 0) {
		throw new RangeError(`a varint is an integer from 0 to ${MAX_VARINT}, not ${value}`);
	}
	if (value < 0x40) return 1;
	if (value < 0x4000) return 2;
	if (value < 0x4000_0000) return 4;
	return 8;
}

/** Writes `value` into `target` at `offset`; returns the offset after it. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
	const length = varintLength(value);
	let rest = value;
	for (let i = length - 1; i >= 0; i--) {
		target[offset + i] = rest % 256;
		rest = Math.floor(rest / 256);
	}
	target[offset] = target[offset]! | (Math.log2(length) << 6);
	return offset + length;
}

/** `value` as its shortest encoding. */
export function encodeVarint(value: number): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(varintLength(value));
	writeVarint(bytes, 0, value);
	return bytes;
}

/**
 * Reads a varint at `offset`. Returns `undefined` when `bytes` end before it does; non-shortest forms are accepted
 * (RFC 9000 allows them). Throws RangeError above {@link MAX_VARINT}.
 */
export function readVarint(bytes: Uint8Array, offset: number): { value: number; next: number } | undefined {
	const first = bytes[offset];
	if (first === undefined) return undefined;
	const length = 1 << (first >> 6);
	if (offset + length > bytes.length) return undefined;
	let value = first & 0x3f;
	for (let i = 1; i < length; i++) value = value * 256 + bytes[offset + i]!;
	if (value > MAX_VARINT) throw new RangeError(`varint above ${MAX_VARINT}`);
	return { value, next: offset + length };
}
