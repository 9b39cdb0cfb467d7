import type { Accounts } from "./accounts/accounts.ts";
import type { Clock } from "./clock.ts";
import type { Erasure } from "./rights/erasure.ts";
import type { Database } from "./store/database.ts";
import { sweep, unusedAccounts } from "./store/housekeeping.ts";
import { post } from "./store/outbox.ts";

/** What the jobs of an hour did. */
export interface JobsDone {
	warned: number;
	left: number;
	erased: number;
}

/**
 * Keeps the policy's periods: what ran out goes, who does not use an account is told and then leaves, who left is erased, and
 * nothing of any of it stays in the log. Run at start and every hour, on whatever runtime; the time is `clock`'s alone.
 */
export async function runJobs(
	database: Database,
	accounts: Accounts,
	erasure: Erasure,
	clock: Clock,
): Promise<JobsDone> {
	await sweep(database, clock.now());
	const { warned, over } = await unusedAccounts(
		database,
		clock.now(),
		(account) => accounts.notice("unused", account),
		post,
	);
	for (const account of over) await erasure.leave(account);
	const erased = await erasure.eraseDue();
	await database.checkpoint();
	return { warned, left: over.length, erased };
}
