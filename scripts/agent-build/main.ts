/**
 * `npm run agent:build [-- --target linux-x64,darwin-arm64] [--out DIR]`: the agent as one file for each target, with
 * what people install, and SHA256SUMS of all of it.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { VERSION } from "../../agent/about.ts";
import { compile } from "./compile.ts";
import { packagesFor } from "./packages.ts";
import { TARGETS } from "./targets.ts";

const { values } = parseArgs({
	options: { target: { type: "string" }, out: { type: "string", default: "dist/agent" } },
});
const names = values.target?.split(",") ?? TARGETS.map(({ name }) => name);
const unknown = names.filter((name) => !TARGETS.some((target) => target.name === name));
if (unknown.length > 0) {
	console.error(`There is no target ${unknown.join(", ")}. Known: ${TARGETS.map(({ name }) => name).join(", ")}`);
	process.exit(2);
}

const out = resolve(values.out, VERSION);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const made: string[] = [];
for (const target of TARGETS.filter(({ name }) => names.includes(name))) {
	const built = await compile(target, join(out, target.name));
	made.push(built.program, ...(await packagesFor(target, built, out)));
}
const sums = made.map((path) => {
	const name = relative(out, path).replaceAll("\\", "/");
	return `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${name}\n`;
});
writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
process.stdout.write(`${sums.join("")}Written to ${out}, with these sums in SHA256SUMS.\n`);
