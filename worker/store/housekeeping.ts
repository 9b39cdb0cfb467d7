import type { Database } from "./database.ts";

/** Policy: a carried order is kept 30 days from when it was given, carried out or not. */
export const COMMAND_MS = 30 * 86_400_000;

/**
 * Removes what ran out, so that the policy's periods hold by themselves: sessions past their end, links past theirs, old
 * orders. Run at start and every hour.
 */
export const sweep = (database: Database, nowMs: number): Promise<void> =>
	database.write(async (db) => {
		await db.deleteFrom("sessions").where("expires_at", "<=", nowMs).execute();
		await db.deleteFrom("enrolments").where("expires_at", "<=", nowMs).execute();
		await db
			.deleteFrom("commands")
			.where("created_at", "<=", nowMs - COMMAND_MS)
			.execute();
	});
