/**
 * `npm run retention -- FILE [YYYY-MM-DD]`: what the worker's jobs would remove, warn and erase on that day (today without
 * one), and why, by the sentence of the policy. Changes nothing.
 */
import { notCurrent } from "../worker/store/check.ts";
import { FileDatabase } from "../worker/store/file-database.ts";
import { retentionReport } from "../worker/store/housekeeping.ts";

const [file, at, ...more] = process.argv.slice(2);
const nowMs = at === undefined ? Date.now() : Date.parse(`${at}T00:00:00Z`);
const isDay = !Number.isNaN(nowMs) && (at === undefined || new Date(nowMs).toISOString().slice(0, 10) === at);
if (!file || more.length > 0 || !isDay) {
	console.error("npm run retention -- FILE [YYYY-MM-DD]");
	process.exit(2);
}
const wrong = await notCurrent(file);
if (wrong) {
	console.error(`${file}: ${wrong}`);
	process.exit(2);
}
const database = await FileDatabase.open(`file:${file}`).catch((error: Error) => {
	console.error(`${file}: ${error.message}`);
	process.exit(2);
});
console.log(`What the jobs would do on ${new Date(nowMs).toISOString().slice(0, 10)}; nothing was changed.`);
for (const { what, because, rows } of await retentionReport(database, nowMs))
	console.log(`${String(rows).padStart(8)}  ${what}  (${because})`);
await database.close();
