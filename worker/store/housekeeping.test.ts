import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileDatabase } from "./file-database.ts";
import { COMMAND_MS, sweep } from "./housekeeping.ts";
import { accountRow } from "./testing/rows.ts";

let folder: string;
let database: FileDatabase;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-sweep-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

it("02.11, 06.1: what ran out goes, to the millisecond; what did not stays", async () => {
	const now = Date.UTC(2026, 10, 25);
	const [account, agent] = [newId(), newId()];
	await database.write(async (db) => {
		await db.insertInto("accounts").values(accountRow("a", account)).execute();
		await db
			.insertInto("agents")
			.values({
				id: agent,
				account_id: account,
				name: "n",
				sign_key: "s",
				seal_key: "e",
				state: "active",
				created_at: 1,
				last_seen_day: null,
			})
			.execute();
		for (const [name, expires_at] of [
			["gone", now],
			["kept", now + 1],
		] as const) {
			await db
				.insertInto("sessions")
				.values({ jti_hash: name, id: newId(), account_id: account, created_at: 1, expires_at })
				.execute();
			await db
				.insertInto("enrolments")
				.values({
					code_hash: name,
					name: "n",
					sign_key: "s",
					seal_key: "e",
					expires_at,
					agent_id: null,
					device_id: null,
					mac: null,
				})
				.execute();
			await db
				.insertInto("commands")
				.values({
					id: name,
					account_id: account,
					agent_id: agent,
					camera_id: newId(),
					statement: "s",
					state: "done",
					code: null,
					detail: null,
					created_at: expires_at - COMMAND_MS,
				})
				.execute();
		}
	});
	await sweep(database, now);
	const left = async (table: "sessions" | "enrolments" | "commands", column: "jti_hash" | "code_hash" | "id") =>
		(await database.read
			.selectFrom(table)
			.select(column as never)
			.execute()) as object[];
	expect(await left("sessions", "jti_hash")).toEqual([{ jti_hash: "kept" }]);
	expect(await left("enrolments", "code_hash")).toEqual([{ code_hash: "kept" }]);
	expect(await left("commands", "id")).toEqual([{ id: "kept" }]);
	expect(await database.read.selectFrom("accounts").select("id").execute()).toHaveLength(1);
});

it("06.5: an account that nobody confirmed is gone after seven days, with its links and mails; others stay", async () => {
	const day = 86_400_000;
	const now = 100 * day;
	await database.write(async (db) => {
		for (const [id, state, age] of [
			["old", "unconfirmed", 7],
			["young", "unconfirmed", 6],
			["confirmed", "active", 90],
		] as const) {
			await db
				.insertInto("accounts")
				.values({ ...accountRow(id, id), state, created_at: now - age * day })
				.execute();
			await db
				.insertInto("links")
				.values({ id, token_hash: id, account_id: id, purpose: "reset", asked_at: now, expires_at: now + 1 })
				.execute();
		}
		for (const [id, state, age] of [
			["dead", "dead", 30],
			["dead-lately", "dead", 29],
			["waiting", "waiting", 40],
		] as const) {
			await db
				.insertInto("outbox")
				.values({
					id,
					letter: "reset",
					account_id: id === "dead" ? "old" : "young",
					recipient: "a",
					recipient_key: "a",
					language: "en",
					state,
					next_at: 0,
					asked_at: now - age * day,
				})
				.execute();
		}
	});
	await sweep(database, now);
	const ids = async (table: "accounts" | "links" | "outbox") =>
		(await database.read.selectFrom(table).select("id").orderBy("id").execute()).map(({ id }) => id);
	expect(await ids("accounts")).toEqual(["confirmed", "young"]);
	expect(await ids("links")).toEqual(["confirmed", "young"]);
	expect(await ids("outbox")).toEqual(["dead-lately", "waiting"]);
});
