import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JpegDecoder, showJpeg } from "./jpeg-decoder.ts";
import type { Picture } from "./presenter.ts";

const UNIT = new Uint8Array(1);
let shown: number[];
let closed: number[];
beforeEach(() => {
	[shown, closed] = [[], []];
});

describe("the decoder of JPEG pictures", () => {
	const make = (show: (data: Uint8Array, timestamp: number) => Promise<Picture>) => {
		const errors: string[] = [];
		const decoder = new JpegDecoder<Picture>(
			show,
			({ timestamp }) => void shown.push(timestamp),
			({ message }) => void errors.push(message),
		);
		decoder.configure();
		return { decoder, errors };
	};
	const picture = (timestamp: number): Picture => ({ timestamp, close: () => void closed.push(timestamp) });
	const settle = () => new Promise((resolve) => setImmediate(resolve));

	it("gives them in order, one after another, however long each takes", async () => {
		const waiting: (() => void)[] = [];
		const { decoder } = make(
			(_, timestamp) => new Promise((resolve) => waiting.push(() => resolve(picture(timestamp)))),
		);
		for (const timestamp of [1, 2, 3]) decoder.decode({ timestamp, data: UNIT });
		for (let n = 0; n < 3; n++) {
			await settle();
			expect(waiting).toHaveLength(1);
			waiting.shift()?.();
		}
		await settle();
		expect([shown, closed]).toEqual([[1, 2, 3], []]);
	});
	it("closes what comes out after it was let go, and decodes nothing more", async () => {
		let finish = () => {};
		let asked = 0;
		const { decoder } = make((_, timestamp) => {
			asked += 1;
			return new Promise((resolve) => {
				finish = () => resolve(picture(timestamp));
			});
		});
		decoder.decode({ timestamp: 1, data: UNIT });
		decoder.decode({ timestamp: 2, data: UNIT });
		await settle();
		decoder.close();
		finish();
		await settle();
		expect([shown, closed, asked]).toEqual([[], [1], 1]);
	});
	it("one that cannot be read is told once, and the decoder is over", async () => {
		const { decoder, errors } = make(async () => Promise.reject(new Error("no picture")));
		decoder.decode({ timestamp: 1, data: UNIT });
		decoder.decode({ timestamp: 2, data: UNIT });
		await settle();
		expect([errors, decoder.state]).toEqual([["no picture"], "closed"]);
	});
});

describe("one JPEG picture by the browser", () => {
	afterEach(() => void vi.unstubAllGlobals());
	/** Everything that holds memory until it is closed, by name. */
	const open = new Set<string>();
	const holds = (name: string) => {
		open.add(name);
		return { close: () => void open.delete(name) };
	};
	class Frame {
		timestamp: number;
		close = holds("frame").close;
		constructor(_source: unknown, { timestamp }: { timestamp: number }) {
			this.timestamp = timestamp;
		}
	}
	it.each(["ImageDecoder", "createImageBitmap"])(
		"%s: nothing is left open but the frame, which has its time",
		async (way) => {
			vi.stubGlobal("VideoFrame", Frame);
			vi.stubGlobal("createImageBitmap", async () => holds("bitmap"));
			class Images {
				close = holds("decoder").close;
				decode = async () => ({ image: holds("image") });
			}
			vi.stubGlobal("ImageDecoder", way === "ImageDecoder" ? Images : undefined);
			const frame = await showJpeg(UNIT, 42);
			expect([frame.timestamp, [...open]]).toEqual([42, ["frame"]]);
			frame.close();
			expect(open.size).toBe(0);
		},
	);
	it("a picture that cannot be read leaves nothing open", async () => {
		class Images {
			close = holds("decoder").close;
			decode = async () => Promise.reject(new Error("broken"));
		}
		vi.stubGlobal("ImageDecoder", Images);
		await expect(showJpeg(UNIT, 1)).rejects.toThrow("broken");
		expect(open.size).toBe(0);
	});
});
