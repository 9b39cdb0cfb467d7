import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ALL_MUTATIONS } from "../all-mutations.ts";
import { idsOf, pageOf, type Ran, readPolicy, rowsOf } from "./rows.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const policy = readPolicy(readFileSync(join(root, "PRIVACY.md"), "utf8"));
const made = (en: string, fr: string) => readPolicy(`- **01.1** ${en}\n\n---\n- **01.1** ${fr}\n`);

/** Titles of all tests in the tree, read from the sources: what `npm test` executes. */
function titles(): Ran[] {
	const found: Ran[] = [];
	const walk = (folder: string) => {
		for (const entry of readdirSync(folder, { withFileTypes: true })) {
			if (["node_modules", "dist", ".git", ".mivisus"].includes(entry.name)) continue;
			const path = join(folder, entry.name);
			if (entry.isDirectory()) walk(path);
			else if (entry.name.endsWith(".test.ts")) {
				for (const [, title = ""] of readFileSync(path, "utf8").matchAll(
					/\bit(?:\.each\([\s\S]*?\))?\(\s*"([^"]+)"/g,
				)) {
					found.push({ file: path.slice(root.length), title });
				}
			}
		}
	};
	walk(root);
	return found;
}

describe("the ledger", () => {
	it("P11: every sentence of the policy has a test that names it and can turn red, or says that the feature does not exist", () => {
		const unguarded = rowsOf(policy, titles(), ALL_MUTATIONS).filter(({ state }) => state === "unguarded");
		expect(unguarded.map(({ id }) => id)).toEqual([]);
	});
	it("reads ids in front of a title only", () => {
		expect(idsOf("02.1, A2, 08.3: signing in")).toEqual(["02.1", "08.3"]);
		expect(idsOf("03: sound")).toEqual([]);
		expect(idsOf("192.0.2.7 is 192.0.2.7: yes")).toEqual([]);
		expect(idsOf("a title with 02.1: inside")).toEqual([]);
	});
	it("knows three states, and refuses a test for a sentence that is not there", () => {
		const ran = [{ file: "a.test.ts", title: "01.1: it does" }];
		const breakage = { file: "a.ts", test: "a.test.ts", name: "it does" };
		const sentence = made("We do.", "Nous faisons.");
		expect(rowsOf(sentence, ran, [breakage])).toEqual([
			{ id: "01.1", state: "kept", tests: ["01.1: it does"], code: ["a.ts"] },
		]);
		expect(rowsOf(sentence, [], [breakage])[0]?.state).toBe("unguarded");
		// A test that nothing turns red guards nothing.
		for (const other of [
			{ ...breakage, test: "b.test.ts" },
			{ ...breakage, name: "something else" },
		])
			expect(rowsOf(sentence, ran, [other])[0]?.state).toBe("unguarded");
		expect(rowsOf(made("It is not offered yet.", "Ce n’est pas encore proposé."), [], [])[0]?.state).toBe(
			"not offered yet",
		);
		expect(() => rowsOf(policy, [{ file: "a.test.ts", title: "09.9: what" }], [])).toThrow("09.9");
	});
	it("refuses two languages that say different things", () => {
		expect(() => made("It is not offered yet.", "Nous faisons.")).toThrow("only one language");
		expect(() => readPolicy("- **01.1** a\n\n---\n- **01.2** b\n")).toThrow("differently");
	});
	it("the page escapes what it shows", () => {
		const sentences = made("A <b> sentence.", "Une <b> phrase.");
		expect(pageOf(sentences, rowsOf(sentences, [{ file: "a.test.ts", title: "01.1: <i>" }], []), "today")).not.toMatch(
			/<b>|<i>/,
		);
	});
});
