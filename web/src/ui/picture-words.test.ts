import { describe, expect, it } from "vitest";
import { codecName, decibels, whyText } from "./picture-words.ts";
import { problemText } from "./words.ts";

const NOW = 1_800_000_000_000;

describe("a reason", () => {
	it.each([
		["camera-unreachable", "The camera cannot be reached just now.", /^The camera has not been reachable since /],
		["camera-refused", /^The camera refused the agent just now\./, /^The camera has refused the agent since /],
		["noPictures", "No new picture for a few seconds.", /^No new picture since /],
		["reconnecting", /was lost just now\./, /was lost at /],
		["off", /just now\.$/, /since /],
	] as const)("%s is news for a minute, then it has a time", (code, news, later) => {
		const at = (ageMs: number) => whyText({ code, sinceMs: NOW - ageMs }, NOW);
		for (const ageMs of [-2000, 0, 59_999]) expect(at(ageMs)).toMatch(news);
		expect(at(60_000)).toMatch(later);
	});
	it("keeps what the camera said", () => {
		const why = { code: "camera-unreachable", sinceMs: NOW, detail: "The camera does not answer." } as const;
		expect(whyText(why, NOW)).toBe("The camera cannot be reached just now. The camera does not answer.");
	});
	it("without a time stays what it is", () => expect(whyText({ code: "connecting" })).toMatch(/^Connecting/));
});

it("codecs have the names that people know", () => {
	expect(["avc1.64001f", "mp4a.40.2", "alaw", "ulaw", "odd.1"].map(codecName)).toEqual([
		"H.264",
		"AAC",
		"G.711",
		"G.711",
		"odd.1",
	]);
});
it("a level has a minus sign, not a hyphen, and stays in one line", () => {
	expect(decibels(0.5)).toBe("−6.0\u00a0dB");
	expect(decibels(1)).toBe("0.0\u00a0dB");
});
it("what a validator says is not for people", () => {
	const problem = { code: "malformed", status: 400, detail: "name: Too small: expected string to have >=1 characters" };
	expect(problemText(problem)).not.toMatch(/Too small|malformed/);
});
