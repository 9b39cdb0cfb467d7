import { describe, expect, it } from "vitest";
import { LETTERS, type LetterName, writeLetter } from "./letters.ts";
import { MAIL_KINDS } from "./mail.ts";

const names = Object.keys(LETTERS) as LetterName[];
const write = (letter: LetterName, language: "en" | "fr", fullName: string | undefined = "Camille Martin") =>
	writeLetter({
		id: "mail-1",
		letter,
		to: "camille@example.test",
		fullName,
		language,
		happenedAt: Date.UTC(2026, 10, 26, 15, 4),
		origin: "https://mivisus.example",
		token: "TOKEN",
	});

describe("letters", () => {
	it("P16, 04.3, 04.4, 04.7: there are mails about the account only, and no other kind can be written", () => {
		expect(MAIL_KINDS).toEqual(["confirmation", "reset", "notice", "announcement", "rights", "breach"]);
		for (const name of names) expect(MAIL_KINDS, name).toContain(LETTERS[name].kind);
	});
	it.each(names)("%s says the same in text and HTML, in both languages, and loads nothing", (name) => {
		const [en, fr] = [write(name, "en"), write(name, "fr")];
		expect(en.subject).not.toBe(fr.subject);
		for (const { subject, text, html, language } of [en, fr]) {
			expect(subject.length).toBeLessThan(70);
			expect(html).toContain(`<html lang="${language}">`);
			const plain = html
				.replace(/<title>.*<\/title>|<h1.*<\/h1>/g, "")
				.replace(/<[^>]+>/g, " ")
				.replace(/&amp;/g, "&")
				.replace(/\s+/g, " ");
			for (const paragraph of text.replace(/^--\n/m, "").split("\n\n")) {
				for (const line of paragraph.split("\n"))
					expect(plain).toContain(line.replace(/:$/, "").replace(/\s+/g, " ").trim());
			}
			expect(html).not.toMatch(/\bsrc=|url\(|<link|<script|<img|@import|background=/i);
			for (const [, url] of html.matchAll(/href="([^"]+)"/g)) expect(url).toMatch(/^https:\/\/mivisus\.example\//);
		}
	});
	it("only a letter with a single-use link has the token, and behind # only", () => {
		for (const name of names) {
			const { text, html, subject } = write(name, "en");
			const holds = "page" in LETTERS[name];
			expect(text.includes("TOKEN"), name).toBe(holds);
			if (holds) expect(text).toMatch(/https:\/\/mivisus\.example\/[a-z-]+#TOKEN$/m);
			expect(subject + html.replaceAll("#TOKEN", ""), name).not.toContain("TOKEN");
		}
	});
	it("no letter to an address that the account has left advises what cannot work from there", () => {
		expect(write("address-changed", "en").text).toContain("write to contact@mivisus.com");
		for (const language of ["en", "fr"] as const)
			expect(write("address-changed", language).text).not.toMatch(/Forgot your password|Mot de passe oublié/);
	});
	it("a name with markup in it stays text", () => {
		const { html } = write("reset", "fr", `<img src=x onerror="alert('1')"> & fils`);
		expect(html).toContain("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; fils");
	});
	it("French typography: no space is missing before a colon or a question mark", () => {
		for (const name of names)
			expect(write(name, "fr").text.replace(/https?:\/\/\S+|\d+:\d+/g, "")).not.toMatch(
				/[^\s\u00a0\u202f:][?!;](?=\s)/,
			);
	});
});
