import { afterEach, describe, expect, it } from "vitest";
import { PROBLEMS } from "../../../worker/problems.ts";
import { setLanguage } from "../i18n/index.ts";
import { problemText } from "./words.ts";

/** Only agents and broken programs get these; a page would show the service's own words. */
const NO_PAGE_GETS = [
	"nonce-required",
	"bad-assertion",
	"agent-unlinked",
	"cross-site",
	"method-not-allowed",
	"too-large",
	"unsupported-media-type",
];
const codes = Object.entries(PROBLEMS).filter(([code]) => !NO_PAGE_GETS.includes(code));

/** What the language module stands on, which only browsers have. */
const browser = { document: { documentElement: {} }, localStorage: { setItem: () => {} } };

describe("a problem in words", () => {
	afterEach(() => speak("en"));
	const speak = (language: "en" | "fr") => {
		Object.assign(globalThis, browser);
		setLanguage(language);
		for (const name of Object.keys(browser)) Reflect.deleteProperty(globalThis, name);
	};
	it.each(codes)("%s has words of its own in both languages", (code, [status, detail]) => {
		const told = (["en", "fr"] as const).map((language) => {
			speak(language);
			return problemText({ code, status, detail });
		});
		for (const words of told) expect(words).not.toMatch(/refused|refusé/);
		expect(told[0]).not.toBe(told[1]);
	});
	it("says in minutes when to come again, as soon as it is more than one", () => {
		const limited = { code: "rate-limited", status: 429, detail: "" };
		expect(problemText({ ...limited, retryAfterS: 290 })).toContain("5 minutes");
		expect(problemText({ ...limited, retryAfterS: 20 })).toContain("a minute");
		expect(problemText({ code: "too-many", status: 429, detail: "", retryAfterS: 290 })).not.toContain("minute");
	});
});
