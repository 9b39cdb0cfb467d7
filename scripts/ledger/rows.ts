/** PRIVACY.md as data, and what keeps it. Pure: reading files and running tests is ledger.ts's business. */

/** One numbered sentence, in both languages. */
export interface Sentence {
	id: string;
	en: string;
	fr: string;
	/** The published sentence says that the feature does not exist; in both languages or in neither. */
	notOffered: boolean;
}
export interface Row {
	id: string;
	state: "kept" | "not offered yet" | "unguarded";
	/** Names of the executed tests that passed and name the sentence. */
	tests: string[];
	/** Files that keep it: broken on purpose, one of those tests turns red (`npm run break`). */
	code: string[];
}
/** A test that was run. `file`: below the tree's root. */
export interface Ran {
	file: string;
	title: string;
}
/** A way to break a file, and where that is seen. */
export interface Breakage {
	file: string;
	test: string;
	name?: string;
}

const SENTENCE = /^- \*\*(\d\d\.\d{1,2})\*\* (.+)$/gm;
const NOT_OFFERED = { en: /\bnot offered yet\b/, fr: /\bpas encore proposée?s?(?![a-zé])/ };
/** Ids stand in front of a test's title, before a colon: `02.1, A2: …`. */
const HEAD = /^((?:[A-Z]\d{1,2}|\d\d(?:\.\d{1,2})?)(?:, (?:[A-Z]\d{1,2}|\d\d(?:\.\d{1,2})?))*):/;

/** The policy's ids in front of a test's title. */
export function idsOf(title: string): string[] {
	return (HEAD.exec(title)?.[1] ?? "").split(", ").filter((id) => /^\d\d\.\d/.test(id));
}

/** Reads the policy; throws, in words, when the two languages say different things. */
export function readPolicy(markdown: string): Sentence[] {
	const [english, french, ...rest] = markdown.split("\n---\n");
	if (!english || !french || rest.length > 0) throw new Error("PRIVACY.md: expected two languages, divided by ---");
	const of = (text: string) => [...text.matchAll(SENTENCE)].map(([, id = "", words = ""]) => ({ id, words }));
	const [en, fr] = [of(english), of(french)];
	if (en.map(({ id }) => id).join() !== fr.map(({ id }) => id).join())
		throw new Error("PRIVACY.md: the two languages number their sentences differently");
	if (new Set(en.map(({ id }) => id)).size !== en.length) throw new Error("PRIVACY.md: a number stands twice");
	return en.map(({ id, words }, at) => {
		const translated = fr[at]?.words ?? "";
		const [inEnglish, inFrench] = [NOT_OFFERED.en.test(words), NOT_OFFERED.fr.test(translated)];
		if (inEnglish !== inFrench) throw new Error(`PRIVACY.md ${id}: only one language says that it is not offered yet`);
		return { id, en: words, fr: translated, notOffered: inEnglish };
	});
}

/**
 * One row for each sentence; throws for a test that names a sentence that does not exist. A sentence is kept when tests of it
 * passed, and when breaking some file is known to turn one of them red: a test that cannot fail guards nothing.
 */
export function rowsOf(sentences: readonly Sentence[], passed: readonly Ran[], breakages: readonly Breakage[]): Row[] {
	const known = new Set(sentences.map(({ id }) => id));
	const guards = new Map<string, Ran[]>();
	for (const ran of passed) {
		for (const id of idsOf(ran.title)) {
			if (!known.has(id)) throw new Error(`the test «${ran.title}» names ${id}, which PRIVACY.md does not have`);
			guards.set(id, [...(guards.get(id) ?? []), ran]);
		}
	}
	const turnsRed = ({ test, name }: Breakage, { file, title }: Ran) =>
		test === file && (name === undefined || new RegExp(name).test(title));
	return sentences.map(({ id, notOffered }) => {
		const tests = guards.get(id) ?? [];
		const code = breakages.filter((breakage) => tests.some((ran) => turnsRed(breakage, ran))).map(({ file }) => file);
		const kept = tests.length > 0 && code.length > 0;
		return {
			id,
			state: notOffered ? "not offered yet" : kept ? "kept" : "unguarded",
			tests: tests.map(({ title }) => title),
			code: [...new Set(code)],
		};
	});
}

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** The ledger as one self-contained page. */
export function pageOf(sentences: readonly Sentence[], rows: readonly Row[], ranAt: string): string {
	const lines = rows.map(({ id, state, tests, code }, at) => {
		const guards = tests.map((title) => `<li>${escaped(title)}</li>`).join("");
		return `<tr><th>${id}<td>${escaped(sentences[at]?.en ?? "")}<td>${state}<td><ul>${guards}</ul><td>${code.map(escaped).join("<br>")}</tr>`;
	});
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Mivisus: the ledger of promises</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}td,th{vertical-align:top;text-align:left;padding:.5rem;border-top:1px solid #8884}ul{margin:0;padding-left:1rem}</style>
<h1>The ledger of promises</h1><p>Each sentence of PRIVACY.md, the tests that were run and passed to guard it (last on ${escaped(ranAt)}), and the code that keeps it: broken on purpose, it turns one of those tests red.</p>
<table>${lines.join("\n")}</table></html>\n`;
}
