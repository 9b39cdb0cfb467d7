import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { brokenInvariants, type Finding } from "./invariants.ts";
import { MIGRATIONS } from "./migrations.ts";

/** A name to look at first; the rest of a list that is long says little more. */
const SHOWN = 10;
const OBJECTS =
	"SELECT type || ' ' || name AS name, coalesce(sql, '') AS sql FROM sqlite_master WHERE name NOT IN ('migrations', 'sqlite_autoindex_migrations_1') AND name NOT LIKE 'sqlite_stat%'";

/**
 * The file for reading only, write-ahead log included; nothing of it is changed, not even by closing it. The client has no
 * option for that and takes no parameters in its URL, but hands a decoded path to the engine, which does.
 */
export function openReadOnly(path: string): Client {
	const uri = `file:${encodeURI(resolve(path)).replaceAll("?", "%3F").replaceAll("#", "%23")}?mode=ro`;
	return createClient({ url: `file:${encodeURIComponent(uri)}`, concurrency: 1 });
}

/** Everything that is wrong with a database file; empty when it is sound. Says in words when it is no database at all. */
export async function checkDatabase(path: string, nowMs: number): Promise<Finding[]> {
	if (!existsSync(path)) return [{ check: "file", says: "there is no such file" }];
	if (!statSync(path).isFile()) return [{ check: "file", says: "this is not a file" }];
	if (statSync(path).size === 0) return [{ check: "file", says: "the file is empty" }];
	let client: Client | undefined;
	try {
		client = openReadOnly(path);
		const damage = await integrity(client);
		// Queries over a damaged file would only tell the same in worse words.
		if (damage.some(({ check }) => check === "integrity")) return damage;
		return [...damage, ...(await schema(client)), ...(await brokenInvariants(client, nowMs))];
	} catch (error) {
		return [{ check: "file", says: reason(error as { code?: string; message: string }) }];
	} finally {
		client?.close();
	}
}

/**
 * Why a program beside the worker must not open this file: opening would make it a worker's database of this version.
 * `undefined` when it is one.
 */
export async function notCurrent(path: string): Promise<string | undefined> {
	if (!existsSync(path)) return "there is no such file";
	let client: Client | undefined;
	try {
		client = openReadOnly(path);
		const { rows } = await client.execute("SELECT name FROM migrations ORDER BY rowid");
		const ran = rows.map((row) => String(row["name"]));
		if (MIGRATIONS.every(({ name }, at) => ran[at] === name) && ran.length === MIGRATIONS.length) return undefined;
		return "it is a worker's of another version: let that worker bring it up to date first, or use its own program";
	} catch {
		return "it is not a worker's database";
	} finally {
		client?.close();
	}
}

/** Why a file cannot be read, without what stands in it. */
function reason({ code, message }: { code?: string; message: string }): string {
	if (code === "SQLITE_NOTADB") return "this is not a database";
	if (code?.startsWith("SQLITE_CORRUPT")) return "the file is damaged: restore it from the newest backup";
	return `the file cannot be read (${code || message.split("\n")[0]})`;
}

async function integrity(client: Client): Promise<Finding[]> {
	const found: Finding[] = [];
	const mode = await client.execute("PRAGMA journal_mode");
	const told = await client.execute(`PRAGMA integrity_check(${SHOWN})`);
	const lines = told.rows.map((row) => String(row["integrity_check"])).filter((line) => line !== "ok");
	for (const line of lines) found.push({ check: "integrity", says: line });
	const orphans = await client.execute("PRAGMA foreign_key_check");
	for (const table of new Set(orphans.rows.map((row) => String(row["table"])))) {
		const rows = orphans.rows.filter((row) => row["table"] === table);
		const ids = rows.slice(0, SHOWN).map((row) => `row ${row["rowid"]} without its ${row["parent"]}`);
		found.push({ check: "foreign-key", says: `${table} without what they belong to`, rows: ids, count: rows.length });
	}
	if (mode.rows[0]?.["journal_mode"] !== "wal")
		found.push({ check: "journal", says: `the journal mode is ${mode.rows[0]?.["journal_mode"]} instead of wal` });
	return found;
}

/** What the migrations that ran must have made, compared with what is there. */
async function schema(client: Client): Promise<Finding[]> {
	const found: Finding[] = [];
	const table = await client.execute("SELECT name FROM sqlite_master WHERE name = 'migrations'");
	if (table.rows.length === 0) return [{ check: "migrations", says: "this is no database of Mivisus" }];
	const { rows } = await client.execute("SELECT name FROM migrations ORDER BY rowid");
	const ran = rows.map((row) => String(row["name"]));
	const known: string[] = MIGRATIONS.map(({ name }) => name);
	for (const name of ran.filter((each) => !known.includes(each)))
		found.push({ check: "migrations", says: `migration ${name} is of a newer version of Mivisus` });
	const order = ran.filter((name) => known.includes(name));
	if (order.join() !== known.slice(0, order.length).join())
		found.push({ check: "migrations", says: `migrations ran in another order: ${order.join(", ")}` });
	for (const name of known.filter((each) => !ran.includes(each)))
		found.push({ check: "migrations", says: `migration ${name} has not run: start the worker once` });
	const [is, must] = [await objects(client), await made(ran)];
	for (const name of new Set([...is.keys(), ...must.keys()])) {
		if (is.get(name) === must.get(name)) continue;
		const what = !is.has(name) ? "is missing" : !must.has(name) ? "does not belong here" : "differs";
		found.push({ check: "schema", says: `${name} ${what}` });
	}
	return found;
}

async function objects(client: Client): Promise<Map<string, string>> {
	const { rows } = await client.execute(OBJECTS);
	return new Map(rows.map((row) => [String(row["name"]), String(row["sql"])]));
}

/** The schema after the named migrations, made anew in memory. */
async function made(names: readonly string[]): Promise<Map<string, string>> {
	const client = createClient({ url: ":memory:" });
	try {
		for (const { name, statements } of MIGRATIONS) {
			if (names.includes(name)) for (const statement of statements) await client.execute(statement);
		}
		return await objects(client);
	} finally {
		client.close();
	}
}
