import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Rooms whose files make up the graph. */
export const ROOMS = ["wire", "transport", "worker", "relay", "agent", "web"] as const;

const SOURCE = /\.(ts|tsx)$/;
const TEST = /(\.test\.tsx?|contract\.ts)$/;
const IMPORT =
	/(?:^|\n)\s*(?:import|export)\s[^"'`;]*?from\s*["']([^"']+)["']|import\s*\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s*["']([^"']+)["']/g;

/** Every source file under `room`, as paths from the root; tests are left out. */
export function sourcesOf(room: string): string[] {
	const found: string[] = [];
	const walk = (folder: string) => {
		for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
			if (["node_modules", "dist"].includes(entry.name)) continue;
			const path = `${folder}/${entry.name}`;
			if (entry.isDirectory()) walk(path);
			else if (SOURCE.test(entry.name) && !TEST.test(entry.name)) found.push(path);
		}
	};
	walk(room);
	return found.sort();
}

/** What `file` imports: project files as paths from the root, packages by their specifier. */
export function importsOf(file: string): { files: string[]; packages: string[] } {
	const files: string[] = [];
	const packages: string[] = [];
	for (const match of readFileSync(join(ROOT, file), "utf8").matchAll(IMPORT)) {
		const specifier = match[1] ?? match[2] ?? match[3] ?? "";
		if (specifier.startsWith("."))
			files.push(
				normalize(join(dirname(file), specifier))
					.split(sep)
					.join("/"),
			);
		else if (specifier.startsWith("@mivisus/")) files.push(`${specifier.slice("@mivisus/".length)}.ts`);
		else packages.push(specifier);
	}
	return { files, packages };
}

/** Lines of a file, for the limit on its size. */
export function linesOf(file: string): number {
	return readFileSync(join(ROOT, file), "utf8").split("\n").length;
}

/** The first cycle among `files`, as a path that ends where it began, or `undefined`. */
export function findCycle(files: readonly string[]): string[] | undefined {
	const state = new Map<string, "open" | "done">();
	const stack: string[] = [];
	const visit = (file: string): string[] | undefined => {
		if (state.get(file) === "done") return undefined;
		if (state.get(file) === "open") return [...stack.slice(stack.indexOf(file)), file];
		state.set(file, "open");
		stack.push(file);
		for (const next of importsOf(file).files) {
			if (!files.includes(next)) continue;
			const cycle = visit(next);
			if (cycle) return cycle;
		}
		stack.pop();
		state.set(file, "done");
		return undefined;
	};
	for (const file of files) {
		const cycle = visit(file);
		if (cycle) return cycle;
	}
	return undefined;
}
