import type { Client } from "@libsql/client";
import { tables as mapped } from "../data-map/map.ts";
import { SESSION_SECONDS } from "../sessions/sessions.ts";

/** What is wrong, where, and in which rows: by their ids, never by what else stands in them. */
export interface Finding {
	check: string;
	says: string;
	/** At most ten. */
	rows?: string[];
	count?: number;
}
/** A rule, and a query for the rows that break it; `:now` is the time. */
interface Invariant {
	check: string;
	says: string;
	/** Gives `id`. */
	sql: string;
	/** Every table that the query looks at: a file of an older version has not all of them. */
	tables: readonly string[];
}
interface Reference {
	from: string;
	to: string;
	parent: string;
}
interface Table {
	name: string;
	columns: Set<string>;
	references: Reference[];
	/** What the table's CHECKs demand. */
	checks: string[];
}

const DAY_MS = 86_400_000;
const SHOWN = 10;
/** What ran out goes within the hour; a day later the sweep does not run. */
const SWEPT = ["sessions", "enrolments", "used_challenges"];

/** Rules that concern one place. */
const PARTICULAR: readonly Invariant[] = [
	{
		check: "revision",
		says: "accounts whose revision is below 1",
		sql: "SELECT id FROM accounts WHERE revision < 1",
		tables: ["accounts"],
	},
	{
		check: "one-address",
		says: "accounts that share one address",
		// Not through the index, which may be what is broken.
		sql: "SELECT id FROM accounts NOT INDEXED WHERE email_key IN (SELECT +email_key FROM accounts NOT INDEXED GROUP BY +email_key HAVING count(*) > 1)",
		tables: ["accounts"],
	},
	{
		check: "session-length",
		says: "sessions that live longer than 30 days",
		sql: `SELECT id FROM sessions WHERE expires_at > created_at + ${SESSION_SECONDS * 1000}`,
		tables: ["sessions"],
	},
	{
		check: "claim",
		says: "enrolments that are claimed by half",
		sql: "SELECT 'row ' || rowid AS id FROM enrolments WHERE (agent_id IS NULL) + (device_id IS NULL) + (mac IS NULL) NOT IN (0, 3)",
		tables: ["enrolments"],
	},
	{
		check: "agent-without-device",
		says: "agents that wait for a device that is not there",
		sql: "SELECT id FROM agents WHERE state = 'claimed' AND id NOT IN (SELECT agent_id FROM devices)",
		tables: ["agents", "devices"],
	},
	{
		check: "owner",
		says: "commands for a camera of another account",
		sql: "SELECT commands.id FROM commands JOIN cameras ON cameras.id = camera_id WHERE cameras.account_id != commands.account_id",
		tables: ["commands", "cameras"],
	},
	{
		check: "links",
		says: "links that change an address to none, or change one that they must not",
		sql: "SELECT id FROM links WHERE (new_email IS NULL) != (new_email_key IS NULL) OR (purpose = 'address') != (new_email_key IS NOT NULL)",
		tables: ["links"],
	},
];

/** Rules that hold for every table, so that a new one is covered when it comes. */
function general({ name, columns, references, checks }: Table, all: ReadonlyMap<string, Table>): Invariant[] {
	const id = columns.has("id") ? `${name}.id` : `'row ' || ${name}.rowid`;
	const found: Invariant[] = [];
	for (const { from, to, parent } of references) {
		if (!columns.has("account_id") || !all.get(parent)?.columns.has("account_id")) continue;
		found.push({
			check: "owner",
			says: `${name} of another account than their ${parent}`,
			sql: `SELECT ${id} AS id FROM ${name} JOIN ${parent} ON ${parent}.${to} = ${name}.${from} WHERE ${parent}.account_id != ${name}.account_id`,
			tables: [name, parent],
		});
	}
	// Through a connection that only reads, the engine's own integrity_check leaves these out.
	for (const demand of checks) {
		found.push({
			check: "constraint",
			says: `${name} against CHECK (${demand})`,
			sql: `SELECT ${id} AS id FROM ${name} WHERE NOT (${demand})`,
			tables: [name],
		});
	}
	if (columns.has("account_id") && mapped.some(([table, { erasure }]) => table === name && erasure === "delete")) {
		found.push({
			check: "erased",
			says: `${name} of an erased account`,
			sql: `SELECT ${id} AS id FROM ${name} JOIN accounts ON accounts.id = account_id WHERE accounts.state = 'erased'`,
			tables: [name, "accounts"],
		});
	}
	if (SWEPT.includes(name) && columns.has("expires_at")) {
		found.push({
			check: "swept",
			says: `${name} that ran out more than a day ago`,
			sql: `SELECT ${id} AS id FROM ${name} WHERE expires_at <= :now - ${DAY_MS}`,
			tables: [name],
		});
	}
	for (const column of [...columns].filter((each) => each.endsWith("_day"))) {
		found.push({
			check: "coarse-day",
			says: `${name} whose ${column} says more or less than a day`,
			sql: `SELECT ${id} AS id FROM ${name} WHERE ${column} NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'`,
			tables: [name],
		});
	}
	return found;
}

/** The expressions in the CHECKs of a CREATE TABLE. */
function checksOf(sql: string): string[] {
	return [...sql.matchAll(/\bCHECK \(/g)].map(({ index, 0: begin }) => {
		let open = 1;
		let end = index + begin.length;
		for (; open > 0 && end < sql.length; end++) open += sql[end] === "(" ? 1 : sql[end] === ")" ? -1 : 0;
		return sql.slice(index + begin.length, end - 1);
	});
}

async function tablesOf(client: Client): Promise<Map<string, Table>> {
	const tables = new Map<string, Table>();
	const { rows } = await client.execute(
		"SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
	);
	for (const row of rows) {
		const name = String(row["name"]);
		const columns = await client.execute({ sql: "SELECT name FROM pragma_table_info(?)", args: [name] });
		const keys = await client.execute({
			sql: 'SELECT "from", "to", "table" FROM pragma_foreign_key_list(?)',
			args: [name],
		});
		tables.set(name, {
			name,
			columns: new Set(columns.rows.map((column) => String(column["name"]))),
			references: keys.rows.map((key) => ({
				from: String(key["from"]),
				to: String(key["to"]),
				parent: String(key["table"]),
			})),
			checks: checksOf(String(row["sql"])),
		});
	}
	return tables;
}

/** Which rules about the data do not hold. */
export async function brokenInvariants(client: Client, nowMs: number): Promise<Finding[]> {
	const tables = await tablesOf(client);
	const rules = [...PARTICULAR, ...[...tables.values()].flatMap((table) => general(table, tables))];
	const found: Finding[] = [];
	for (const { check, says, sql, tables: needed } of rules) {
		if (!needed.every((name) => tables.has(name))) continue;
		const args = sql.includes(":now") ? { now: nowMs } : {};
		const { rows } = await client.execute({ sql, args });
		if (rows.length === 0) continue;
		found.push({ check, says, rows: rows.slice(0, SHOWN).map((row) => String(row["id"])), count: rows.length });
	}
	return found;
}
