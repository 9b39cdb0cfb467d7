import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runJobs } from "../jobs.ts";
import type { Database } from "./database.ts";
import { erasureStore } from "./erasure.ts";
import { FileDatabase } from "./file-database.ts";
import { accountRow } from "./testing/rows.ts";

const NOW = Date.UTC(2026, 10, 26);
let folder: string;
let database: Database;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-races-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

it("07.3: an account that was taken back between the look and the erasing stays", async () => {
	const row = accountRow("ada@example.test");
	await database.write((db) => db.insertInto("accounts").values(row).execute());
	const store = erasureStore(
		database,
		() => {},
		() => {},
	);
	const entry = { accountHash: "h", erasedAt: NOW, receipt: "r" };
	const receiptOf = async () => ({ document: "{}", signature: "s" });
	expect(await store.erase(row.id, NOW, entry, receiptOf, undefined)).toBeUndefined();
	expect(await store.ledger()).toEqual([]);
	await database.write((db) =>
		db
			.updateTable("accounts")
			.set({ state: "leaving", erase_at: NOW + 1 })
			.where("id", "=", row.id)
			.execute(),
	);
	expect(await store.erase(row.id, NOW, entry, receiptOf, undefined)).toBeUndefined();
	expect(await store.erase(row.id, NOW + 1, entry, receiptOf, undefined)).toMatchObject({ deleted: { accounts: 1 } });
	expect(await store.erase(row.id, NOW + 1, entry, receiptOf, undefined)).toBeUndefined();
});
it("06.2: the hour's jobs leave nothing in the log of what anybody deleted before", async () => {
	await database.write((db) =>
		db
			.insertInto("accounts")
			.values({ ...accountRow("a"), full_name: "a name to be forgotten" })
			.execute(),
	);
	await database.write((db) => db.deleteFrom("accounts").execute());
	const bytes = () =>
		readdirSync(folder)
			.map((name) => readFileSync(join(folder, name)).toString("latin1"))
			.join("");
	expect(bytes()).toContain("a name to be forgotten");
	const nobody = { notice: () => Promise.reject(new Error("nobody is told")) };
	const nothing = { replay: async () => 0, eraseDue: async () => 0, hasErasedSince: async () => false };
	const { failed } = await runJobs(database, nobody as never, nothing as never, { now: () => NOW });
	expect(failed).toEqual([]);
	expect(bytes()).not.toContain("a name to be forgotten");
});
