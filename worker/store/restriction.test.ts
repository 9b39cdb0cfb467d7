import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Table, tables } from "../data-map/map.ts";
import { runJobs } from "../jobs.ts";
import { FileDatabase } from "./file-database.ts";
import { retentionReport } from "./housekeeping.ts";
import { seedPerson } from "./testing/person.ts";

const START = Date.UTC(2026, 10, 26, 9, 30);
const YEAR_MS = 365.25 * 86_400_000;
let folder: string;
let database: FileDatabase;
let client: Client;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-restriction-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
	client = createClient({ url: `file:${join(folder, "db")}`, timeout: 5000 });
});
afterEach(async () => {
	client.close();
	await database.close();
	rmSync(folder, { recursive: true });
});

/** How many rows of each table are the account's. */
async function rows(accountId: string): Promise<Record<string, number>> {
	const counts: Record<string, number> = {};
	for (const [name, { owners, columns }] of tables as [string, Table][]) {
		const column = name === "accounts" ? "id" : "account_id";
		if (!owners || !(column in columns)) continue;
		const sql = `SELECT count(*) AS count FROM ${name} WHERE ${column} = ?`;
		counts[name] = Number((await client.execute({ sql, args: [accountId] })).rows[0]?.["count"]);
	}
	return counts;
}
/** What lets somebody in ends in its time, whatever the state: a restriction keeps data, not doors open. */
const DOORS = ["sessions", "links"];

it("P5, 07.6: no job does anything with a restricted account in four years, nor with one that was and may be taken back", async () => {
	const held = await seedPerson(client, "held", START);
	const leaving = await seedPerson(client, "leaving", START);
	const other = await seedPerson(client, "other", START);
	await client.execute("UPDATE accounts SET state = 'active', erase_at = NULL, state_before = NULL, warned_day = NULL");
	await client.execute({ sql: "UPDATE accounts SET state = 'restricted' WHERE id = ?", args: [held.id] });
	await client.execute({
		sql: "UPDATE accounts SET state = 'leaving', state_before = 'restricted', erase_at = 9e15 WHERE id = ?",
		args: [leaving.id],
	});
	await client.execute("UPDATE outbox SET state = 'dead'");
	await client.execute("UPDATE requests SET closed_at = received_at, outcome = 'done'");
	const before = await rows(held.id);
	expect(Object.values(before).every((count) => count > 0)).toBe(true);

	const left: string[] = [];
	const told: string[] = [];
	const erasure = {
		leaveUnused: async ({ id }: { id: string }) => left.push(id) > 0,
		replay: async () => 0,
		eraseDue: async () => 0,
		hasErasedSince: async () => false,
	};
	const accounts = {
		notice: (letter: string, account: { id: string; email: string }) => {
			told.push(account.id);
			return {
				id: `${letter}-${told.length}`,
				letter,
				accountId: account.id,
				recipient: account.email,
				recipientKey: account.email,
				language: "en",
				askedAt: now,
			};
		},
	};
	let now = START;
	const stays = (counts: Record<string, number>) =>
		Object.fromEntries(Object.entries(counts).filter(([name]) => !DOORS.includes(name)));
	for (let month = 0; month < 48; month++) {
		now += YEAR_MS / 12;
		expect((await runJobs(database, accounts as never, erasure as never, { now: () => now })).failed).toEqual([]);
	}
	expect(stays(await rows(held.id))).toEqual(stays(before));
	expect(stays(await rows(leaving.id))).toEqual(stays(before));
	expect([...new Set([...told, ...left])]).toEqual([other.id]);
	for (const name of DOORS) expect((await rows(held.id))[name]).toBe(0);
	// The same years took the other one's.
	expect(await rows(other.id)).toMatchObject({ stream_events: 0, commands: 0, requests: 0, outbox: 1 });
	const report = await retentionReport(database, now);
	for (const what of ["stream_events", "commands", "requests", "outbox"])
		expect(report.find((line) => line.what === what)?.rows, what).toBe(0);

	// Once it is lifted, the periods count again.
	await client.execute({ sql: "UPDATE accounts SET state = 'active' WHERE id = ?", args: [held.id] });
	await runJobs(database, accounts as never, erasure as never, { now: () => now });
	expect(await rows(held.id)).toMatchObject({ stream_events: 0, commands: 0, requests: 0 });
});
