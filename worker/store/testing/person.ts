import type { Client, InValue } from "@libsql/client";
import { tables } from "../../data-map/map.ts";

/** A value that stands nowhere else. `column`: `table.column`. */
export interface Canary {
	column: string;
	value: string;
}
interface Info {
	name: string;
	type: string;
	choices: string[] | undefined;
	parent: { table: string; column: string } | undefined;
}

async function columnsOf(client: Client, table: string): Promise<Info[]> {
	const { rows } = await client.execute({ sql: "SELECT name, type FROM pragma_table_info(?)", args: [table] });
	const keys = await client.execute({ sql: "SELECT * FROM pragma_foreign_key_list(?)", args: [table] });
	const [made] = (await client.execute({ sql: "SELECT sql FROM sqlite_master WHERE name = ?", args: [table] })).rows;
	const checks = new Map(
		[...String(made?.["sql"]).matchAll(/CHECK \((\w+) IN \(([^)]*)\)\)/g)].map(([, column = "", list = ""]) => [
			column,
			list.split(",").map((choice) => choice.trim().replaceAll("'", "")),
		]),
	);
	return rows.map((row) => {
		const name = String(row["name"]);
		const key = keys.rows.find((each) => each["from"] === name);
		return {
			name,
			type: String(row["type"]),
			choices: checks.get(name),
			parent: key && { table: String(key["table"]), column: String(key["to"]) },
		};
	});
}

/**
 * Gives an account two rows in every table in which a person can have any, every column filled: texts with a value that
 * stands nowhere else. By the data map, so that a new table or column is covered when it comes. Resolves with those values.
 */
export async function seedPerson(
	client: Client,
	tag: string,
	nowMs: number,
): Promise<{ id: string; emailKey: string; canaries: Canary[] }> {
	const [id, emailKey] = [`account-of-${tag}`.padEnd(22, "_"), `mail-of-${tag}@example.test`];
	const canaries: Canary[] = [];
	const made = new Map<string, InValue[]>();
	for (const [table, { owners, one, key, columns: mapped }] of [...tables].reverse()) {
		if (!owners) continue;
		const infos = await columnsOf(client, table);
		const single =
			one || owners.some(({ column }) => column === key) || infos.some(({ choices }) => choices?.length === 1);
		for (let row = 0; row < (single ? 1 : 2); row++) {
			const values = infos.map(({ name, type, choices, parent }): InValue => {
				const column = `${table}.${name}`;
				const entry = mapped[name as keyof typeof mapped] as (typeof mapped)[string] | undefined;
				if (table === "accounts" && name === "id") return id;
				if (column === "accounts.email_key") return emailKey;
				const owner = owners.find((each) => each.column === name);
				if (owner && "in" in owner) return made.get(`${owner.in}.id`)?.[row] ?? null;
				if (owner) return owner.is === "id" ? id : emailKey;
				if (parent) return made.get(`${parent.table}.${parent.column}`)?.[row] ?? null;
				if (choices) {
					const choice = choices[(row + 1) % choices.length] ?? "";
					return type === "INTEGER" ? Number(choice) : choice;
				}
				// The engine numbers those.
				if (name === key && type === "INTEGER") return null;
				if (name.endsWith("_day")) return new Date(nowMs).toISOString().slice(0, 10);
				if (type === "INTEGER") return name.endsWith("_at") ? nowMs + row : 1 + row;
				const canary = `${tag}-${table}-${name}-${row}${/email$|recipient$/.test(name) ? "@example.test" : ""}`;
				canaries.push({ column, value: canary });
				const value = entry && "as" in entry.export ? entry.export.value : "text";
				return value.startsWith("list") ? JSON.stringify([canary]) : canary;
			});
			infos.forEach(({ name }, at) => {
				const key = `${table}.${name}`;
				made.set(key, [...(made.get(key) ?? []), values[at] ?? null]);
			});
			const sql = `INSERT INTO ${table} (${infos.map(({ name }) => name).join(", ")}) VALUES (${infos.map(() => "?").join(", ")})`;
			await client.execute({ sql, args: values });
		}
	}
	return { id, emailKey, canaries };
}
