import { expect, it } from "vitest";
import { cutter, payloadOf, withLength } from "./lengths.ts";

it("gives the same frames however the stream is cut", () => {
	const frames = [5, 0, 300, 70_000].map((length, value) => Buffer.alloc(length, value + 1));
	const stream = Buffer.concat(frames.map(withLength));
	for (const size of [1, 3, 4, 7, 64, 65_536, stream.length]) {
		const got: Buffer[] = [];
		const cut = cutter((frame) => got.push(Buffer.from(payloadOf(frame))));
		for (let at = 0; at < stream.length; at += size) cut(stream.subarray(at, at + size));
		expect(got.map((frame, index) => frame.equals(frames[index]!))).toEqual(frames.map(() => true));
	}
});
