import { type CompiledQuery, sql } from "kysely";
import type { Proof } from "../accounts/accounts.ts";
import type { SessionStore } from "../sessions/sessions.ts";
import type { Database, Db } from "./database.ts";
import { revoke } from "./revocations.ts";

/** Which of an account's sessions. */
type Which = "all" | { only: string } | { allBut: string };

/** Ends sessions of the account and records it for the relay, inside the caller's transaction; whether there were any. */
export async function endSessions(db: Db, accountId: string, which: Which, iat: number): Promise<boolean> {
	let query = db.deleteFrom("sessions").where("account_id", "=", accountId);
	if (which !== "all")
		query = "only" in which ? query.where("id", "=", which.only) : query.where("id", "!=", which.allBut);
	const ended = await query.returning("id").execute();
	await revoke(
		db,
		ended.map(({ id }) => `session:${id}`),
		iat,
	);
	return ended.length > 0;
}

/** The account is used: whether it still is decides when it is removed (policy 06.5). */
const markActive = (db: Db, accountId: string, day: string | null) =>
	db.updateTable("accounts").set({ active_day: day, warned_day: null }).where("id", "=", accountId).execute();

/** Whether somebody may still get in with what was proved. */
async function stillHolds(db: Db, accountId: string, proof: Proof): Promise<boolean> {
	const found = await db
		.selectFrom("accounts")
		.select("accounts.id")
		.where("accounts.id", "=", accountId)
		.where("state", "in", ["active", "restricted"])
		.where(({ eb, exists, selectFrom }) =>
			"passwordHash" in proof
				? eb("password_hash", "=", proof.passwordHash)
				: exists(
						selectFrom("passkeys")
							.select("passkeys.id")
							.whereRef("passkeys.account_id", "=", "accounts.id")
							.where("passkeys.id", "=", proof.passkeyId),
					),
		)
		.executeTakeFirst();
	return found !== undefined;
}

/** What each request of a signed-in person asks, put into SQL once: building it costs more than the read itself. */
const lookupOf = (db: Db) =>
	db
		.selectFrom("sessions")
		.innerJoin("accounts", "accounts.id", "sessions.account_id")
		.select(["sessions.id", "sessions.account_id", "proved_at", "last_used_day", "expires_at"])
		.select(["email", "full_name", "state", "language"])
		.where("jti_hash", "=", "")
		.where("expires_at", ">", 0)
		.where(sql<boolean>`state NOT IN ('unconfirmed', 'leaving', 'erased')`)
		.compile();
type Found = ReturnType<typeof lookupOf> extends CompiledQuery<infer Row> ? Row : never;

/** Sessions in the database. */
export const sessionStore = (database: Database, revoked: () => void): SessionStore => {
	const lookup = lookupOf(database.read);
	return {
		insert: async ({ id, accountId, jtiHash, createdAt, expiresAt, label, provedAt, lastUsedDay }, proof) => {
			const row = {
				id,
				account_id: accountId,
				jti_hash: jtiHash,
				created_at: createdAt,
				expires_at: expiresAt,
				label,
				proved_at: provedAt,
				last_used_day: lastUsedDay,
			};
			return database.write(async (db) => {
				if (!(await stillHolds(db, accountId, proof))) return false;
				// Those that ran out go with the next sign-in; the hourly sweep does it for those who never return.
				await db.deleteFrom("sessions").where("expires_at", "<=", createdAt).execute();
				await db.insertInto("sessions").values(row).execute();
				await markActive(db, accountId, lastUsedDay);
				return true;
			});
		},
		find: async (jtiHash, now) => {
			const { rows } = await database.read.executeQuery<Found>({ ...lookup, parameters: [jtiHash, now] });
			const [row] = rows;
			if (!row) return undefined;
			const { account_id: accountId, email, full_name: fullName, state, language } = row;
			return {
				session: {
					id: row.id,
					accountId,
					jtiHash,
					provedAt: row.proved_at,
					lastUsedDay: row.last_used_day,
					expiresAt: row.expires_at,
				},
				account: { id: accountId, email, fullName, state, language },
			};
		},
		touch: async (id, day) => {
			await database.write(async (db) => {
				const used = await db
					.updateTable("sessions")
					.set({ last_used_day: day })
					.where("id", "=", id)
					.returning("account_id")
					.executeTakeFirst();
				if (used) await markActive(db, used.account_id, day);
			});
		},
		rotate: (session, jtiHash, provedAt) =>
			database.write(async (db) => {
				const { numUpdatedRows } = await db
					.updateTable("sessions")
					.set({ jti_hash: jtiHash, proved_at: provedAt })
					.where("jti_hash", "=", session.jtiHash)
					.executeTakeFirst();
				return Number(numUpdatedRows) > 0;
			}),
		list: async (accountId, now) => {
			const rows = await database.read
				.selectFrom("sessions")
				.select(["id", "label", "created_at", "last_used_day"])
				.where("account_id", "=", accountId)
				.where("expires_at", ">", now)
				.orderBy("created_at", "desc")
				.execute();
			return rows.map(({ id, label, created_at, last_used_day }) => ({
				id,
				label,
				createdAt: created_at,
				lastUsedDay: last_used_day,
			}));
		},
		endById: async (accountId, id, iat) => {
			const ended = await database.write((db) => endSessions(db, accountId, { only: id }, iat));
			if (ended) revoked();
			return ended;
		},
		endOthers: async (accountId, keep, iat) => {
			await database.write((db) => endSessions(db, accountId, { allBut: keep }, iat));
			revoked();
		},
	};
};
