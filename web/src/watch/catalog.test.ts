import { decodeCatalog } from "@mivisus/wire/catalog";
import { describe, expect, it } from "vitest";
import { chooseAudio, chooseVideo } from "./catalog.ts";

function read(value: unknown) {
	const decoded = decodeCatalog(new TextEncoder().encode(JSON.stringify(value)));
	if (!decoded.ok) throw new Error(decoded.problem);
	return decoded.catalog;
}
const video = (renditions: Record<string, unknown>) => chooseVideo(read({ video: { renditions } }));

describe("what the viewer takes from a catalog", () => {
	it("the track and the decoder's configuration, description as bytes", () => {
		expect(
			video({
				"video/main": {
					codec: "avc1.64001f",
					container: { kind: "legacy" },
					description: "01640AfF",
					codedWidth: 1280,
				},
			}),
		).toEqual({
			track: "video/main",
			config: { codec: "avc1.64001f", description: Uint8Array.of(1, 0x64, 0x0a, 0xff), codedWidth: 1280 },
		});
	});
	it("the largest, H.264 before others, whatever it is called", () => {
		const size = (codedWidth: number) => ({ codedWidth, codedHeight: codedWidth });
		expect(video({ a: { codec: "avc1.42", ...size(320) }, b: { codec: "avc1.42", ...size(640) } })?.track).toBe("b");
		expect(video({ a: { codec: "hev1.1", ...size(4000) }, b: { codec: "avc3.42" } })?.track).toBe("b");
		expect(video({ a: { codec: "hev1.1" } })?.track).toBe("a");
	});
	it("the smallest where the picture is small or the house's line is slow; never one of which nothing comes", () => {
		const size = (codedWidth: number) => ({ codec: "avc1.42", codedWidth, codedHeight: codedWidth });
		const renditions = { "video/main": size(640), "video/sub": size(320) };
		const section = { v: 1, state: { code: "live", sinceMs: 1 }, sound: "off" };
		const choose = (mivisus: object, small = false) =>
			chooseVideo(read({ video: { renditions }, mivisus: { ...section, ...mivisus } }), small)?.track;
		expect([choose({}), choose({}, true)]).toEqual(["video/main", "video/sub"]);
		expect(choose({ uplink: "slow" })).toBe("video/sub");
		const streams = (sub: string) => ({ streams: { "video/sub": { code: sub, sinceMs: 1 } } });
		expect(choose(streams("stream-unsupported"), true)).toBe("video/main");
		expect(choose(streams("waiting"), true)).toBe("video/sub");
	});
	it("nothing from a container it does not know, and the readable one beside it", () => {
		const newer = { codec: "avc1.42", container: { kind: "cmaf-2030", more: true }, codedWidth: 100, codedHeight: 100 };
		expect(video({ a: newer })).toBeUndefined();
		expect(video({ a: newer, b: { codec: "avc1.42" } })?.track).toBe("b");
	});
	it("nothing from an empty one, which a foreign publisher sends first", () => {
		expect([chooseVideo(read({})), chooseAudio(read({ audio: { renditions: {} } }))]).toEqual([undefined, undefined]);
	});
	it("sound with its configuration", () => {
		const renditions = {
			"audio/main": { codec: "mp4a.40.2", sampleRate: 48_000, numberOfChannels: 2, description: "1190" },
		};
		expect(chooseAudio(read({ audio: { renditions } }))).toEqual({
			track: "audio/main",
			config: { codec: "mp4a.40.2", sampleRate: 48_000, numberOfChannels: 2, description: Uint8Array.of(0x11, 0x90) },
		});
	});
});
