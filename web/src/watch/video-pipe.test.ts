import { beforeEach, describe, expect, it } from "vitest";
import { DECODER_SILENT_MS, MAX_DECODING, MAX_DECODING_MS } from "./limits.ts";
import { type Decoder, type PipeFault, VideoPipe } from "./video-pipe.ts";

interface Picture {
	timestamp: number;
	close(): void;
}
/** A decoder that the test drives; like the real one it refuses a delta after configure, and any call once closed. */
class FakeDecoder implements Decoder {
	state: Decoder["state"] = "unconfigured";
	inside: number[] = [];
	configured: { codec: string; hardwareAcceleration: string; optimizeForLatency: boolean }[] = [];
	#needKey = true;
	output: (picture: Picture) => void;
	error: (error: Error) => void;
	constructor(output: (picture: Picture) => void, error: (error: Error) => void) {
		this.output = output;
		this.error = error;
	}
	configure(config: (typeof this.configured)[number]): void {
		if (this.state === "closed") throw new DOMException("closed", "InvalidStateError");
		this.state = "configured";
		this.#needKey = true;
		this.configured.push(config);
	}
	decode({ type, timestamp }: { type: string; timestamp: number }): void {
		if (this.state !== "configured") throw new DOMException("closed", "InvalidStateError");
		if (this.#needKey && type !== "key") throw new DOMException("key frame required", "DataError");
		this.#needKey = false;
		this.inside.push(timestamp);
	}
	close(): void {
		this.state = "closed";
	}
	/** Gives everything back. */
	flush(): void {
		for (const timestamp of this.inside.splice(0)) this.output({ timestamp, close: () => void closed.push(timestamp) });
	}
	/** As Chromium does when it wants the memory back. */
	die(name: string): void {
		this.state = "closed";
		this.error(new DOMException("gone", name));
	}
}

let nowMs: number;
let decoders: FakeDecoder[];
let kinds: string[];
let faults: PipeFault[];
let shown: number[];
let closed: number[];
let playable: boolean;
let pipe: VideoPipe<Picture>;
const UNIT = new Uint8Array(1);
beforeEach(() => {
	nowMs = 0;
	playable = true;
	[decoders, kinds, faults, shown, closed] = [[], [], [], [], []];
	pipe = new VideoPipe<Picture>({
		make: (codec, output, error) => {
			kinds.push(codec);
			decoders.push(new FakeDecoder(output, error));
			return decoders.at(-1)!;
		},
		output: ({ timestamp }) => void shown.push(timestamp),
		fault: (fault) => void faults.push(fault),
		supported: async () => playable,
		now: () => nowMs,
	});
	pipe.configure({ codec: "avc1.64001f" });
});
const last = () => decoders.at(-1)!;

describe("the video pipe", () => {
	it("begins at a key picture and asks for low latency", () => {
		pipe.push(1, UNIT, false);
		pipe.push(2, UNIT, true);
		pipe.push(3, UNIT, false);
		last().flush();
		expect(shown).toEqual([2, 3]);
		expect(pipe.dropped).toBe(1);
		expect(last().configured).toMatchObject([{ optimizeForLatency: true, hardwareAcceleration: "no-preference" }]);
	});
	it("B01: a reclaimed decoder is no error of the stream: feeding does not throw, the next key picture begins anew", () => {
		pipe.push(1, UNIT, true);
		last().die("QuotaExceededError");
		pipe.push(2, UNIT, false);
		expect(faults).toEqual(["failed"]);
		pipe.push(3, UNIT, true);
		last().flush();
		expect([decoders.length, shown]).toEqual([2, [3]]);
	});
	it("B01: a decoder that closed without a word does not throw out of the loop either", () => {
		pipe.push(1, UNIT, true);
		last().state = "closed";
		pipe.push(2, UNIT, false);
		pipe.push(3, UNIT, true);
		last().flush();
		expect(shown).toContain(3);
	});
	it("B02: a changed stream is configured at its key picture, never in the middle", () => {
		pipe.push(1, UNIT, true);
		pipe.configure({ codec: "avc1.64001f", description: Uint8Array.of(1) });
		pipe.push(2, UNIT, false);
		expect(last().configured).toHaveLength(1);
		pipe.push(3, UNIT, true);
		expect(last().configured).toHaveLength(2);
		pipe.configure({ codec: "avc1.64001f", description: Uint8Array.of(1) });
		pipe.push(4, UNIT, false);
		expect(last().inside).toContain(4);
	});
	it("B02: chunks in, nothing out for 3 s: rebuilt in software", () => {
		pipe.push(1, UNIT, true);
		nowMs = DECODER_SILENT_MS - 1;
		pipe.watch();
		expect(faults).toEqual([]);
		nowMs = DECODER_SILENT_MS;
		pipe.watch();
		expect(faults).toEqual(["silent"]);
		pipe.push(2, UNIT, true);
		expect(last().configured).toMatchObject([{ hardwareAcceleration: "prefer-software" }]);
	});
	it("is silent about a decoder that simply has nothing to do", () => {
		pipe.push(1, UNIT, true);
		last().flush();
		nowMs = 60_000;
		pipe.watch();
		pipe.push(2, UNIT, false);
		pipe.watch();
		expect(faults).toEqual([]);
	});
	it("skips to the next key picture when the decoder is behind by count: at the limit and one above", () => {
		pipe.push(0, UNIT, true);
		for (let n = 1; n < MAX_DECODING; n += 1) pipe.push(n, UNIT, false);
		expect(pipe.dropped).toBe(0);
		pipe.push(MAX_DECODING, UNIT, false);
		expect(pipe.dropped).toBe(1);
		last().flush();
		pipe.push(MAX_DECODING + 1, UNIT, false);
		expect(pipe.dropped).toBe(2);
		pipe.push(MAX_DECODING + 2, UNIT, true);
		last().flush();
		expect(shown.at(-1)).toBe(MAX_DECODING + 2);
	});
	it("and by time", () => {
		pipe.push(0, UNIT, true);
		nowMs = MAX_DECODING_MS;
		pipe.push(1, UNIT, false);
		expect(pipe.dropped).toBe(0);
		nowMs = MAX_DECODING_MS + 1;
		pipe.push(2, UNIT, false);
		expect(pipe.dropped).toBe(1);
	});
	it("says when the codec is one that this browser cannot play, and feeds it nothing more", () => {
		pipe.push(1, UNIT, true);
		last().die("NotSupportedError");
		expect(faults).toEqual(["unsupported"]);
		pipe.push(2, UNIT, true);
		expect(decoders).toHaveLength(1);
		pipe.configure({ codec: "avc1.42c01e" });
		pipe.push(3, UNIT, true);
		expect(decoders).toHaveLength(2);
	});
	it("asks the browser when the error does not say it: Chromium calls an unknown codec an OperationError", async () => {
		playable = false;
		pipe.push(1, UNIT, true);
		last().die("OperationError");
		await Promise.resolve();
		expect(faults).toEqual(["failed", "unsupported"]);
		pipe.push(2, UNIT, true);
		expect(decoders).toHaveLength(1);
	});
	it("closes a picture that comes after it was stopped, and is ready for more", () => {
		pipe.push(1, UNIT, true);
		const first = last();
		pipe.stop();
		first.flush();
		expect([shown, closed, first.state]).toEqual([[], [1], "closed"]);
		pipe.push(2, UNIT, true);
		last().flush();
		expect(shown).toEqual([2]);
	});
	it("MJPEG: any picture can begin, and a change from or to it makes another decoder", () => {
		pipe.push(1, UNIT, true);
		pipe.configure({ codec: "jpeg" });
		expect(last().state).toBe("closed");
		pipe.push(2, UNIT, false);
		pipe.push(3, UNIT, false);
		last().flush();
		expect(shown).toEqual([2, 3]);
		pipe.configure({ codec: "jpeg", codedWidth: 640 });
		pipe.push(4, UNIT, false);
		pipe.configure({ codec: "avc1.64001f" });
		pipe.push(5, UNIT, false);
		pipe.push(6, UNIT, true);
		last().flush();
		expect(shown).toEqual([2, 3, 6]);
		expect(kinds).toEqual(["avc1.64001f", "jpeg", "avc1.64001f"]);
	});
});
