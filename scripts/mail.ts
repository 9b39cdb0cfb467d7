/**
 * `npm run mail -- FILE`: what stands in the outbox of a database file, also while the worker runs. Prints ids, letters and
 * reasons, never to whom. `retry ID` puts a dead mail back, `drop ID` removes it.
 */
import { existsSync } from "node:fs";
import { FileDatabase } from "../worker/store/file-database.ts";

const [file, verb, id, ...more] = process.argv.slice(2);
if (!file || more.length > 0 || (verb !== undefined && !(["retry", "drop"].includes(verb) && id))) {
	console.error(
		"npm run mail -- FILE             shows the outbox\nnpm run mail -- FILE retry ID    tries a dead mail again\nnpm run mail -- FILE drop ID     removes a dead mail",
	);
	process.exit(2);
}
if (!existsSync(file)) {
	console.error(`There is no file ${file}.`);
	process.exit(2);
}
const database = await FileDatabase.open(`file:${file}`).catch((error: Error) => {
	console.error(`${file}: ${error.message}`);
	process.exit(2);
});
if (verb && id) {
	const touched = await database.write(async (db) => {
		if (verb === "drop") {
			const { numDeletedRows } = await db
				.deleteFrom("outbox")
				.where("id", "=", id)
				.where("state", "=", "dead")
				.executeTakeFirst();
			return Number(numDeletedRows);
		}
		const { numUpdatedRows } = await db
			.updateTable("outbox")
			.set({ state: "waiting", attempts: 0, next_at: Date.now(), problem: null })
			.where("id", "=", id)
			.where("state", "=", "dead")
			.executeTakeFirst();
		return Number(numUpdatedRows);
	});
	console.log(
		touched === 1
			? "Done. The worker looks at its outbox at least once a minute."
			: `There is no dead mail ${id}. One that is waiting is tried again by itself.`,
	);
	process.exitCode = touched === 1 ? 0 : 1;
} else {
	const mails = await database.read
		.selectFrom("outbox")
		.select(["id", "letter", "state", "attempts", "problem", "asked_at"])
		.orderBy("asked_at")
		.execute();
	for (const { id: mail, letter, state, attempts, problem, asked_at } of mails) {
		const minutes = Math.round((Date.now() - asked_at) / 60_000);
		console.log(
			`${mail}  ${state.padEnd(7)}  ${letter.padEnd(17)}  ${attempts} attempts  ${problem ?? "-"}  ${minutes} min old`,
		);
	}
	if (mails.length === 0) console.log("The outbox is empty.");
}
await database.close();
