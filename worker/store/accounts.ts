import type { Account, AccountStore } from "../accounts/accounts.ts";
import type { Session, SessionStore } from "../sessions/sessions.ts";
import type { Database } from "./database.ts";

const ACCOUNT = ["id", "email", "full_name", "state", "password_hash"] as const;
type Row = { id: string; email: string; full_name: string; state: Account["state"]; password_hash: string };
const toAccount = (row: Row) => ({
	id: row.id,
	email: row.email,
	fullName: row.full_name,
	state: row.state,
	passwordHash: row.password_hash,
});

/** Accounts in the database. */
export const accountStore = (database: Database): AccountStore => ({
	insert: async (account) => {
		const row = {
			id: account.id,
			email: account.email,
			email_key: account.emailKey,
			full_name: account.fullName,
			password_hash: account.passwordHash,
			state: account.state,
			language: account.language,
			created_at: account.createdAt,
		};
		await database.write((db) =>
			db
				.insertInto("accounts")
				.values(row)
				.onConflict((on) => on.column("email_key").doNothing())
				.execute(),
		);
	},
	findByEmail: async (emailKey) => {
		const row = await database.read
			.selectFrom("accounts")
			.select(ACCOUNT)
			.where("email_key", "=", emailKey)
			.executeTakeFirst();
		return row && toAccount(row);
	},
	find: async (id) => {
		const row = await database.read.selectFrom("accounts").select(ACCOUNT).where("id", "=", id).executeTakeFirst();
		if (!row) return undefined;
		const { passwordHash: _, ...account } = toAccount(row);
		return account;
	},
	replaceHash: async (id, password_hash) => {
		await database.write((db) => db.updateTable("accounts").set({ password_hash }).where("id", "=", id).execute());
	},
	confirm: async (id) => {
		await database.write((db) =>
			db
				.updateTable("accounts")
				.set({ state: "active" })
				.where("id", "=", id)
				.where("state", "=", "unconfirmed")
				.execute(),
		);
	},
});

/** Sessions in the database. */
export const sessionStore = (database: Database, revoked: () => void): SessionStore => ({
	insert: async ({ id, accountId, jtiHash, createdAt, expiresAt }) => {
		const row = { id, account_id: accountId, jti_hash: jtiHash, created_at: createdAt, expires_at: expiresAt };
		await database.write(async (db) => {
			// Those that ran out go with the next sign-in; the job of a later issue does it for those who never return.
			await db.deleteFrom("sessions").where("expires_at", "<=", createdAt).execute();
			await db.insertInto("sessions").values(row).execute();
		});
	},
	find: async (jtiHash, now): Promise<Session | undefined> => {
		const row = await database.read
			.selectFrom("sessions")
			.innerJoin("accounts", "accounts.id", "sessions.account_id")
			.select(["sessions.id", "sessions.account_id"])
			.where("jti_hash", "=", jtiHash)
			.where("expires_at", ">", now)
			.where("accounts.state", "not in", ["leaving", "erased"])
			.executeTakeFirst();
		return row && { id: row.id, accountId: row.account_id, jtiHash };
	},
	end: async ({ id, jtiHash }, iat) => {
		await database.write(async (db) => {
			await db.deleteFrom("sessions").where("jti_hash", "=", jtiHash).execute();
			await db
				.insertInto("revocations")
				.values({ ref: `session:${id}`, iat })
				.execute();
		});
		revoked();
	},
});
