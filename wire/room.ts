/** Free bytes before a body that was made by {@link withRoom}: two varints, the longest of which are eight bytes. */
const ROOM = 16;
const roomy = new WeakSet<ArrayBufferLike>();

/**
 * `bytes` bytes with free room before them: a picture's timestamp and its frame's length are then written there, and its
 * many bytes are not copied for each. They belong to one frame for ever: whoever writes headers to the same body twice
 * must write the same ones.
 */
export function withRoom(bytes: number): Uint8Array<ArrayBuffer> {
	const buffer = new ArrayBuffer(ROOM + bytes);
	roomy.add(buffer);
	return new Uint8Array(buffer, ROOM);
}

/** `body` with `count` bytes before it that are still to be written: in its own room, else a copy. */
export function withHeader(body: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
	const { buffer, byteOffset, length } = body;
	// Beyond the room, what stands before the view is a part of the body itself.
	if (byteOffset >= count && byteOffset <= ROOM && roomy.has(buffer)) {
		return new Uint8Array(buffer as ArrayBuffer, byteOffset - count, count + length);
	}
	const out = new Uint8Array(count + length);
	out.set(body, count);
	return out;
}
