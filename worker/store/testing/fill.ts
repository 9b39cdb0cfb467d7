import type { Client, InValue } from "@libsql/client";

const HOUR_MS = 3_600_000;
export const ROWS_EACH = 3;

interface Column {
	name: string;
	type: string;
	nullable: boolean;
}

/**
 * Puts three rows into every table that there is, whatever tables those are: so that a table which comes with a new migration
 * has rows in the tests without anybody thinking of it. The rows belong together and are sound; the third has every column.
 * `client` is a raw one; `nowMs` the time of the rows.
 */
export async function fillTables(client: Client, nowMs: number): Promise<void> {
	const tables = await client.execute(
		"SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != 'migrations'",
	);
	const parents = new Map<string, { table: string; column: string }>();
	const columns = new Map<string, Column[]>();
	const choices = new Map<string, string[]>();
	for (const { name, sql } of tables.rows) {
		const table = String(name);
		const info = await client.execute({
			sql: 'SELECT name, type, "notnull", pk FROM pragma_table_info(?)',
			args: [table],
		});
		columns.set(
			table,
			info.rows.map((row) => ({
				name: String(row["name"]),
				type: String(row["type"]),
				nullable: row["notnull"] === 0 && row["pk"] === 0,
			})),
		);
		const keys = await client.execute({ sql: "SELECT * FROM pragma_foreign_key_list(?)", args: [table] });
		for (const key of keys.rows)
			parents.set(`${table}.${key["from"]}`, { table: String(key["table"]), column: String(key["to"]) });
		for (const [, column, list = ""] of String(sql).matchAll(/CHECK \((\w+) IN \(([^)]*)\)\)/g))
			choices.set(`${table}.${column}`, list.split(","));
	}
	const value = (table: string, { name, type }: Column, row: number): InValue => {
		const parent = parents.get(`${table}.${name}`);
		const above = parent && columns.get(parent.table)?.find((column) => column.name === parent.column);
		if (parent && above) return value(parent.table, above, row);
		const choice = choices.get(`${table}.${name}`);
		if (choice) {
			const chosen = choice[row % choice.length]?.trim() ?? "";
			return chosen.startsWith("'") ? chosen.slice(1, -1) : Number(chosen);
		}
		if (name.endsWith("_day")) return new Date(nowMs).toISOString().slice(0, 10);
		if (type === "TEXT") return `${table}.${name}.${row}`;
		if (name === "expires_at") return nowMs + HOUR_MS;
		return name.endsWith("_at") ? nowMs : row + 1;
	};
	for (const [table, all] of columns) {
		for (let row = 0; row < ROWS_EACH; row++) {
			const filled = all.filter(({ nullable }) => !nullable || row === ROWS_EACH - 1);
			const names = filled.map(({ name }) => name);
			await client.execute({
				sql: `INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => "?").join()})`,
				args: filled.map((column) => value(table, column, row)),
			});
		}
	}
}
