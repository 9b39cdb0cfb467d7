/** `npm run data-map`: writes what is made from the data map: the policy's tables, and two documents. `--check` only looks. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { documents } from "./data-map/documents.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
let stale = 0;
for (const [path, text] of Object.entries(documents((path) => readFileSync(join(root, path), "utf8")))) {
	let before = "";
	try {
		before = readFileSync(join(root, path), "utf8");
	} catch {
		// Not made yet.
	}
	if (before === text) continue;
	stale += 1;
	console.log(`${path}: ${check ? "out of date, run npm run data-map" : "written"}`);
	if (!check) writeFileSync(join(root, path), text);
}
if (stale === 0) console.log("Everything made from the data map is up to date.");
process.exit(check && stale > 0 ? 1 : 0);
