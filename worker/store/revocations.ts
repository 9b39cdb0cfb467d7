import type { RevocationStore } from "../revocations/pusher.ts";
import type { Database, Db } from "./database.ts";

/** Records for the relay that what rests on `refs` has ended, inside the transaction that ends it. `iat`: s since 1970. */
export async function revoke(db: Db, refs: readonly string[], iat: number): Promise<void> {
	if (refs.length === 0) return;
	await db
		.insertInto("revocations")
		.values(refs.map((ref) => ({ ref, iat })))
		.execute();
}

/** Revocations in the database. */
export const revocationStore = (database: Database): RevocationStore => ({
	after: (seq, limit) =>
		database.read.selectFrom("revocations").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit).execute(),
	prune: async (iat) => {
		const old = await database.read.selectFrom("revocations").select("seq").where("iat", "<", iat).executeTakeFirst();
		if (old) await database.write((db) => db.deleteFrom("revocations").where("iat", "<", iat).execute());
	},
});
