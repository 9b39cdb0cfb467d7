/**
 * `npm run ledger`: each sentence of PRIVACY.md with its state and the tests that guard it. Runs those tests; one that
 * fails guards nothing. `--json` prints one line of `{id, state, tests}` rows, `--page FILE` writes a page. Ends with an
 * error when a sentence is neither kept nor said not to exist yet.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { pageOf, readPolicy, rowsOf } from "./ledger/rows.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const Results = z.object({
	testResults: z.array(z.object({ assertionResults: z.array(z.object({ title: z.string(), status: z.string() })) })),
});

/** Titles of the tests that name a sentence, were run now, and passed. */
function passedTitles(): string[] {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-ledger-"));
	try {
		const file = join(folder, "results.json");
		const args = ["--no-install", "vitest", "run", "-t", "\\d\\d\\.\\d", "--reporter=json", `--outputFile=${file}`];
		spawnSync("npx", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
		const { testResults } = Results.parse(JSON.parse(readFileSync(file, "utf8")));
		return testResults
			.flatMap(({ assertionResults }) => assertionResults)
			.filter(({ status }) => status === "passed")
			.map(({ title }) => title);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const sentences = readPolicy(readFileSync(join(root, "PRIVACY.md"), "utf8"));
const rows = rowsOf(sentences, passedTitles());
const page = process.argv.indexOf("--page");
if (page > 0) writeFileSync(process.argv[page + 1] ?? "ledger.html", pageOf(sentences, rows));
if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
else {
	for (const { id, state, tests } of rows) console.log(`${id.padEnd(6)} ${state.padEnd(16)} ${tests.join(" | ")}`);
	const count = (state: string) => rows.filter((row) => row.state === state).length;
	console.log(`${count("kept")} kept, ${count("not offered yet")} not offered yet, ${count("unguarded")} unguarded`);
}
process.exit(rows.some(({ state }) => state === "unguarded") ? 1 : 0);
