import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./imports.ts";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const page = read("docs/guide/cameras.md");
const rows = page.split("\n").filter((line) => line.startsWith("| "));
/** Where the agent keeps what it says of the dialogue with a camera. */
const SOURCES = ["connection", "errors", "session", "dial", "redirect", "ports"].map((name) => `agent/rtsp/${name}.ts`);
const sentences = [...SOURCES, "agent/camera.ts"].flatMap((file) =>
	[...read(file).matchAll(/"((?:The|This|What|Nothing) [^"\n]+\.)"/g)].map(([, sentence]) => sentence ?? ""),
);

describe("docs/guide/cameras.md", () => {
	const named = [...page.matchAll(/`([\w/.-]+\.test\.ts)`: "([^"]+)"/g)].map(
		([, file, name]) => [file!, name!] as const,
	);
	it("names a test for each oddity", () => {
		const oddities = rows.slice(rows.findIndex((row) => row.startsWith("| who ")) + 1);
		expect(oddities.length).toBeGreaterThan(20);
		for (const row of oddities) expect(row).toMatch(/\| `[\w/.-]+\.test\.ts`: "[^"]+" \|$/);
	});
	it.each(named)("%s has a test of the name %s", (file, name) => {
		expect(existsSync(join(ROOT, file))).toBe(true);
		expect(read(file)).toContain(name);
	});
	it("says what to do for everything that the agent may say of a camera", () => {
		expect(sentences.length).toBeGreaterThan(30);
		for (const sentence of sentences) expect(rows.map((row) => row.split(" | ")[0])).toContain(`| ${sentence}`);
	});
});
