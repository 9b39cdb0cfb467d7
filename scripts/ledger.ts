/**
 * `npm run ledger`: each sentence of PRIVACY.md with its state and the tests that guard it. Runs those tests; one that
 * fails guards nothing. `--json` prints one line of `{id, state, tests}` rows, `--page FILE` writes a page. Ends with an
 * error when a sentence is neither kept nor said not to exist yet.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { ALL_MUTATIONS } from "./all-mutations.ts";
import { pageOf, type Ran, readPolicy, rowsOf } from "./ledger/rows.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const Results = z.object({
	testResults: z.array(
		z.object({
			name: z.string(),
			assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
		}),
	),
});

/** The tests that name a sentence, were run now, and passed. */
function passedNow(): Ran[] {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-ledger-"));
	try {
		const file = join(folder, "results.json");
		const args = ["--no-install", "vitest", "run", "-t", "\\d\\d\\.\\d", "--reporter=json", `--outputFile=${file}`];
		spawnSync("npx", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
		const { testResults } = Results.parse(JSON.parse(readFileSync(file, "utf8")));
		return testResults
			.flatMap(({ name, assertionResults }) => assertionResults.map((result) => ({ ...result, name })))
			.filter(({ status }) => status === "passed")
			.map(({ name, title }) => ({ file: relative(root, name).replaceAll("\\", "/"), title }));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const sentences = readPolicy(readFileSync(join(root, "PRIVACY.md"), "utf8"));
const rows = rowsOf(sentences, passedNow(), ALL_MUTATIONS);
const page = process.argv.indexOf("--page");
if (page > 0)
	writeFileSync(
		process.argv[page + 1] ?? "ledger.html",
		pageOf(sentences, rows, new Date().toISOString().slice(0, 16).replace("T", " ")),
	);
if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
else {
	for (const { id, state, tests, code } of rows)
		console.log(
			`${id.padEnd(6)} ${state.padEnd(16)} ${tests.join(" | ")}${code.length > 0 ? `  ← ${code.join(", ")}` : ""}`,
		);
	const count = (state: string) => rows.filter((row) => row.state === state).length;
	console.log(`${count("kept")} kept, ${count("not offered yet")} not offered yet, ${count("unguarded")} unguarded`);
}
process.exit(rows.some(({ state }) => state === "unguarded") ? 1 : 0);
