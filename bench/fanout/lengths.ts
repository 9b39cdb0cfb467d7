/** Frames over plain TCP: 32 bits of length, then so many bytes. */
const PREFIX_BYTES = 4;

export function withLength(payload: Uint8Array): Buffer {
	const frame = Buffer.allocUnsafe(PREFIX_BYTES + payload.length);
	frame.writeUInt32BE(payload.length);
	frame.set(payload, PREFIX_BYTES);
	return frame;
}

/**
 * Cuts a byte stream into frames and hands each to `take` with its length in front: a view of what arrived where it came in one
 * piece, and one copy where it did not.
 */
export function cutter(take: (frame: Buffer) => void): (chunk: Buffer) => void {
	let chunks: Buffer[] = [];
	let held = 0;
	let wanted = PREFIX_BYTES;
	return (chunk) => {
		chunks.push(chunk);
		held += chunk.length;
		if (held < wanted) return;
		let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, held);
		while (bytes.length >= PREFIX_BYTES) {
			wanted = PREFIX_BYTES + bytes.readUInt32BE(0);
			if (bytes.length < wanted) break;
			take(bytes.subarray(0, wanted));
			bytes = bytes.subarray(wanted);
			wanted = PREFIX_BYTES;
		}
		chunks = bytes.length > 0 ? [bytes] : [];
		held = bytes.length;
	};
}
/** The payload of a frame from {@link cutter}. */
export const payloadOf = (frame: Buffer) => frame.subarray(PREFIX_BYTES);
