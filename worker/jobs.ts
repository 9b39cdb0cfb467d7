import type { Account, Accounts } from "./accounts/accounts.ts";
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
	/** Accounts that were there although they had been erased. */
	again: number;
	/** Steps that did not succeed; the others did, and the next hour tries all of them. */
	failed: { step: string; error: Error }[];
}

/** Until the run of the jobs after the one that erased: they run every hour. */
const LETTERS_MS = 2 * 3_600_000;

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
	const done: JobsDone = { warned: 0, left: 0, erased: 0, reminded: [], overdue: [], again: 0, failed: [] };
	/** One promise that cannot be kept just now is no reason to break the others. */
	const step = async (name: string, work: () => Promise<void>): Promise<void> => {
		try {
			await work();
		} catch (error) {
			done.failed.push({ step: name, error: error as Error });
		}
	};
	await step("removing what ran out", () => sweep(database, clock.now()));
	await step("unused accounts", async () => {
		const letter = (account: Account) => accounts.notice("unused", account);
		const { warned, over } = await unusedAccounts(database, clock.now(), letter, post);
		done.warned = warned;
		for (const account of over) if (await erasure.leaveUnused(account)) done.left += 1;
	});
	await step("erasing what a restored database brought back", async () => {
		done.again = await erasure.replay();
	});
	await step("erasing accounts", async () => {
		done.erased = await erasure.eraseDue();
	});
	await step("watching requests", async () => {
		const desk = new Desk(deskStore(database), clock, accounts.notice.bind(accounts));
		Object.assign(done, await desk.watch());
	});
	await step("emptying the log", async () => {
		// Once more after the last letters to whoever was erased: until then their addresses stood in the outbox.
		const lettersAreOut = done.erased + done.again === 0 && (await erasure.hasErasedSince(clock.now() - LETTERS_MS));
		if (lettersAreOut) await database.sweep();
		else await database.checkpoint();
	});
	return done;
}
