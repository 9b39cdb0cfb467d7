import { sql } from "kysely";
import type { Account } from "../accounts/accounts.ts";
import { STREAM_EVENT_MS } from "../cameras/cameras.ts";
import type { Posting } from "../mail/outbox.ts";
import { monthsAfter, PROOF_MONTHS } from "../rights/deadlines.ts";
import { forgetUnconfirmed, unconfirmed } from "./accounts.ts";
import type { Database, Db } from "./database.ts";
import type { Schema } from "./schema.ts";

const DAY_MS = 86_400_000;
/** Policy: a carried order is kept 30 days from when it was given, carried out or not. */
export const COMMAND_MS = 30 * DAY_MS;
/** Policy 06.5: an address that is not confirmed by then is forgotten with its account. */
const UNCONFIRMED_MS = 7 * DAY_MS;
/** A mail that could not be sent is shown to the operator for so long. */
const DEAD_MAIL_MS = 30 * DAY_MS;
/** A link outlives its end by what a mail may stay in the outbox, so that a late repetition does not make it anew. */
const LINK_KEPT_MS = 3 * DAY_MS;
/** Longer than any session at the relay, s; the pusher forgets them as well, while it reaches the relay. */
const REVOCATION_S = 7200;
/** Anonymous counts (CNIL: measurement of audience). */
const COUNT_MONTHS = 25;

/** What goes because its time is over: rows of `table` for which `when` holds. */
interface Rule {
	/** The policy's sentence, or what says so. */
	because: string;
	table: keyof Schema;
	/** What happened to the person, not what lets somebody in: stays while they have its use restricted (art. 18, policy 07.6). */
	heldByRestriction?: true;
	when: (now: number) => ReturnType<typeof sql<boolean>>;
}
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const RULES: readonly Rule[] = [
	{ because: "02.7", table: "sessions", when: (now) => sql`expires_at <= ${now}` },
	{ because: "10 minutes", table: "enrolments", when: (now) => sql`expires_at <= ${now}` },
	{
		because: "02.11",
		table: "commands",
		heldByRestriction: true,
		when: (now) => sql`created_at <= ${now - COMMAND_MS}`,
	},
	{
		because: "02.4",
		table: "stream_events",
		heldByRestriction: true,
		when: (now) => sql`at <= ${now - STREAM_EVENT_MS}`,
	},
	{ because: "02.13", table: "links", when: (now) => sql`expires_at <= ${now - LINK_KEPT_MS}` },
	{
		because: "02.13",
		table: "outbox",
		heldByRestriction: true,
		when: (now) => sql`state = 'dead' AND asked_at <= ${now - DEAD_MAIL_MS}`,
	},
	{
		because: "5 minutes, or a day for a copy's link",
		table: "used_challenges",
		when: (now) => sql`expires_at <= ${now}`,
	},
	{ because: "2 hours", table: "revocations", when: (now) => sql`iat <= ${Math.floor(now / 1000) - REVOCATION_S}` },
	{
		because: "07.7",
		table: "requests",
		heldByRestriction: true,
		when: (now) => sql`closed_at <= ${monthsAfter(now, -PROOF_MONTHS)}`,
	},
	{ because: "06.2", table: "erasures", when: (now) => sql`erased_at <= ${monthsAfter(now, -PROOF_MONTHS)}` },
	{ because: "06.2", table: "receipts", when: (now) => sql`made_at <= ${monthsAfter(now, -PROOF_MONTHS)}` },
	{ because: "06.3", table: "page_counts", when: (now) => sql`day <= ${dayOf(monthsAfter(now, -COUNT_MONTHS))}` },
	{ because: "06.3", table: "download_counts", when: (now) => sql`day <= ${dayOf(monthsAfter(now, -COUNT_MONTHS))}` },
];

/** Which rows of a rule's table go at `now`. An account that is restricted and leaves may be taken back: as one that is not. */
function goes({ table, when, heldByRestriction }: Rule, now: number) {
	if (!heldByRestriction) return when(now);
	return sql`${when(now)} AND NOT EXISTS (SELECT 1 FROM accounts
		WHERE accounts.id = ${sql.ref(`${table}.account_id`)} AND 'restricted' IN (accounts.state, accounts.state_before))`;
}

