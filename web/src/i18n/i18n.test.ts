import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { fr } from "./fr.ts";
import { chooseLanguage, fill } from "./index.ts";

const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe("the dictionaries", () => {
	it("say the same things, with the same holes", () => {
		expect(Object.keys(fr).sort()).toEqual(Object.keys(en).sort());
		for (const key of Object.keys(en) as (keyof typeof en)[]) {
			expect([key, holes(fr[key])]).toEqual([key, holes(en[key])]);
		}
	});
	it("shout nowhere, and French addresses with vous", () => {
		for (const text of [...Object.values(en), ...Object.values(fr)]) expect(text).not.toMatch(/!/);
		for (const text of Object.values(fr)) expect(text).not.toMatch(/(?<!\p{L})(tu|ton|ta|tes|toi)(?!\p{L})/iu);
	});
	it("French has a no-break space before double signs", () => {
		for (const text of Object.values(fr)) expect(text).not.toMatch(/[^\u00a0\u202f][;?]|[^\u00a0\u202f/p]:(?!\/\/|\d)/);
	});
	it("are chosen by the stored wish, then the browser's", () => {
		expect(chooseLanguage("fr", ["en-GB"])).toBe("fr");
		expect(chooseLanguage(null, ["de-DE", "fr-CH", "en"])).toBe("fr");
		expect(chooseLanguage(null, ["de"])).toBe("en");
	});
	it("fill leaves an unknown hole visible", () => expect(fill("{a} and {b}", { a: 1 })).toBe("1 and {b}"));
});
