import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client";
import { afterEach, describe, expect, it } from "vitest";
import { checkDatabase } from "../../worker/store/check.ts";
import { FileDatabase } from "../../worker/store/file-database.ts";
import { MIGRATIONS } from "../../worker/store/migrations.ts";
import { fillTables } from "../../worker/store/testing/fill.ts";
import { scaled, seeded, seedOf } from "../scale.ts";
import { Disk, laid } from "./disk.ts";
import { killedAt, traced } from "./trace.ts";

const OPEN_STORE = fileURLToPath(new URL("open-store.ts", import.meta.url));
const NOW = Date.UTC(2026, 10, 26);
const folders: string[] = [];
afterEach(() => {
	for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
type Files = Record<string, Buffer>;
/** The files in a folder that goes after the test. */
function lay(files: Files): string {
	const folder = laid(files);
	folders.push(folder);
	return folder;
}

/** The files of a worker of the version that knew the first `known` migrations, with rows in every table, killed. */
async function filesOf(known: number): Promise<Files> {
	if (known === 0) return {};
	const folder = lay({});
	const client = createClient({ url: `file:${join(folder, "db")}`, concurrency: 1 });
	await client.execute("PRAGMA journal_mode = WAL");
	await client.execute(await migrationsTable());
	for (const { name, statements } of MIGRATIONS.slice(0, known)) {
		for (const statement of statements) await client.execute(statement);
		await client.execute({ sql: "INSERT INTO migrations VALUES (?, 1)", args: [name] });
	}
	await fillTables(client, NOW);
	// Taken while it is open: the rows still stand in the log.
	const files = Object.fromEntries(["db", "db-wal"].map((name) => [name, readFileSync(join(folder, name))]));
	client.close();
	return files;
}
/** As the store itself makes it. */
async function migrationsTable(): Promise<string> {
	const folder = lay({});
	await (await FileDatabase.open(`file:${folder}/db`)).close();
	const client = createClient({ url: `file:${folder}/db`, concurrency: 1 });
	const { rows } = await client.execute("SELECT sql FROM sqlite_master WHERE name = 'migrations'");
	client.close();
	return String(rows[0]?.["sql"]);
}

/** Opens the store over what is in `folder`; every row of every table, and which migrations ran. */
async function opened(folder: string): Promise<unknown> {
	await (await FileDatabase.open(`file:${folder}/db`)).close();
	expect(await checkDatabase(join(folder, "db"), NOW)).toEqual([]);
	const client = createClient({ url: `file:${folder}/db`, concurrency: 1 });
	const tables = await client.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
	const all: Record<string, unknown[]> = {};
	for (const { name } of tables.rows) {
		const columns = name === "migrations" ? "name" : "*";
		all[String(name)] = (await client.execute(`SELECT ${columns} FROM ${name} ORDER BY rowid`)).rows.map(Object.values);
	}
	client.close();
	return all;
}

describe.each(MIGRATIONS.map((_, known) => known))("D3: from the version with %i migrations", (known) => {
	const moments = scaled(20, Number.POSITIVE_INFINITY);
	it(
		"the upgrade that ends anywhere, by a kill or with the power, is finished by the next start as if it never had",
		async () => {
			const random = seeded(seedOf(`D3, ${known}`));
			const files = await filesOf(known);
			const wanted = await opened(lay(files));
			const folder = lay(files);
			const deeds = await traced(OPEN_STORE, [folder], folder);
			expect(deeds.length).toBeGreaterThan(10);
			const chance = moments / deeds.length;
			const disk = new Disk(files);
			for (const [index, deed] of [...deeds, undefined].entries()) {
				if (random() < chance) {
					for (const [how, left] of Object.entries({ killed: disk.now(), "without power": disk.crash(random) })) {
						const place = lay(left);
						const where = `${how} before deed ${index} of ${deeds.length}`;
						// Before anybody repairs it: what is there is one of the versions, none in between.
						if (known > 0) {
							const amiss = (await checkDatabase(join(place, "db"), NOW)).filter(
								({ says }) => !says.includes("has not run"),
							);
							expect(amiss, where).toEqual([]);
						}
						expect(await opened(place), where).toEqual(wanted);
					}
				}
				if (deed) disk.do(deed);
			}
		},
		scaled(60_000, 1_800_000),
	);
	it(
		"a process that is really killed at a change of its files is no exception",
		async () => {
			const random = seeded(seedOf(`D3, ${known}, kill`));
			const files = await filesOf(known);
			const wanted = await opened(lay(files));
			const calls: Record<string, number> = {};
			const folder = lay(files);
			for (const { kind } of await traced(OPEN_STORE, [folder], folder)) calls[kind] = (calls[kind] ?? 0) + 1;
			for (let kills = 0; kills < scaled(1, 40); kills++) {
				const [call, kind] = random() < 0.25 ? (["fsync", "sync"] as const) : (["pwrite64", "write"] as const);
				const nth = 1 + Math.floor(random() * (calls[kind] ?? 0));
				const place = lay(files);
				expect(await killedAt(call, nth, OPEN_STORE, [place]), `${call} ${nth}`).toBe(true);
				expect(await opened(place), `killed at ${call} ${nth}`).toEqual(wanted);
			}
		},
		scaled(60_000, 1_800_000),
	);
});