/**
 * Removes what ran out, so that the policy's periods hold by themselves. Run at start and every hour; what goes is gone from
 * the log as well (`Database.checkpoint`, by the caller).
 */
export const sweep = (database: Database, nowMs: number): Promise<void> =>
	database.write(async (db) => {
		for (const rule of RULES) await sql`DELETE FROM ${sql.table(rule.table)} WHERE ${goes(rule, nowMs)}`.execute(db);
		await forgetUnconfirmed(db, { olderThan: nowMs - UNCONFIRMED_MS });
	});

/** Policy 06.5: nobody signed in for so long; a month before that its person is told. */
const UNUSED_MONTHS = 24;
const WARNED_MONTHS = 23;
/** Between the word and the removal there is at least so much time, whatever the machine was doing. */
const WARNING_DAYS = 30;

const usedBefore = (db: Db, day: string) =>
	db
		.selectFrom("accounts")
		// Whoever restricted its use wants it kept (art. 18(2): erasing is processing too).
		.where("state", "=", "active")
		.where(sql<string>`coalesce(active_day, date(created_at / 1000, 'unixepoch'))`, "<=", day);
const toWarn = (db: Db, nowMs: number) =>
	usedBefore(db, dayOf(monthsAfter(nowMs, -WARNED_MONTHS))).where("warned_day", "is", null);
const toLeave = (db: Db, nowMs: number) =>
	usedBefore(db, dayOf(monthsAfter(nowMs, -UNUSED_MONTHS))).where(
		"warned_day",
		"<=",
		dayOf(nowMs - WARNING_DAYS * DAY_MS),
	);
const PERSON = ["id", "email", "full_name as fullName", "language"] as const;

/** Accounts that nobody uses: tells their people, `letter` makes the mail; resolves with those whose time is over. */
export async function unusedAccounts(
	database: Database,
	nowMs: number,
	letter: (account: Account) => Posting,
	post: (db: Db, posting: Posting) => Promise<void>,
) {
	const people = (rows: Omit<Account, "state">[]): Account[] => rows.map((row) => ({ ...row, state: "active" }));
	const warn = people(await toWarn(database.read, nowMs).select(PERSON).limit(500).execute());
	for (const account of warn)
		await database.write(async (db) => {
			const marked = await db
				.updateTable("accounts")
				.set({ warned_day: dayOf(nowMs) })
				.where("id", "=", account.id)
				// Somebody may have signed in since.
				.where("id", "in", toWarn(db, nowMs).select("id"))
				.executeTakeFirst();
			if (marked.numUpdatedRows === 1n) await post(db, letter(account));
		});
	return { warned: warn.length, over: people(await toLeave(database.read, nowMs).select(PERSON).limit(500).execute()) };
}

/** What the next run of the jobs would do at `nowMs`, and does not: rows by table and reason. For the operator. */
export async function retentionReport(
	database: Database,
	nowMs: number,
): Promise<{ what: string; because: string; rows: number }[]> {
	const report: { what: string; because: string; rows: number }[] = [];
	const all = (query: { rows: { count: number }[] }) => query.rows[0]?.count ?? 0;
	for (const rule of RULES) {
		const { because, table } = rule;
		const counted = await sql<{
			count: number;
		}>`SELECT count(*) AS count FROM ${sql.table(table)} WHERE ${goes(rule, nowMs)}`.execute(database.read);
		report.push({ what: table, because, rows: all(counted) });
	}
	const accounts = async (what: string, because: string, query: { execute(): Promise<unknown[]> }) =>
		report.push({ what, because, rows: (await query.execute()).length });
	await accounts(
		"accounts never confirmed",
		"06.5",
		unconfirmed(database.read).where("created_at", "<=", nowMs - UNCONFIRMED_MS),
	);
	await accounts("people told that their account is unused", "06.5", toWarn(database.read, nowMs).select("id"));
	await accounts("unused accounts that begin to leave", "06.5", toLeave(database.read, nowMs).select("id"));
	await accounts(
		"leaving accounts to erase",
		"06.2",
		database.read.selectFrom("accounts").select("id").where("state", "=", "leaving").where("erase_at", "<=", nowMs),
	);
	return report;
}
