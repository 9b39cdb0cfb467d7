import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DATA_MAP } from "../data-map.ts";
import { Database } from "./database.ts";

let folder: string;
let database: Database;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-db-"));
	database = await Database.open(`file:${join(folder, "db")}`);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});
const account = (email: string) => ({
	id: newId(),
	email,
	email_key: email,
	full_name: "N",
	password_hash: "h",
	state: "active" as const,
	language: "en" as const,
	created_at: 1,
});

describe("the database", () => {
	it("D2: 20 concurrent writers, 400 transactions, none lost and none busy", async () => {
		await database.write((db) =>
			db
				.insertInto("accounts")
				.values({ ...account("a"), revision: 0 })
				.execute(),
		);
		const bump = () =>
			database.write((db) =>
				db
					.updateTable("accounts")
					.set((e) => ({ revision: e("revision", "+", 1) }))
					.execute(),
			);
		await Promise.all(
			Array.from({ length: 20 }, async () => {
				for (let i = 0; i < 20; i++) await bump();
			}),
		);
		expect((await database.read.selectFrom("accounts").select("revision").executeTakeFirstOrThrow()).revision).toBe(
			400,
		);
	});
	it("a rejected transaction leaves nothing, and the next one works", async () => {
		const failing = database.write(async (db) => {
			await db.insertInto("accounts").values(account("gone")).execute();
			throw new Error("no");
		});
		await expect(failing).rejects.toThrow("no");
		await database.write((db) => db.insertInto("accounts").values(account("there")).execute());
		expect((await database.read.selectFrom("accounts").select("email").execute()).map(({ email }) => email)).toEqual([
			"there",
		]);
	});
	it("holds its pragmas on the connection that comes after a transaction", async () => {
		await database.write((db) => db.insertInto("accounts").values(account("a")).execute());
		const pragma = async (name: string) =>
			Object.values((await sql.raw(`PRAGMA ${name}`).execute(database.read)).rows[0] as object)[0];
		expect(await pragma("foreign_keys")).toBe(1);
		expect(await pragma("secure_delete")).toBe(1);
		expect(await pragma("synchronous")).toBe(2);
		expect(await pragma("journal_mode")).toBe("wal");
	});
	it("refuses a child without its parent", async () => {
		const orphan = { jti_hash: "h", id: newId(), account_id: newId(), created_at: 1, expires_at: 2 };
		await expect(database.write((db) => db.insertInto("sessions").values(orphan).execute())).rejects.toThrow(
			/FOREIGN KEY/,
		);
	});
	it("erased text is in no file after a checkpoint", async () => {
		const canary = `canary-${newId()}`;
		await database.write((db) => db.insertInto("accounts").values(account(canary)).execute());
		await database.write((db) => db.deleteFrom("accounts").execute());
		await database.checkpoint();
		for (const file of ["db", "db-wal"]) {
			const path = join(folder, file);
			if (existsSync(path)) expect(readFileSync(path).includes(canary)).toBe(false);
		}
	});
	it("is migrated once and keeps its data when opened again", async () => {
		await database.write((db) => db.insertInto("accounts").values(account("kept")).execute());
		await database.close();
		database = await Database.open(`file:${join(folder, "db")}`);
		expect(await database.read.selectFrom("accounts").select("email").execute()).toEqual([{ email: "kept" }]);
	});
	it("an in-memory database is refused", async () => {
		await expect(Database.open(":memory:")).rejects.toThrow("give a file");
	});
});

it("P2: every column is in the data map, and the map names no column that is gone", async () => {
	const tables = await sql<{
		name: string;
	}>`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`.execute(database.read);
	const columns: string[] = [];
	for (const { name } of tables.rows) {
		const rows = await sql<{ name: string }>`SELECT name FROM pragma_table_info(${name})`.execute(database.read);
		columns.push(...rows.rows.map((row) => `${name}.${row.name}`));
	}
	const mapped = Object.entries(DATA_MAP).flatMap(([table, entries]) =>
		Object.keys(entries).map((column) => `${table}.${column}`),
	);
	expect(mapped.sort()).toEqual(columns.sort());
});
