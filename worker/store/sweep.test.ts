import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { seeded } from "../../test/scale.ts";
import { FileDatabase } from "./file-database.ts";

const ROWS = 400;

it("P3: copies that the engine left behind when it moved rows are gone after a sweep, and everything else is there", async () => {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-sweep-"));
	const path = join(folder, "db");
	const database = await FileDatabase.open(`file:${path}`);
	const random = seeded(7);
	const text = (n: number) => `canary-${n}-${"x".repeat(40)}`;
	const bytes = () => readFileSync(path, "latin1") + readFileSync(`${path}-wal`, "latin1");
	try {
		await database.write((db) =>
			sql`CREATE TABLE moved (n INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT`.execute(db),
		);
		const order = Array.from({ length: ROWS }, (_, n) => n);
		await database.write(async (db) => {
			for (const n of order) await sql`INSERT INTO moved VALUES (${n}, ${text(n)})`.execute(db);
		});
		// Rows that grow, in any order: pages are split and joined, and rows move.
		for (const n of order.toSorted(() => random() - 0.5)) {
			const longer = text(n) + "y".repeat(random() * 300);
			await database.write((db) => sql`UPDATE moved SET text = ${longer} WHERE n = ${n}`.execute(db));
		}
		const deleted = order.filter((n) => n % 2 === 0);
		for (const n of deleted) await database.write((db) => sql`DELETE FROM moved WHERE n = ${n}`.execute(db));
		await database.checkpoint();
		// Otherwise this test proves nothing: `secure_delete` alone would do.
		expect(deleted.filter((n) => bytes().includes(text(n))).length).toBeGreaterThan(0);
		await database.sweep();
		expect(deleted.filter((n) => bytes().includes(text(n)))).toEqual([]);
		const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM moved`.execute(database.read);
		expect(rows[0]?.n).toBe(ROWS - deleted.length);
	} finally {
		await database.close();
		rmSync(folder, { recursive: true });
	}
});
