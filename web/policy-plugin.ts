import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { marked } from "marked";
import type { Plugin } from "vite";

const NAME = "virtual:policy";
const FILE = fileURLToPath(new URL("../PRIVACY.md", import.meta.url));

/** PRIVACY.md as HTML in both languages, made while the page is built: what is published is what the tests hold the code to. */
export function policyPlugin(): Plugin {
	return {
		name: "policy",
		resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
		load(id) {
			if (id !== `\0${NAME}`) return undefined;
			this.addWatchFile(FILE);
			const [en = "", fr = ""] = readFileSync(FILE, "utf8").split("\n---\n");
			// The page has its own title and its own switch of language; marks of generated tables are for the generator.
			const html = (markdown: string) =>
				marked.parse(
					markdown
						.replace(/^# .*$/m, "")
						.replace(/\[[^\]]*\]\(#[^)]*\)/, "")
						.replace(/<!--.*?-->\n?/g, ""),
					{
						async: false,
					},
				);
			return `export const policy = ${JSON.stringify({ en: html(en), fr: html(fr) })};`;
		},
	};
}
