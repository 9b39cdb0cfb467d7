import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tables as mapOfTables } from "../data-map/map.ts";
import { FileDatabase } from "./file-database.ts";
import { accountRow } from "./testing/rows.ts";

let folder: string;
let database: FileDatabase;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-db-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

describe("the database", () => {
	it("D2: 20 concurrent writers, 400 transactions, none lost and none busy", async () => {
		await database.write((db) =>
			db
				.insertInto("accounts")
				.values({ ...accountRow("a"), revision: 0 })
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
			await db.insertInto("accounts").values(accountRow("gone")).execute();
			throw new Error("no");
		});
		await expect(failing).rejects.toThrow("no");
		await database.write((db) => db.insertInto("accounts").values(accountRow("there")).execute());
		expect((await database.read.selectFrom("accounts").select("email").execute()).map(({ email }) => email)).toEqual([
			"there",
		]);
	});
	it("D2: reads at the same moment neither wait nor take a writer's pragmas away", async () => {
		const pragmas = async () => {
			const found: Record<string, unknown> = {};
			for (const name of ["foreign_keys", "secure_delete", "synchronous", "busy_timeout"]) {
				await database.write(async (db) => {
					found[name] = Object.values((await sql.raw(`PRAGMA ${name}`).execute(db)).rows[0] as object)[0];
				});
			}
			return found;
		};
		const read = () => database.read.selectFrom("accounts").select("email").execute();
		// Many at once make the client open further connections, each with the engine's defaults.
		for (let round = 0; round < 5; round++) {
			const held = database.write(async (db) => {
				await db
					.insertInto("accounts")
					.values(accountRow(`a${round}`))
					.execute();
				expect(await Promise.all(Array.from({ length: 30 }, read))).toHaveLength(30);
			});
			await Promise.all([held, ...Array.from({ length: 30 }, read)]);
			// The connection that was given back last is the next writer's.
			for (let reads = 1; reads < 6; reads++) {
				await Promise.all(Array.from({ length: reads }, read));
				await database.write((db) => db.selectFrom("accounts").select("email").execute());
			}
			expect(await pragmas()).toEqual({ foreign_keys: 1, secure_delete: 1, synchronous: 2, busy_timeout: 5000 });
		}
		expect(await read()).toHaveLength(5);
	});
	it("nothing is written past the queue", async () => {
		await expect(database.read.insertInto("accounts").values(accountRow("a")).execute()).rejects.toThrow(
			"writing goes through Database.write",
		);
	});
	it("refuses a child without its parent", async () => {
		const orphan = { jti_hash: "h", id: newId(), account_id: newId(), created_at: 1, expires_at: 2 };
		await expect(database.write((db) => db.insertInto("sessions").values(orphan).execute())).rejects.toThrow(
			/FOREIGN KEY/,
		);
	});
	it("erased text is in no file after a checkpoint", async () => {
		const canary = `canary-${newId()}`;
		await database.write((db) => db.insertInto("accounts").values(accountRow(canary)).execute());
		await database.write((db) => db.deleteFrom("accounts").execute());
		await database.checkpoint();
		for (const file of ["db", "db-wal"]) {
			const path = join(folder, file);
			if (existsSync(path)) expect(readFileSync(path).includes(canary)).toBe(false);
		}
	});
	it("is migrated once and keeps its data when opened again", async () => {
		await database.write((db) => db.insertInto("accounts").values(accountRow("kept")).execute());
		await database.close();
		database = await FileDatabase.open(`file:${join(folder, "db")}`);
		expect(await database.read.selectFrom("accounts").select("email").execute()).toEqual([{ email: "kept" }]);
	});
	it("an in-memory database is refused", async () => {
		await expect(FileDatabase.open(":memory:")).rejects.toThrow("give a file");
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
	const mapped = mapOfTables.flatMap(([table, { columns: entries }]) =>
		Object.keys(entries).map((column) => `${table}.${column}`),
	);
	expect(mapped.sort()).toEqual(columns.sort());
	// What the export and the erasure ask of a table is there, and rows go before those that they hang on.
	const order = mapOfTables.map(([table]) => table as string);
	for (const [table, { key, owners = [], mentions, columns: entries }] of mapOfTables) {
		const named = [key, ...owners.map(({ column }) => column), ...(mentions ? [mentions] : [])];
		for (const column of named) expect(Object.keys(entries), `${table}.${column}`).toContain(column);
		const nullable = await sql<{
			name: string;
		}>`SELECT name FROM pragma_table_info(${table}) WHERE "notnull" = 0 AND pk = 0`.execute(database.read);
		const empty = Object.entries(entries).filter(([, { export: to }]) => "as" in to && to.value.endsWith("?"));
		const exported = ({ name }: { name: string }) => "as" in (entries[name]?.export ?? {});
		expect(empty.map(([name]) => name).sort(), table).toEqual(
			nullable.rows
				.filter(exported)
				.map(({ name }) => name)
				.sort(),
		);
		const parents = await sql<{ table: string }>`SELECT "table" FROM pragma_foreign_key_list(${table})`.execute(
			database.read,
		);
		for (const { table: parent } of parents.rows)
			expect(order.indexOf(table), `${table} before ${parent}`).toBeLessThan(order.indexOf(parent));
	}
});
