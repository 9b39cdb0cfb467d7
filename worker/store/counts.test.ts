import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seeded, seedOf } from "../../test/scale.ts";
import { Counts, DOWNLOAD_SYSTEMS, DOWNLOAD_TYPES, MIN_SHOWN } from "../counts/counts.ts";
import { countStore } from "./counts.ts";
import { FileDatabase } from "./file-database.ts";

const PATHS = ["/", "/privacy", "/terms"];
let folder: string;
let database: FileDatabase;
let now: number;
let counts: Counts;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-counts-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
	now = Date.UTC(2026, 10, 26, 12);
	counts = new Counts(countStore(database), { now: () => now }, PATHS);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

describe("P10: counters", () => {
	it("hold a day, what was counted and how often: the schema has room for nothing else", async () => {
		for (const [table, columns] of [
			["page_counts", ["day", "path", "count"]],
			["download_counts", ["day", "os", "file_type", "count"]],
		] as const) {
			const { rows } = await sql<{ name: string }>`SELECT name FROM pragma_table_info(${table})`.execute(database.read);
			expect(rows.map(({ name }) => name)).toEqual(columns);
		}
	});
	it("P09: whoever visits in whatever order, what is stored is the same: two visits of one person cannot be linked", async () => {
		const random = seeded(seedOf("visits"));
		const visits = Array.from({ length: 60 }, () => ({
			person: Math.floor(random() * 3),
			path: PATHS[Math.floor(random() * 3)] ?? "/",
		}));
		const store = async (order: typeof visits) => {
			await database.write((db) => db.deleteFrom("page_counts").execute());
			for (const { path } of order) await counts.page(path);
			return database.read.selectFrom("page_counts").selectAll().orderBy("path").execute();
		};
		const once = await store(visits);
		const other = await store([...visits].sort((a, b) => a.person - b.person));
		expect(other).toEqual(once);
		expect(once.reduce((sum, { count }) => sum + count, 0)).toBe(60);
	});
	it("count pages that there are, and nothing that somebody typed", async () => {
		expect(await counts.page("/privacy")).toBe(true);
		for (const typed of ["/cameras/secret", "/privacy?name=ada", "/%00", ""])
			expect(await counts.page(typed)).toBe(false);
		expect(await database.read.selectFrom("page_counts").select("path").execute()).toEqual([{ path: "/privacy" }]);
	});
	it(`P18: show no number below ${MIN_SHOWN}`, async () => {
		for (let i = 0; i < MIN_SHOWN; i++) {
			if (i > 0) await counts.page("/terms");
			await counts.page("/privacy");
			await counts.download("linux", "deb");
			now += 3_600_000;
		}
		await counts.download("windows", "zip");
		expect(await counts.shown("2026-11-26", "2026-11-27")).toEqual({
			pages: [
				{ what: "/privacy", count: MIN_SHOWN },
				{ what: "/terms", count: undefined },
			],
			downloads: [
				{ what: "linux deb", count: MIN_SHOWN },
				{ what: "windows zip", count: undefined },
			],
		});
	});
	it("P08: a download is of a system and a type that exist", async () => {
		for (const os of DOWNLOAD_SYSTEMS) for (const type of DOWNLOAD_TYPES) await counts.download(os, type);
		await expect(counts.download("linux", "exe" as never)).rejects.toThrow(/CHECK/);
	});
});
