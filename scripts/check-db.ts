/**
 * `npm run check-db -- FILE`: whether a database file is sound. Reads it only, also while the worker runs, and prints ids and
 * names of tables, never what people trusted us with. `--json` prints one line. Ends with 1 when something is wrong.
 */
import { checkDatabase } from "../worker/store/check.ts";

const args = process.argv.slice(2);
const [file, ...more] = args.filter((arg) => arg !== "--json");
if (!file || more.length > 0) {
	console.error("Name one database file: npm run check-db -- FILE [--json]");
	process.exit(2);
}
const findings = await checkDatabase(file, Date.now());
if (args.includes("--json")) console.log(JSON.stringify({ file, ok: findings.length === 0, findings }));
else {
	for (const { says, rows, count } of findings) {
		const shown = rows
			? `: ${rows.join(", ")}${count && count > rows.length ? ` and ${count - rows.length} more` : ""}`
			: "";
		console.log(`${file}: ${says}${shown}`);
	}
	if (findings.length === 0) console.log(`${file} is sound`);
}
process.exit(findings.length === 0 ? 0 : 1);
