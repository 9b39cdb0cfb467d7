import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@libsql/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkDatabase } from "./check.ts";
import { FileDatabase } from "./file-database.ts";
import { MIGRATIONS } from "./migrations.ts";
import { fillTables, ROWS_EACH } from "./testing/fill.ts";

/** The program under test looks at the machine's own clock. */
const NOW = Date.now();
const LAST = MIGRATIONS.at(-1)?.name ?? "";
let folder: string;
/** A sound file with rows in every table. */
let sound: string;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-check-"));
	sound = join(folder, "sound");
	await (await FileDatabase.open(`file:${sound}`)).close();
	await raw(sound, (client) => fillTables(client, NOW));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Work on a file as no program of ours could: without foreign keys and checks. */
async function raw(path: string, work: (client: Client) => Promise<unknown>): Promise<void> {
	const client = createClient({ url: `file:${path}`, concurrency: 1 });
	for (const pragma of ["foreign_keys = OFF", "ignore_check_constraints = ON", "writable_schema = ON"])
		await client.execute(`PRAGMA ${pragma}`);
	await work(client);
	await client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
	client.close();
}
let copies = 0;
/** A copy of the sound file, broken by `statements`. */
async function broken(...statements: string[]): Promise<string> {
	const path = join(folder, `broken-${++copies}`);
	copyFileSync(sound, path);
	await raw(path, async (client) => {
		for (const statement of statements) await client.execute(statement);
	});
	return path;
}

describe("a database file", () => {
	it("that is sound has nothing to report, and every table has rows", async () => {
		expect(await checkDatabase(sound, NOW)).toEqual([]);
		await raw(sound, async (client) => {
			const tables = await client.execute(
				"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name != 'migrations'",
			);
			expect(tables.rows.length).toBeGreaterThan(8);
			for (const { name } of tables.rows)
				expect((await client.execute(`SELECT 1 FROM ${name}`)).rows, String(name)).toHaveLength(ROWS_EACH);
		});
	});
	it("is not changed by looking at it, with what is still in the write-ahead log", async () => {
		const database = await FileDatabase.open(`file:${join(folder, "live")}`);
		await database.write((db) => db.insertInto("revocations").values({ ref: "agent:a", iat: 1 }).execute());
		const inside = join(folder, "copied");
		mkdirSync(inside);
		for (const name of ["live", "live-wal"]) copyFileSync(join(folder, name), join(inside, name));
		const sums = () =>
			["live", "live-wal"].map((name) =>
				createHash("sha256")
					.update(readFileSync(join(inside, name)))
					.digest("hex"),
			);
		const before = sums();
		expect(await checkDatabase(join(inside, "live"), NOW)).toEqual([]);
		expect(sums()).toEqual(before);
		expect(await checkDatabase(join(folder, "live"), NOW)).toEqual([]);
		await database.close();
	});
	it.each<[string, string, ...string[]]>([
		["revision", "accounts.id.0", "UPDATE accounts SET revision = 0 WHERE rowid = 1"],
		["owner", "devices.id.1", "UPDATE devices SET account_id = 'accounts.id.0' WHERE rowid = 2"],
		["owner", "cameras.id.2", "UPDATE cameras SET account_id = 'accounts.id.0' WHERE rowid = 3"],
		["owner", "commands.id.0", "UPDATE commands SET agent_id = 'agents.id.1' WHERE rowid = 1"],
		[
			"owner",
			"commands.id.0",
			"UPDATE commands SET camera_id = 'cameras.id.1', agent_id = 'agents.id.0' WHERE rowid = 1",
		],
		["constraint", "agents.id.0", "UPDATE agents SET state = 'asleep' WHERE rowid = 1"],
		["constraint", "cameras.id.1", "UPDATE cameras SET sound = 2 WHERE rowid = 2"],
		["erased", "sessions.id.1", "UPDATE accounts SET state = 'erased' WHERE rowid = 2"],
		["erased", "passkeys.id.1", "UPDATE accounts SET state = 'erased' WHERE rowid = 2"],
		["swept", "row 1", "UPDATE enrolments SET expires_at = expires_at - 90000001 WHERE rowid = 1"],
		["swept", "sessions.id.0", "UPDATE sessions SET expires_at = expires_at - 90000001 WHERE rowid = 1"],
		["session-length", "sessions.id.0", "UPDATE sessions SET expires_at = expires_at + 2592000000 WHERE rowid = 1"],
		["coarse-day", "agents.id.2", "UPDATE agents SET last_seen_day = '2026-11-25T10:00' WHERE rowid = 3"],
		["claim", "row 3", "UPDATE enrolments SET mac = NULL WHERE rowid = 3"],
		["agent-without-device", "agents.id.0", "DELETE FROM devices WHERE rowid = 1"],
		["links", "links.id.0", "UPDATE links SET new_email = 'x' WHERE rowid = 1"],
		["links", "links.id.2", "UPDATE links SET new_email = NULL, new_email_key = NULL WHERE rowid = 3"],
		["foreign-key", "row 1 without its accounts", "UPDATE sessions SET account_id = 'nobody' WHERE rowid = 1"],
	])("%s: a rule that does not hold is found, at %s", async (check, row, ...statements) => {
		const found = await checkDatabase(await broken(...statements), NOW);
		expect(found.find((finding) => finding.check === check && finding.rows?.includes(row))).toBeDefined();
	});
	it.each([
		[
			"integrity",
			"UPDATE sqlite_master SET sql = 'CREATE INDEX cameras_agent ON cameras(name)' WHERE name = 'cameras_agent'",
		],
		["schema", "CREATE TABLE extra (a)"],
		["schema", "DROP INDEX cameras_agent"],
		["schema", "DROP TABLE used_challenges"],
		["schema", "ALTER TABLE agents ADD COLUMN extra TEXT"],
		["migrations", `DELETE FROM migrations WHERE name = '${LAST}'`],
		["migrations", "INSERT INTO migrations VALUES ('9999-of-tomorrow', 1)"],
		["migrations", "UPDATE migrations SET rowid = 99 WHERE rowid = 1"],
		["migrations", "DROP TABLE migrations"],
		["journal", "PRAGMA journal_mode = DELETE"],
	])("%s: %s is found", async (check, statement) => {
		const found = await checkDatabase(await broken(statement), NOW);
		expect(found.map((finding) => finding.check)).toContain(check);
	});
	it("of an older version is held to the schema of that version", async () => {
		const path = join(folder, "older");
		const first = MIGRATIONS[0]!;
		await raw(path, async (client) => {
			await client.execute("PRAGMA journal_mode = WAL");
			await client.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, ran_at INTEGER NOT NULL) STRICT");
			for (const statement of first.statements) await client.execute(statement);
			await client.execute({ sql: "INSERT INTO migrations VALUES (?, 1)", args: [first.name] });
			await fillTables(client, NOW);
		});
		const found = await checkDatabase(path, NOW);
		expect(found.map(({ says }) => says)).toEqual(
			MIGRATIONS.slice(1).map(({ name }) => `migration ${name} has not run: start the worker once`),
		);
	});
	it("an address that two accounts share is found without the index that should prevent it", async () => {
		const path = join(folder, "twice");
		await raw(path, async (client) => {
			await client.execute("PRAGMA journal_mode = WAL");
			await client.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, ran_at INTEGER NOT NULL) STRICT");
			for (const { name, statements } of MIGRATIONS) {
				for (const statement of statements)
					await client.execute(statement.replace("email_key TEXT NOT NULL UNIQUE", "email_key TEXT NOT NULL"));
				await client.execute({ sql: "INSERT INTO migrations VALUES (?, 1)", args: [name] });
			}
			await fillTables(client, NOW);
			await client.execute("UPDATE accounts SET email_key = 'one' WHERE rowid < 3");
		});
		const found = await checkDatabase(path, NOW);
		expect(found.find(({ check }) => check === "one-address")?.rows).toEqual(["accounts.id.0", "accounts.id.1"]);
	});
});

