import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client";
import { newId } from "@mivisus/wire/ids";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkDatabase } from "../../worker/store/check.ts";
import type { Db } from "../../worker/store/database.ts";
import { FileDatabase } from "../../worker/store/file-database.ts";
import { accountRow } from "../../worker/store/testing/rows.ts";
import { scaled, seeded, seedOf } from "../scale.ts";

const WRITERS = 20;
const HOLD_LOCK = fileURLToPath(new URL("hold-lock.ts", import.meta.url));
const NOW = Date.UTC(2026, 10, 26);
const account = newId();
let folder: string;
let file: string;
let database: FileDatabase;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-writers-"));
	file = join(folder, "db");
	database = await FileDatabase.open(`file:${file}`);
	await database.write((db) =>
		db
			.insertInto("accounts")
			.values({ ...accountRow("a", account), revision: 1 })
			.execute(),
	);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

/** What the writer's connection has while `db` is inside a transaction. */
async function pragmas(db: Db): Promise<Record<string, unknown>> {
	const found: Record<string, unknown> = {};
	for (const name of ["foreign_keys", "secure_delete", "synchronous", "busy_timeout"])
		found[name] = Object.values((await sql.raw(`PRAGMA ${name}`).execute(db)).rows[0] as object)[0];
	return found;
}
const HELD = { foreign_keys: 1, secure_delete: 1, synchronous: 2, busy_timeout: 5000 };

/** A session, and one more in the account's count: both or neither. */
async function record(db: Db, id: string): Promise<void> {
	const row = { jti_hash: id, id, account_id: account, created_at: NOW, expires_at: NOW + 1, proved_at: NOW };
	await db.insertInto("sessions").values(row).execute();
	await db
		.updateTable("accounts")
		.set((e) => ({ revision: e("revision", "+", 1) }))
		.where("id", "=", account)
		.execute();
}
async function stored(): Promise<{ ids: string[]; revision: number }> {
	const sessions = await database.read.selectFrom("sessions").select("id").orderBy("id").execute();
	const { revision } = await database.read.selectFrom("accounts").select("revision").executeTakeFirstOrThrow();
	return { ids: sessions.map(({ id }) => id), revision };
}
/** A short read. */
const glance = () => database.read.selectFrom("sessions").select("id").limit(5).execute();

/** Another process that holds the write lock for `ms`; resolves once it does. */
async function holdLock(ms: number): Promise<ChildProcess> {
	const child = spawn(process.execPath, ["--import", "tsx", HOLD_LOCK, file, String(ms)], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	await once(child.stdout!, "data");
	return child;
}

describe("D2: many writers", () => {
	const transactions = scaled(1000, 10_000);
	it(
		`${transactions} transactions of ${WRITERS} writers: none lost, none busy, no rule of the connection forgotten`,
		async () => {
			const random = seeded(seedOf("D2"));
			const acknowledged: string[] = [];
			const surprises: unknown[] = [];
			let refused = 0;
			/** One that commits, one whose work throws halfway, one that the engine refuses; each tells on itself. */
			const once = async () => {
				const id = newId();
				const fate = random();
				try {
					await database.write(async (db) => {
						expect(await pragmas(db)).toEqual(HELD);
						await record(db, id);
						if (fate < 0.1) throw new Error("changed its mind");
						if (fate < 0.2)
							await db
								.insertInto("sessions")
								.values({ jti_hash: `${id}x`, id: newId(), account_id: "nobody", created_at: NOW, expires_at: NOW })
								.execute();
					});
					acknowledged.push(id);
					if (fate < 0.2) surprises.push("an orphan was accepted");
				} catch (error) {
					const told = (error as Error).message;
					if (fate < 0.2 && /changed its mind|FOREIGN KEY/.test(told)) refused += 1;
					else surprises.push(error);
				}
				// As between requests; the engine's client frees its statements only when the event loop turns.
				await new Promise((resolve) => setImmediate(resolve));
				// Readers at the same moment open further connections.
				if (random() < 0.2) await Promise.all(Array.from({ length: 3 }, glance));
			};
			await Promise.all(
				Array.from({ length: WRITERS }, async () => {
					for (let i = 0; i < transactions / WRITERS; i++) await once();
				}),
			);
			expect(surprises).toEqual([]);
			expect(acknowledged.length + refused).toBe(transactions);
			expect(refused).toBeGreaterThan(transactions / 20);
			expect(await stored()).toEqual({ ids: acknowledged.sort(), revision: 1 + acknowledged.length });
			expect(await checkDatabase(file, NOW)).toEqual([]);
		},
		scaled(30_000, 600_000),
	);
	it("whatever a transaction did before it threw, the next one begins at once, also in another process", async () => {
		const throwing: ((db: Db) => Promise<unknown>)[] = [
			async () => {
				throw new Error("at once");
			},
			async (db) => {
				await record(db, "half");
				throw new Error("halfway");
			},
			(db) => sql.raw("no statement").execute(db),
			(db) => db.insertInto("accounts").values(accountRow("a")).execute(),
			async (db) => {
				await record(db, "ended");
				// Ends the transaction behind the store's back.
				await sql.raw("ROLLBACK").execute(db);
				throw new Error("after the end");
			},
		];
		// A second program that does not wait at all.
		const other = createClient({ url: `file:${file}`, timeout: 0, concurrency: 1 });
		try {
			for (const [index, work] of throwing.entries()) {
				await expect(database.write(work)).rejects.toThrow();
				const transaction = await other.transaction("write");
				await transaction.rollback();
				await database.write(async (db) => {
					expect(await pragmas(db)).toEqual(HELD);
					await record(db, `after-${index}`);
				});
			}
		} finally {
			other.close();
		}
		expect(await stored()).toEqual({
			ids: throwing.map((_, index) => `after-${index}`),
			revision: 1 + throwing.length,
		});
	});
	it("another process that holds the lock makes writers wait, below the limit, and nobody sees it", async () => {
		const child = await holdLock(1500);
		const ended = once(child, "exit");
		const began = Date.now();
		const ids = Array.from({ length: WRITERS }, (_, index) => `waited-${String(index).padStart(2, "0")}`);
		await Promise.all(ids.map((id) => database.write((db) => record(db, id))));
		expect(Date.now() - began).toBeGreaterThan(500);
		expect(await stored()).toEqual({ ids, revision: 1 + WRITERS });
		expect(await ended).toEqual([0, null]);
	});
	it("one that holds it for longer than that makes a writer fail, not succeed, and the next one works", async () => {
		const other = createClient({ url: `file:${file}`, concurrency: 1 });
		const holding = await other.transaction("write");
		await expect(database.write((db) => record(db, "too-late"))).rejects.toThrow("busy");
		await holding.rollback();
		await database.write((db) => record(db, "afterwards"));
		other.close();
		expect(await stored()).toEqual({ ids: ["afterwards"], revision: 2 });
	});
	it.runIf(scaled(0, 1))(
		"erased text that a reader keeps in the log is not called gone",
		async () => {
			await database.write((db) => record(db, "erased"));
			const other = createClient({ url: `file:${file}`, concurrency: 1 });
			const reading = await other.transaction("read");
			await reading.execute("SELECT * FROM sessions");
			await database.write((db) => db.deleteFrom("sessions").execute());
			await expect(database.checkpoint()).rejects.toThrow("not emptied");
			await reading.commit();
			other.close();
			await database.checkpoint();
		},
		30_000,
	);
});
