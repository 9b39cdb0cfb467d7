const HEADER_BYTES = 7;
const CHECKSUM_BYTES = 2;

/**
 * AAC frames with ADTS headers (ISO/IEC 14496-3, annex 1.A) as bare access units; undefined unless the bytes are whole
 * frames from the first to the last, each of a single access unit.
 */
export function splitAdts(bytes: Uint8Array): Uint8Array[] | undefined {
	const frames: Uint8Array[] = [];
	for (let at = 0; at < bytes.length; ) {
		// Twelve ones, then the version, layer 0, and whether a checksum is left out.
		if (bytes.length - at < HEADER_BYTES || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return undefined;
		const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
		const header = HEADER_BYTES + (bytes[at + 1]! & 1 ? 0 : CHECKSUM_BYTES);
		const several = (bytes[at + 6]! & 3) !== 0;
		if (several || length <= header || at + length > bytes.length) return undefined;
		frames.push(bytes.subarray(at + header, at + length));
		at += length;
	}
	return frames.length > 0 ? frames : undefined;
}
