import type { PasskeyStore, StoredPasskey, UsedChallenge } from "../passkeys/passkeys.ts";
import type { Database, Db } from "./database.ts";
import { post } from "./outbox.ts";
import type { PasskeyTable } from "./schema.ts";

/** Marks a challenge as answered; false when it was answered before. */
async function useChallenge(db: Db, { hash, expiresAt }: UsedChallenge): Promise<boolean> {
	const { numInsertedOrUpdatedRows } = await db
		.insertInto("used_challenges")
		.values({ hash, expires_at: expiresAt })
		.onConflict((on) => on.doNothing())
		.executeTakeFirst();
	return Number(numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Marks what may be used once until `expiresAt`, for all processes at once; false when it was used before. */
export const usedStore = (database: Database) => (hash: string, expiresAt: number) =>
	database.write((db) => useChallenge(db, { hash, expiresAt }));

const toPasskey = (row: PasskeyTable): StoredPasskey => ({
	id: row.id,
	accountId: row.account_id,
	credentialId: row.credential_id,
	publicKey: row.public_key,
	counter: row.counter,
	transports: JSON.parse(row.transports) as string[],
	label: row.label,
	createdAt: row.created_at,
	lastUsedDay: row.last_used_day,
});

/** Passkeys in the database. */
export const passkeyStore = (database: Database): PasskeyStore => ({
	list: async (accountId) => {
		const rows = await database.read
			.selectFrom("passkeys")
			.selectAll()
			.where("account_id", "=", accountId)
			.orderBy("created_at")
			.execute();
		return rows.map(toPasskey);
	},
	find: async (credentialId) => {
		const row = await database.read
			.selectFrom("passkeys")
			.selectAll()
			.where("credential_id", "=", credentialId)
			.executeTakeFirst();
		return row && toPasskey(row);
	},
	add: (passkey, challenge, posting) =>
		database.write(async (db) => {
			if (!(await useChallenge(db, challenge))) return false;
			const { numInsertedOrUpdatedRows } = await db
				.insertInto("passkeys")
				.values({
					id: passkey.id,
					account_id: passkey.accountId,
					credential_id: passkey.credentialId,
					public_key: passkey.publicKey,
					counter: passkey.counter,
					transports: JSON.stringify(passkey.transports),
					label: passkey.label,
					created_at: passkey.createdAt,
					last_used_day: passkey.lastUsedDay,
				})
				.onConflict((on) => on.doNothing())
				.executeTakeFirst();
			if (Number(numInsertedOrUpdatedRows ?? 0) === 0) return false;
			await post(db, posting);
			return true;
		}),
	used: (id, counter, day, challenge) =>
		database.write(async (db) => {
			if (!(await useChallenge(db, challenge))) return false;
			const { numUpdatedRows } = await db
				.updateTable("passkeys")
				.set({ counter, last_used_day: day })
				.where("id", "=", id)
				.executeTakeFirst();
			return Number(numUpdatedRows) > 0;
		}),
	remove: (accountId, id, posting) =>
		database.write(async (db) => {
			const { numDeletedRows } = await db
				.deleteFrom("passkeys")
				.where("account_id", "=", accountId)
				.where("id", "=", id)
				.executeTakeFirst();
			if (Number(numDeletedRows) === 0) return false;
			await post(db, posting);
			return true;
		}),
});
