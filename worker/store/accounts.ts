import type { AccountStore, WithHash } from "../accounts/accounts.ts";
import type { Database, Db } from "./database.ts";
import { post } from "./outbox.ts";
import type { AccountTable } from "./schema.ts";
import { endSessions } from "./sessions.ts";

const ACCOUNT = ["accounts.id", "email", "email_key", "full_name", "state", "language", "password_hash"] as const;
type Row = Pick<AccountTable, "id" | "email" | "email_key" | "full_name" | "state" | "language" | "password_hash">;
const toAccount = (row: Row): WithHash => ({
	id: row.id,
	email: row.email,
	emailKey: row.email_key,
	fullName: row.full_name,
	state: row.state,
	language: row.language,
	passwordHash: row.password_hash,
});

/** Uses a link up; resolves with its account and what it changes, or `undefined` when it is used, gone or too old. */
const useLink = (db: Db, purpose: "confirmation" | "reset" | "address", tokenHash: string, now: number) =>
	db
		.updateTable("links")
		.set({ used_at: now })
		.where("token_hash", "=", tokenHash)
		.where("purpose", "=", purpose)
		.where("used_at", "is", null)
		.where("expires_at", ">", now)
		.returning(["account_id", "new_email", "new_email_key"])
		.executeTakeFirst();
/** Its address is proved. Whatever opened it before that was not given out by whom the address belongs to. */
async function makeActive(db: Db, id: string): Promise<void> {
	const { numUpdatedRows } = await db
		.updateTable("accounts")
		.set({ state: "active" })
		.where("id", "=", id)
		.where("state", "=", "unconfirmed")
		.executeTakeFirst();
	if (Number(numUpdatedRows) === 0) return;
	for (const table of ["sessions", "passkeys"] as const)
		await db.deleteFrom(table).where("account_id", "=", id).execute();
}

/** An unconfirmed account: nobody has proved to own its address. From before there were mails, some have agents. */
export const unconfirmed = (db: Db) =>
	db
		.selectFrom("accounts")
		.select("id")
		.where("state", "=", "unconfirmed")
		.where(({ not, exists, selectFrom }) =>
			not(exists(selectFrom("agents").select("id").whereRef("agents.account_id", "=", "accounts.id"))),
		);
/** Forgets `which` of the unconfirmed accounts that have no agents, with all that hangs on them. */
export async function forgetUnconfirmed(db: Db, which: { olderThan: number } | { emailKey: string }): Promise<void> {
	const accounts =
		"emailKey" in which
			? unconfirmed(db).where("email_key", "=", which.emailKey)
			: unconfirmed(db).where("created_at", "<=", which.olderThan);
	for (const table of ["links", "sessions", "passkeys", "outbox"] as const)
		await db.deleteFrom(table).where("account_id", "in", accounts).execute();
	await db.deleteFrom("accounts").where("id", "in", accounts).execute();
}

/**
 * What lies in mailboxes opens nothing any more, and what is still on its way there will not: whoever asked for another
 * address with the old password must not get it after the owner has chosen a new one.
 */
async function voidLinks(db: Db, accountId: string): Promise<void> {
	await db.deleteFrom("links").where("account_id", "=", accountId).where("used_at", "is", null).execute();
	await db.deleteFrom("outbox").where("account_id", "=", accountId).where("letter", "=", "address").execute();
}

/** Accounts in the database. `revoked`: sessions were ended, the relay is to hear of it. */
export const accountStore = (database: Database, revoked: () => void): AccountStore => ({
	signUp: async (account, posting) => {
		const chosen = {
			email: account.email,
			full_name: account.fullName,
			password_hash: account.passwordHash,
			language: account.language,
			created_at: account.createdAt,
			terms_version: account.termsVersion,
			agreement_version: account.agreementVersion,
			accepted_at: account.createdAt,
		};
		await database.write(async (db) => {
			await db
				.insertInto("accounts")
				.values({ ...chosen, id: account.id, email_key: account.emailKey, state: account.state })
				.onConflict((on) => on.column("email_key").doUpdateSet(chosen).where("accounts.state", "=", "unconfirmed"))
				.execute();
			if (posting) await post(db, posting);
		});
	},
	post: async (...postings) => {
		await database.write(async (db) => {
			for (const posting of postings) await post(db, posting);
		});
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
		return row && toAccount(row);
	},
	replaceHash: async (id, before, password_hash) => {
		await database.write((db) =>
			db
				.updateTable("accounts")
				.set({ password_hash })
				.where("id", "=", id)
				.where("password_hash", "=", before)
				.execute(),
		);
	},
	findByLink: async (purpose, tokenHash, now) => {
		const row = await database.read
			.selectFrom("links")
			.innerJoin("accounts", "accounts.id", "links.account_id")
			.select(ACCOUNT)
			.where("token_hash", "=", tokenHash)
			.where("purpose", "=", purpose)
			.where("used_at", "is", null)
			.where("expires_at", ">", now)
			.where("accounts.state", "not in", ["leaving", "erased"])
			.executeTakeFirst();
		return row && toAccount(row);
	},
	confirm: (tokenHash, provedHash, now) =>
		database.write(async (db) => {
			const proved = await db
				.selectFrom("links")
				.innerJoin("accounts", "accounts.id", "links.account_id")
				.select("accounts.id")
				.where("token_hash", "=", tokenHash)
				.where("password_hash", "=", provedHash)
				.executeTakeFirst();
			const link = proved && (await useLink(db, "confirmation", tokenHash, now));
			if (link) await makeActive(db, link.account_id);
			return link !== undefined;
		}),
	reset: async (tokenHash, password_hash, posting, now, iat) => {
		const done = await database.write(async (db) => {
			const link = await useLink(db, "reset", tokenHash, now);
			if (!link) return false;
			await db.updateTable("accounts").set({ password_hash }).where("id", "=", link.account_id).execute();
			await makeActive(db, link.account_id);
			await endSessions(db, link.account_id, "all", iat);
			await voidLinks(db, link.account_id);
			await post(db, posting);
			return true;
		});
		if (done) revoked();
		return done;
	},
	changeEmail: (tokenHash, posting, now) =>
		database.write(async (db) => {
			const link = await useLink(db, "address", tokenHash, now);
			if (!link || link.new_email === null || link.new_email_key === null) return false;
			// Whoever signed up with it has not proved that it is theirs; who holds this link has.
			await forgetUnconfirmed(db, { emailKey: link.new_email_key });
			const taken = await db
				.selectFrom("accounts")
				.select("id")
				.where("email_key", "=", link.new_email_key)
				.where("id", "!=", link.account_id)
				.executeTakeFirst();
			if (taken) return false;
			await db
				.updateTable("accounts")
				.set({ email: link.new_email, email_key: link.new_email_key })
				.where("id", "=", link.account_id)
				.execute();
			await voidLinks(db, link.account_id);
			await post(db, posting);
			return true;
		}),
	changePassword: async (id, password_hash, keep, posting, iat) => {
		await database.write(async (db) => {
			await db.updateTable("accounts").set({ password_hash }).where("id", "=", id).execute();
			await endSessions(db, id, { allBut: keep }, iat);
			await voidLinks(db, id);
			await post(db, posting);
		});
		revoked();
	},
	update: async (id, { fullName, language }) => {
		await database.write((db) =>
			db
				.updateTable("accounts")
				.set({ ...(fullName !== undefined && { full_name: fullName }), ...(language !== undefined && { language }) })
				.where("id", "=", id)
				.execute(),
		);
	},
	makeActive: async (id) => {
		await database.write((db) => makeActive(db, id));
	},
});
