import type { Accounts } from "./accounts/accounts.ts";
import type { Clock } from "./clock.ts";
import { Desk } from "./rights/desk.ts";
import type { Erasure } from "./rights/erasure.ts";
import type { Database } from "./store/database.ts";
import { deskStore } from "./store/desk.ts";
import { sweep, unusedAccounts } from "./store/housekeeping.ts";
import { post } from "./store/outbox.ts";

/** What the jobs of an hour did. */
export interface JobsDone {
	warned: number;
	left: number;
	erased: number;
	/** Numbers of requests that reached day 20 unanswered, and of those that are late: the operator answers them now. */
	reminded: string[];
	overdue: string[];
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
	const { reminded, overdue } = await new Desk(deskStore(database), clock, accounts.notice.bind(accounts)).watch();
	await database.checkpoint();
	return { warned, left: over.length, erased, reminded, overdue };
}
