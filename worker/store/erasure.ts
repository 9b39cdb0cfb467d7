import { sql } from "kysely";
import { type Table, tables } from "../data-map/map.ts";
import type { Erased, ErasureStore } from "../rights/erasure.ts";
import type { Database, Db } from "./database.ts";
import { ownRows } from "./exports.ts";
import { post } from "./outbox.ts";
import { revoke } from "./revocations.ts";
import { endSessions } from "./sessions.ts";

const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** Deletes or anonymises every row of the person's, table by table as the data map orders them. */
async function eraseRows(db: Db, subject: { id: string; emailKey: string; language: "en" }): Promise<Erased> {
	const erased: Erased = { deleted: {}, anonymised: {} };
	for (const [name, table] of tables as [string, Table][]) {
		const { owners, mentions, erasure } = table;
		if (!owners || erasure === "nobody") continue;
		if (erasure === "delete") {
			const mentioned = mentions ? sql` OR ${sql.ref(mentions)} = ${subject.emailKey}` : sql``;
			const { numAffectedRows } =
				await sql`DELETE FROM ${sql.table(name)} WHERE ${ownRows(table, subject)} ${mentioned}`.execute(db);
			erased.deleted[name] = Number(numAffectedRows ?? 0);
		} else {
			const forgotten = sql.join(erasure.forget.map((column) => sql`${sql.ref(column)} = NULL`));
			const { numAffectedRows } =
				await sql`UPDATE ${sql.table(name)} SET ${forgotten} WHERE ${ownRows(table, subject)}`.execute(db);
			erased.anonymised[name] = Number(numAffectedRows ?? 0);
		}
	}
	return erased;
}

/** A leaving account that is to be erased after `after` and by `by` is what it was before; false when there is none. */
async function takeBack(
	db: Db,
	accountId: string,
	{ after, by }: { after: number; by: number },
	now: number,
): Promise<boolean> {
	const { numUpdatedRows } = await db
		.updateTable("accounts")
		.set((e) => ({ state: sql`state_before`, state_before: null, erase_at: null, revision: e("revision", "+", 1) }))
		.where("id", "=", accountId)
		.where("state", "=", "leaving")
		.where("erase_at", ">", after)
		.where("erase_at", "<=", by)
		.executeTakeFirst();
	if (numUpdatedRows !== 1n) return false;
	// One that came by mail is the operator's to answer.
	await db
		.updateTable("requests")
		.set({ closed_at: now, outcome: "withdrawn" })
		.where("account_id", "=", accountId)
		.where("kind", "=", "erasure")
		.where("channel", "=", "self")
		.where("closed_at", "is", null)
		.execute();
	return true;
}

