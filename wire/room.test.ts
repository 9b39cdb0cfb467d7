import { expect, it } from "vitest";
import { decodeLegacy, encodeLegacy } from "./container.ts";
import { encodeFrame } from "./moq/group.ts";
import { withRoom } from "./room.ts";

const body = Uint8Array.of(1, 2, 3, 4, 5);
const US = 1_764_241_200_000_000;
const plain = encodeFrame(encodeLegacy(US, body));

it("a body with room before it gets the same headers, without a copy, as often as it is sent", () => {
	const roomy = withRoom(body.length);
	roomy.set(body);
	for (let n = 0; n < 2; n++) {
		const frame = encodeFrame(encodeLegacy(US, roomy));
		expect(frame).toEqual(plain);
		expect(frame.buffer).toBe(roomy.buffer);
		expect(roomy).toEqual(body);
	}
});
it("headers are never written over bytes that are not free", () => {
	const roomy = withRoom(64);
	roomy.fill(7);
	const part = roomy.subarray(20, 25);
	part.set(body);
	expect(encodeFrame(encodeLegacy(US, part))).toEqual(plain);
	// A plain view somewhere inside a chunk from the network.
	const chunk = new Uint8Array(64).fill(7);
	chunk.set(body, 16);
	expect(decodeLegacy(encodeLegacy(US, chunk.subarray(16, 21))).payload).toEqual(body);
	expect(encodeFrame(encodeFrame(encodeFrame(encodeLegacy(US, withRoom(1)))))).toHaveLength(12);
	for (const bytes of [roomy.subarray(0, 20), roomy.subarray(25), chunk.subarray(0, 16)])
		expect(bytes.every((byte) => byte === 7)).toBe(true);
});
