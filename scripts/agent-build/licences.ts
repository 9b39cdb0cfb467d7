import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BUN_VERSION } from "./targets.ts";

const NOTICES = fileURLToPath(new URL("notices", import.meta.url));
const notice = (name: string) => readFileSync(join(NOTICES, name), "utf8").trim();
const RULE = "=".repeat(80);

/** Folders of the npm packages that a bundle took something from, by the paths of the bundled files. */
export function packagesOf(inputs: readonly string[]): string[] {
	const found = new Set<string>();
	for (const path of inputs) {
		const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path.replaceAll("\\", "/"))?.[0];
		if (folder) found.add(folder);
	}
	return [...found].sort();
}

/** Name, version and the words of the licence of a package. Throws where the package brings none: someone must look then. */
function licenceOf(root: string, folder: string): string {
	const about = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Record<string, unknown>;
	const texts = readdirSync(join(root, folder))
		.filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
		.sort()
		.map((name) => readFileSync(join(root, folder, name), "utf8").trim());
	const title = `${about["name"]} ${about["version"]} (${about["license"]})`;
	if (texts.length === 0) throw new Error(`${title} brings no licence text; add one to ${NOTICES} and say so here.`);
	return [title, ...texts].join("\n\n");
}

/** Everything that is inside the binary, with its licences, as one text. `inputs`: the bundled files, relative to `root`. */
export function collectLicences(root: string, inputs: readonly string[]): string {
	const parts = [
		`Mivisus agent (Apache-2.0)\n\n${readFileSync(join(root, "LICENSE"), "utf8").trim()}`,
		`Bun ${BUN_VERSION}\n\n${notice("bun.txt")}`,
		`@moq/web-transport 0.1.4 (MIT OR Apache-2.0)\n\n${notice("web-transport.txt")}`,
		...packagesOf(inputs).map((folder) => licenceOf(root, folder)),
		notice("LGPL-2.txt"),
		notice("LGPL-2.1.txt"),
	];
	return `${parts.join(`\n\n${RULE}\n\n`)}\n`;
}