describe("what is no sound file", () => {
	it.each<[string, (path: string) => void, string]>([
		["garbage", (path) => writeFileSync(path, "no database at all ".repeat(500)), "this is not a database"],
		["an empty file", (path) => writeFileSync(path, ""), "the file is empty"],
		["a folder", (path) => mkdirSync(path), "this is not a file"],
		["nothing", () => {}, "there is no such file"],
	])("%s gives one clear line", async (name, make, says) => {
		const path = join(folder, name);
		make(path);
		expect(await checkDatabase(path, NOW)).toEqual([{ check: "file", says }]);
	});
	it("a truncated file is found", async () => {
		const path = await broken();
		truncateSync(path, readFileSync(path).length - 5 * 4096);
		const found = await checkDatabase(path, NOW);
		expect(found.length).toBeGreaterThan(0);
		for (const { check } of found) expect(["file", "integrity"]).toContain(check);
	});
});

it("check-db: says it in words or as JSON, ends with 1, and quotes nothing that a person typed", async () => {
	const script = fileURLToPath(new URL("../../scripts/check-db.ts", import.meta.url));
	const run = (...args: string[]) => {
		const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", script, ...args], {
			encoding: "utf8",
		});
		return { status, text: stdout + stderr };
	};
	expect(run(sound)).toEqual({ status: 0, text: `${sound} is sound\n` });
	const path = await broken(
		"UPDATE accounts SET revision = 0, email = 'canary@example.test', email_key = 'canary' || id",
	);
	expect(run(path)).toEqual({
		status: 1,
		text: `${path}: accounts whose revision is below 1: accounts.id.0, accounts.id.1, accounts.id.2\n`,
	});
	const { status, text } = run("--json", path);
	expect(status).toBe(1);
	expect(JSON.parse(text)).toMatchObject({ file: path, ok: false, findings: [{ check: "revision", count: 3 }] });
	expect(text).not.toContain("canary");
	expect(run()).toMatchObject({ status: 2 });
});
