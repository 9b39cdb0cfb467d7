import { forgetUnconfirmed } from "./accounts.ts";
import type { Database } from "./database.ts";

/** Policy: a carried order is kept 30 days from when it was given, carried out or not. */
export const COMMAND_MS = 30 * 86_400_000;

/** Policy 06.5: an address that is not confirmed by then is forgotten with its account. */
const UNCONFIRMED_MS = 7 * 86_400_000;
/** A mail that could not be sent is shown to the operator for so long. */
const DEAD_MAIL_MS = 30 * 86_400_000;
/** A link outlives its end by what a mail may stay in the outbox, so that a late repetition does not make it anew. */
const LINK_KEPT_MS = 3 * 86_400_000;

/**
 * Removes what ran out, so that the policy's periods hold by themselves: sessions past their end, links past theirs, old
 * orders, answered challenges, dead mails. Run at start and every hour.
 */
export const sweep = (database: Database, nowMs: number): Promise<void> =>
	database.write(async (db) => {
		await db.deleteFrom("sessions").where("expires_at", "<=", nowMs).execute();
		await db.deleteFrom("enrolments").where("expires_at", "<=", nowMs).execute();
		await db
			.deleteFrom("commands")
			.where("created_at", "<=", nowMs - COMMAND_MS)
			.execute();
		await db
			.deleteFrom("links")
			.where("expires_at", "<=", nowMs - LINK_KEPT_MS)
			.execute();
		await forgetUnconfirmed(db, { olderThan: nowMs - UNCONFIRMED_MS });
		await db.deleteFrom("used_challenges").where("expires_at", "<=", nowMs).execute();
		await db
			.deleteFrom("outbox")
			.where("state", "=", "dead")
			.where("asked_at", "<=", nowMs - DEAD_MAIL_MS)
			.execute();
	});
