import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDateAndTime } from "./describe.ts";
import { MAX_PROFILES } from "./limits.ts";
import { choosePictures, type Profile, readProfiles } from "./profiles.ts";
import { parseXml } from "./xml.ts";

/** `H264 1920x1080`, in the first lens. */
function picture(text: string, source = "one"): Profile {
	const [codec = "", size = ""] = text.split(" ");
	const [width = 0, height = 0] = size.split("x").map(Number);
	return { token: text, name: text, source, codec, width, height };
}
const chosen = (...texts: string[]) => {
	const { main, sub } = choosePictures(
		texts.map((text) => picture(text)),
		"one",
	);
	return [main?.token, sub?.token];
};

describe("which pictures of a camera are taken", () => {
	it.each<[string, string[], string | undefined, string | undefined]>([
		[
			"the largest and the smallest",
			["H264 640x360", "H264 1920x1080", "H264 1280x720"],
			"H264 1920x1080",
			"H264 640x360",
		],
		["none that is too small", ["H264 1920x1080", "H264 640x360", "H264 176x144"], "H264 1920x1080", "H264 640x360"],
		["a small one where it is all there is", ["H264 1920x1080", "H264 176x144"], "H264 1920x1080", "H264 176x144"],
		[
			"exactly 320 pixels",
			["H264 1920x1080", "H264 640x360", "H264 320x240", "H264 319x240"],
			"H264 1920x1080",
			"H264 320x240",
		],
		["one where there is one", ["H264 1920x1080"], "H264 1920x1080", undefined],
		["one where all are equal", ["H264 640x480", "H264 640x480"], "H264 640x480", undefined],
		["H.265 before a small H.264", ["H265 3840x2160", "H264 640x360"], "H265 3840x2160", "H264 640x360"],
		["H.264 before a larger H.265", ["H265 3840x2160", "H264 1280x720"], "H264 1280x720", undefined],
		["H.265 alone", ["H265 3840x2160", "H265 640x360"], "H265 3840x2160", "H265 640x360"],
		["JPEG in need", ["JPEG 640x480", "MPV4-ES 1920x1080"], "JPEG 640x480", undefined],
		["nothing that nobody shows", ["MPV4-ES 1920x1080"], undefined, undefined],
		["nothing of nothing", [], undefined, undefined],
	])("%s", (_, offered, main, sub) => {
		expect(chosen(...offered)).toEqual([main, sub]);
		expect(chosen(...offered.toReversed())).toEqual([main, sub]);
	});
	it("are always of one lens, and the second never larger than the first", () => {
		const profile = fc.record({
			codec: fc.constantFrom("H264", "H265", "JPEG", "X"),
			source: fc.constantFrom("one", "two"),
			width: fc.nat(4000),
			height: fc.nat(4000),
		});
		fc.assert(
			fc.property(fc.array(profile), (profiles) => {
				const named = profiles.map((one, index) => ({ ...one, token: `${index}`, name: "" }));
				const { main, sub } = choosePictures(named, "two");
				expect(main === undefined).toBe(!named.some(({ source, codec }) => source === "two" && codec !== "X"));
				for (const one of [main, sub]) if (one) expect(one.source).toBe("two");
				if (main && sub) expect(sub.width * sub.height).toBeLessThan(main.width * main.height);
			}),
		);
	});
});

describe("profiles as cameras write them", () => {
	const read = (inner: string) => readProfiles(parseXml(`<r>${inner}</r>`));
	const profile = (encoding: string, width: string) =>
		`<Profiles token="t"><VideoEncoderConfiguration><Encoding>${encoding}</Encoding><Resolution><Width>${width}</Width><Height>2</Height></Resolution></VideoEncoderConfiguration></Profiles>`;
	it.each([
		["H264", "H264"],
		["h.264", "H264"],
		["video/H265", "H265"],
		["HEVC", "H265"],
		["MJPEG", "JPEG"],
		["", ""],
	])("the codec «%s» is %s", (written, codec) => {
		expect(read(profile(written, "2"))[0]?.codec).toBe(codec);
	});
	it.each(["", "-1", "1.5", "NaN", "1e9", "65536", "0x10000"])("the width «%s» is none", (width) => {
		expect(read(profile("H264", width))[0]?.width).toBe(0);
	});
	it("are counted up to the number that is allowed, and those without token are none", () => {
		expect(read(profile("H264", "2").repeat(MAX_PROFILES + 1))).toHaveLength(MAX_PROFILES);
		expect(read(profile("H264", "2").replace('token="t"', ""))).toEqual([]);
	});
});

describe("a camera's time", () => {
	const time = (year: string, second = "0") =>
		readDateAndTime(
			parseXml(
				`<UTCDateTime><Time><Hour>0</Hour><Minute>0</Minute><Second>${second}</Second></Time><Date><Year>${year}</Year><Month>1</Month><Day>1</Day></Date></UTCDateTime>`,
			),
		);
	it("is read from the first to the last year that a token can hold", () => {
		expect(time("1970")).toBe(0);
		expect(new Date(time("9999")!).toISOString()).toBe("9999-01-01T00:00:00.000Z");
	});
	it.each(["1969", "10000", "", "x", "1e400", "-5"])("in the year «%s» is none", (year) => {
		expect(time(year)).toBeUndefined();
	});
	it("with an absurd second is none, and never one that cannot be written", () => {
		fc.assert(
			fc.property(fc.double(), (second) => {
				const ms = time("2026", String(second));
				if (ms !== undefined) expect(Math.abs(ms)).toBeLessThanOrEqual(8.64e15);
			}),
		);
	});
});
