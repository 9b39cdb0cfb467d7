import type { Selectable } from "kysely";
import { isLetter, LETTERS, type LetterName } from "../mail/letters.ts";
import type { Due, OutboxStore, Posting } from "../mail/outbox.ts";
import { UNDO_MS } from "../rights/erasure.ts";
import type { Database, Db } from "./database.ts";
import type { LinkTable, OutboxTable } from "./schema.ts";

type Row = Selectable<OutboxTable>;

/** How long a link works once it is mailed, ms (trust: 1.5). */
const LINK_MS: Record<LinkTable["purpose"], number> = {
	confirmation: 24 * 3_600_000,
	reset: 10 * 60_000,
	address: 24 * 3_600_000,
	undo: UNDO_MS,
};
/** Gone accounts get no mail but what the law asks for. */
const REACHABLE = ["unconfirmed", "active", "restricted"] as const;

/** Puts a mail into the outbox, inside the transaction of what it tells of. */
export async function post(
	db: Db,
	{ id, letter, accountId, recipient, recipientKey, language, askedAt }: Posting,
): Promise<void> {
	const row = {
		id,
		letter,
		account_id: accountId ?? null,
		recipient,
		recipient_key: recipientKey,
		language,
		state: "waiting" as const,
		next_at: askedAt,
		asked_at: askedAt,
		problem: null,
	};
	await db.insertInto("outbox").values(row).execute();
}

/** Letters to accounts that are leaving: each has the link that takes it back. */
const LEAVING: readonly string[] = ["leaving", "unused-leaving"] satisfies LetterName[];
/** Links by their letter. */
const purposeOf = (letter: LetterName): LinkTable["purpose"] =>
	LEAVING.includes(letter) ? "undo" : (letter as LinkTable["purpose"]);

/** The account that a mail is about, unless it is going or gone. */
const accountOf = (db: Db, row: Row) =>
	db
		.selectFrom("accounts")
		.select(["id", "email", "full_name", "state", "language"])
		.where(row.account_id === null ? "email_key" : "id", "=", row.account_id ?? row.recipient_key)
		.where("state", "in", LEAVING.includes(row.letter) ? ["leaving"] : [...REACHABLE])
		.executeTakeFirst();
type Found = NonNullable<Awaited<ReturnType<typeof accountOf>>>;

/** Who a letter is for now, and which one it has become. */
async function resolve(db: Db, row: Row, account: Found): Promise<Due["letter"]> {
	if (!isLetter(row.letter)) return undefined;
	const to = (name: LetterName, fullName: string | undefined): Due["letter"] => ({
		name,
		// The account's own spelling, once it is proved: another one may be another mailbox.
		to: row.account_id === null && account.state !== "unconfirmed" ? account.email : row.recipient,
		fullName,
		language: row.account_id === null ? account.language : row.language,
	});
	switch (row.letter) {
		case "confirmation":
			// Anybody may have typed the name of an account that is not confirmed: an advertisement, or bait.
			return account.state === "unconfirmed" ? to("confirmation", undefined) : to("account-exists", account.full_name);
		case "address": {
			const owner = await db
				.selectFrom("accounts")
				.select("id")
				.where("email_key", "=", row.recipient_key)
				.where("state", "!=", "unconfirmed")
				.executeTakeFirst();
			// Strangers learn nobody's name.
			return to(owner ? "address-taken" : "address", undefined);
		}
		default:
			return to(row.letter, account.state === "unconfirmed" ? undefined : account.full_name);
	}
}

/** The link that `letter` carries. False when it was used already, or a newer one of its kind is out (A01). */
async function storeLink(db: Db, row: Row, accountId: string, letter: LetterName, tokenHash: string, now: number) {
	if (!("page" in LETTERS[letter])) return true;
	const purpose = purposeOf(letter);
	const link = {
		id: row.id,
		token_hash: tokenHash,
		new_email: purpose === "address" ? row.recipient : null,
		new_email_key: purpose === "address" ? row.recipient_key : null,
		asked_at: row.asked_at,
		expires_at: now + LINK_MS[purpose],
		used_at: null,
	};
	const { numInsertedOrUpdatedRows } = await db
		.insertInto("links")
		.values({ ...link, account_id: accountId, purpose })
		.onConflict((on) =>
			on
				.columns(["account_id", "purpose"])
				.doUpdateSet(link)
				.where((eb) =>
					eb.or([
						eb.and([eb("links.id", "=", row.id), eb("links.used_at", "is", null)]),
						eb.and([eb("links.id", "!=", row.id), eb("links.asked_at", "<=", row.asked_at)]),
					]),
				),
		)
		.executeTakeFirst();
	return Number(numInsertedOrUpdatedRows ?? 0) > 0;
}

/** The outbox in the database. */
export const outboxStore = (database: Database): OutboxStore => ({
	take: (now, retryAt, tokenHash) =>
		database.write(async (db) => {
			const row = await db
				.selectFrom("outbox")
				.selectAll()
				.where("state", "=", "waiting")
				.where("next_at", "<=", now)
				.orderBy("next_at")
				.orderBy("asked_at")
				.limit(1)
				.executeTakeFirst();
			if (!row) return undefined;
			const attempt = row.attempts + 1;
			await db
				.updateTable("outbox")
				.set({ attempts: attempt, next_at: retryAt(attempt) })
				.where("id", "=", row.id)
				.execute();
			if (isLetter(row.letter) && "forNobody" in LETTERS[row.letter]) {
				const letter = { name: row.letter, to: row.recipient, fullName: undefined, language: row.language };
				return { id: row.id, attempt, askedAt: row.asked_at, letter };
			}
			const account = await accountOf(db, row);
			const letter = account && (await resolve(db, row, account));
			const carried = letter && (await storeLink(db, row, account.id, letter.name, tokenHash(row.id), now));
			return { id: row.id, attempt, askedAt: row.asked_at, letter: carried ? letter : undefined };
		}),
	remove: async (id) => {
		await database.write((db) => db.deleteFrom("outbox").where("id", "=", id).execute());
	},
	failed: async (id, problem, dead) => {
		await database.write((db) =>
			db
				.updateTable("outbox")
				.set({ problem, ...(dead && { state: "dead" as const }) })
				.where("id", "=", id)
				.execute(),
		);
	},
	nextAt: async () => {
		const { next } = await database.read
			.selectFrom("outbox")
			.select((eb) => eb.fn.min("next_at").as("next"))
			.where("state", "=", "waiting")
			.executeTakeFirstOrThrow();
		return next ?? undefined;
	},
});