/** Leaving and erasing in the database. `revoked`: something ended that the relay is to hear of; `changed`: an account's agents are. */
export const erasureStore = (
	database: Database,
	revoked: () => void,
	changed: (accountId: string) => void,
): ErasureStore => ({
	leave: async (accountId, { eraseAt, iat, request, posting }) => {
		const done = await database.write(async (db) => {
			const { numUpdatedRows } = await db
				.updateTable("accounts")
				.set((e) => ({
					state: "leaving",
					state_before: sql`state`,
					erase_at: eraseAt,
					revision: e("revision", "+", 1),
				}))
				.where("id", "=", accountId)
				.where("state", "in", request ? ["active", "restricted"] : ["active"])
				// A sign-in takes the warning back.
				.$if(request === undefined, (query) => query.where("warned_day", "is not", null))
				.executeTakeFirst();
			if (numUpdatedRows !== 1n) return false;
			await endSessions(db, accountId, "all", iat);
			await revoke(db, [`account:${accountId}`], iat);
			// Nothing that lies in a mailbox opens it any more; what follows is the one link that takes it back.
			await db.deleteFrom("links").where("account_id", "=", accountId).execute();
			await db.deleteFrom("outbox").where("account_id", "=", accountId).execute();
			if (request)
				await db
					.insertInto("requests")
					.values({
						number: request.number,
						account_id: accountId,
						requester: null,
						kind: request.kind,
						channel: "self",
						received_at: request.receivedAt,
						due_at: request.dueAt,
					})
					.execute();
			await post(db, posting);
			return true;
		});
		if (done) {
			revoked();
			changed(accountId);
		}
		return done;
	},
	findLeaving: async (tokenHash, now) => {
		const row = await database.read
			.selectFrom("links")
			.innerJoin("accounts", "accounts.id", "links.account_id")
			.select(["accounts.id", "email", "full_name", "state", "language"])
			.where("token_hash", "=", tokenHash)
			.where("purpose", "=", "undo")
			.where("used_at", "is", null)
			.where("state", "=", "leaving")
			.where("erase_at", ">", now)
			.executeTakeFirst();
		return row && { id: row.id, email: row.email, fullName: row.full_name, state: row.state, language: row.language };
	},
	undo: (tokenHash, posting, now) =>
		database.write(async (db) => {
			const link = await db
				.selectFrom("links")
				.select(["id", "account_id"])
				.where("token_hash", "=", tokenHash)
				.where("purpose", "=", "undo")
				.where("used_at", "is", null)
				.executeTakeFirst();
			// One that comes too late uses nothing up: a clock that was set back makes it early again.
			if (!link || !(await takeBack(db, link.account_id, { after: now, by: FOR_EVER }, now))) return false;
			await db.updateTable("links").set({ used_at: now }).where("id", "=", link.id).execute();
			await post(db, posting);
			return true;
		}),
	stay: (accountId, eraseBy, now) => database.write((db) => takeBack(db, accountId, { after: 0, by: eraseBy }, now)),
	due: async (now, limit) => {
		const rows = await database.read
			.selectFrom("accounts")
			.select(["id", "email", "email_key", "language"])
			.where("state", "=", "leaving")
			.where("erase_at", "<=", now)
			.orderBy("erase_at")
			.limit(limit)
			.execute();
		return rows.map(({ id, email, email_key, language }) => ({ id, email, emailKey: email_key, language }));
	},
	erase: (accountId, dueBy, entry, receiptOf, posting) =>
		database.write(async (db) => {
			const account = await db
				.selectFrom("accounts")
				.select(["email_key", "state", "erase_at"])
				.where("id", "=", accountId)
				.executeTakeFirst();
			if (!account) return undefined;
			const due = account.state === "leaving" && account.erase_at !== null && account.erase_at <= (dueBy ?? 0);
			if (dueBy !== undefined && !due) return undefined;
			// Whatever else was asked for went with the account.
			await db
				.updateTable("requests")
				.set({
					closed_at: entry.erasedAt,
					outcome: sql<"done" | "withdrawn">`CASE kind WHEN 'erasure' THEN 'done' ELSE 'withdrawn' END`,
				})
				.where("account_id", "=", accountId)
				.where("closed_at", "is", null)
				.execute();
			const erased = await eraseRows(db, { id: accountId, emailKey: account.email_key, language: "en" });
			const { document, signature } = await receiptOf(erased);
			await db
				.insertInto("erasures")
				.values({ account_hash: entry.accountHash, erased_at: entry.erasedAt, receipt: entry.receipt })
				.onConflict((on) => on.doNothing())
				.execute();
			await db
				.insertInto("receipts")
				.values({ number: entry.receipt, made_at: entry.erasedAt, document, signature })
				.onConflict((on) => on.doNothing())
				.execute();
			if (posting) await post(db, posting);
			return erased;
		}),
	findByHash: async (hash, hashes) => {
		const ids = (await database.read.selectFrom("accounts").select("id").execute()).map(({ id }) => id);
		const known = ids.filter((id) => hashes.has(hash(id)));
		if (known.length === 0) return [];
		const rows = await database.read
			.selectFrom("accounts")
			.select(["id", "email", "full_name as fullName", "state", "language", "erase_at as eraseAt"])
			.where("id", "in", known)
			.execute();
		return rows;
	},
	ledger: async () => {
		const rows = await database.read.selectFrom("erasures").selectAll().execute();
		return rows.map(({ account_hash, erased_at, receipt }) => ({
			accountHash: account_hash,
			erasedAt: erased_at,
			receipt,
		}));
	},
	hasErasedSince: async (ms) => {
		const query = database.read.selectFrom("erasures").select("receipt").where("erased_at", ">=", ms).limit(1);
		return (await query.executeTakeFirst()) !== undefined;
	},
	receipt: async (number) =>
		database.read
			.selectFrom("receipts")
			.select(["document", "signature"])
			.where("number", "=", number)
			.executeTakeFirst(),
	sweep: () => database.sweep(),
});
