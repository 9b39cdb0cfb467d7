import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Table, tables } from "../data-map/map.ts";
import { ownRows } from "./exports.ts";
import { FileDatabase } from "./file-database.ts";

let folder: string;
let database: FileDatabase;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-own-rows-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

it.each(tables.filter(([, { owners }]: [string, Table]) => owners).map(([name]) => name))(
	"what is somebody's in %s is found without looking at everybody's rows",
	async (name) => {
		const table: Table = Object.fromEntries(tables)[name] as Table;
		const subject = { id: "a", emailKey: "a@example.test", language: "en" as const };
		const mentioned = table.mentions ? sql` OR ${sql.ref(table.mentions)} = ${subject.emailKey}` : sql``;
		for (const what of [
			sql`SELECT count(*) FROM ${sql.table(name)} WHERE ${ownRows(table, subject)}`,
			sql`DELETE FROM ${sql.table(name)} WHERE ${ownRows(table, subject)} ${mentioned}`,
		]) {
			const plan = await sql<{ detail: string }>`EXPLAIN QUERY PLAN ${what}`.execute(database.read);
			for (const { detail } of plan.rows) expect(detail).not.toMatch(/^SCAN /);
		}
	},
);
