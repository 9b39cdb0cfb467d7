import { sql } from "kysely";
import { type Table, type TableName, tables } from "../data-map/map.ts";
import type { Done, Named, RightsStore } from "../rights/rights.ts";
import type { Database, Db } from "./database.ts";
import { ownRows } from "./exports.ts";
import { post } from "./outbox.ts";
import { revoke } from "./revocations.ts";

const recordDone = (db: Db, accountId: string, { number, kind, at, dueAt, evidence }: Done) =>
	db
		.insertInto("requests")
		.values({
			number,
			account_id: accountId,
			requester: null,
			kind,
			channel: "self",
			received_at: at,
			due_at: dueAt,
			closed_at: at,
			outcome: "done",
			evidence,
		})
		.execute();
/** Accounts of which is kept what watches over reliability: not restricted, and not objected to (policy 07.5, 07.6). */
export const watchedAccounts = (db: Db) =>
	db
		.selectFrom("accounts")
		.select("id")
		.where("state", "=", "active")
		.where("id", "not in", (of) =>
			of.selectFrom("objections").select("account_id").where("purpose", "=", "reliability"),
		);
/** Where the names stand that people gave. */
const NAMES: Record<Named, readonly [table: TableName, column: string]> = {
	agent: ["agents", "name"],
	device: ["devices", "label"],
	passkey: ["passkeys", "label"],
	session: ["sessions", "label"],
};
/** Another state, from one state only; agents hear of it by the revision. False when it was in another one. */
async function change(db: Db, accountId: string, from: "active" | "restricted", to: "active" | "restricted") {
	const { numUpdatedRows } = await db
		.updateTable("accounts")
		.set((e) => ({ state: to, revision: e("revision", "+", 1) }))
		.where("id", "=", accountId)
		.where("state", "=", from)
		.executeTakeFirst();
	return numUpdatedRows === 1n;
}

/** Rights in the database. `revoked`: pictures were cut; `changed`: the account's agents are to look. */
export const rightsStore = (
	database: Database,
	revoked: () => void,
	changed: (accountId: string) => void,
): RightsStore => ({
	restrict: async (accountId, iat, done, posting) => {
		const was = await database.write(async (db) => {
			if (!(await change(db, accountId, "active", "restricted"))) return false;
			await revoke(db, [`account:${accountId}`], iat);
			await recordDone(db, accountId, done);
			await post(db, posting);
			return true;
		});
		if (was) {
			revoked();
			changed(accountId);
		}
		return was;
	},
	lift: async (accountId, done, posting) => {
		const was = await database.write(async (db) => {
			if (!(await change(db, accountId, "restricted", "active"))) return false;
			await recordDone(db, accountId, done);
			await post(db, posting);
			return true;
		});
		if (was) changed(accountId);
		return was;
	},
	object: (accountId, id, purpose, done) =>
		database.write(async (db) => {
			const { numInsertedOrUpdatedRows } = await db
				.insertInto("objections")
				.values({ id, account_id: accountId, purpose, created_at: done.at })
				.onConflict((on) => on.doNothing())
				.executeTakeFirst();
			if (Number(numInsertedOrUpdatedRows ?? 0) === 0) return false;
			await db.deleteFrom("stream_events").where("account_id", "=", accountId).execute();
			await db.updateTable("agents").set({ last_seen_day: null }).where("account_id", "=", accountId).execute();
			await recordDone(db, accountId, done);
			return true;
		}),
	withdrawObjection: (accountId, purpose) =>
		database.write(async (db) => {
			const { numDeletedRows } = await db
				.deleteFrom("objections")
				.where("account_id", "=", accountId)
				.where("purpose", "=", purpose)
				.executeTakeFirst();
			return Number(numDeletedRows) > 0;
		}),
	objections: async (accountId) => {
		const rows = await database.read
			.selectFrom("objections")
			.select(["purpose", "created_at"])
			.where("account_id", "=", accountId)
			.execute();
		return rows.map(({ purpose, created_at }) => ({ purpose, createdAt: created_at }));
	},
	setDirectives: async (accountId, words, done) => {
		await database.write(async (db) => {
			const chosen = { words, created_at: done.at };
			await db
				.insertInto("directives")
				.values({ account_id: accountId, ...chosen })
				.onConflict((on) => on.column("account_id").doUpdateSet(chosen))
				.execute();
			await recordDone(db, accountId, done);
		});
	},
	removeDirectives: (accountId) =>
		database.write(async (db) => {
			const { numDeletedRows } = await db
				.deleteFrom("directives")
				.where("account_id", "=", accountId)
				.executeTakeFirst();
			return Number(numDeletedRows) > 0;
		}),
	directives: async (accountId) => {
		const row = await database.read
			.selectFrom("directives")
			.select(["words", "created_at"])
			.where("account_id", "=", accountId)
			.executeTakeFirst();
		return row && { words: row.words, createdAt: row.created_at };
	},
	requests: async (accountId) => {
		const rows = await database.read
			.selectFrom("requests")
			.selectAll()
			.where("account_id", "=", accountId)
			.orderBy("received_at", "desc")
			.limit(200)
			.execute();
		return rows.map((row) => ({
			number: row.number,
			kind: row.kind,
			channel: row.channel,
			receivedAt: row.received_at,
			dueAt: row.due_at,
			extendedAt: row.extended_at,
			extension: row.extension,
			closedAt: row.closed_at,
			outcome: row.outcome,
			evidence: row.evidence,
		}));
	},
	rename: (accountId, what, id, name) =>
		database.write(async (db) => {
			const [table, column] = NAMES[what];
			const { numAffectedRows } = await sql`UPDATE ${sql.table(table)} SET ${sql.ref(column)} = ${name}
				WHERE id = ${id} AND account_id = ${accountId}`.execute(db);
			return numAffectedRows === 1n;
		}),
	record: async (accountId, done) => {
		await database.write((db) => recordDone(db, accountId, done));
	},
	count: async (accountId) => {
		const counts: Partial<Record<TableName, number>> = {};
		const account = await database.read
			.selectFrom("accounts")
			.select("email_key")
			.where("id", "=", accountId)
			.executeTakeFirst();
		const subject = { id: accountId, emailKey: account?.email_key ?? "", language: "en" as const };
		for (const [name, table] of tables as [TableName, Table][]) {
			if (!table.owners) continue;
			const { rows } = await sql<{
				count: number;
			}>`SELECT count(*) AS count FROM ${sql.table(name)} WHERE ${ownRows(table, subject)}`.execute(database.read);
			counts[name] = rows[0]?.count ?? 0;
		}
		return counts;
	},
});
