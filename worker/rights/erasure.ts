import { signDetached } from "@mivisus/wire/archive";
import type { SigningKey } from "@mivisus/wire/token";
import type { Account } from "../accounts/accounts.ts";
import { type Clock, endedForGood } from "../clock.ts";
import { CONTROLLER } from "../data-map/controller.ts";
import type { Words } from "../data-map/words.ts";
import type { Posting } from "../mail/outbox.ts";
import { Problem } from "../problems.ts";
import { monthsAfter, PROOF_MONTHS } from "./deadlines.ts";
import { newNumber } from "./numbers.ts";

const DAY_MS = 86_400_000;
/** How long a person may take it back. */
export const UNDO_DAYS = 7;
export const UNDO_MS = UNDO_DAYS * DAY_MS;
/** Policy 06.2: after that nothing is left, in backups either. */
export const ERASED_WITHIN_DAYS = 30;
/** For what is late on the day itself: a machine that is down, the mail with the receipt. */
const SLACK_DAYS = 1;
/** The oldest backup that may exist (docs/guide/deploy.md): it must have gone when the promise runs out. */
export const BACKUP_DAYS = ERASED_WITHIN_DAYS - UNDO_DAYS - SLACK_DAYS;

/** What was done with an account's rows, by table: none of it says whose they were. */
export interface Erased {
	deleted: Record<string, number>;
	/** Kept without what names the person. */
	anonymised: Record<string, number>;
}
/** Says that an account was erased; signed, and about nobody. */
export interface Receipt {
	format: "mivisus-receipt";
	version: 1;
	number: string;
	service: string;
	controller: typeof CONTROLLER;
	/** ISO 8601, UTC. */
	erasedAt: string;
	deleted: Record<string, number>;
	anonymised: Record<string, number>;
	/** What the law has us keep, on which ground, until when. */
	kept: { what: Words; law: Words; until: string }[];
	/** By when the last backup that holds the account is gone. */
	backupsGoneBy: string;
}
export interface LedgerEntry {
	accountHash: string;
	erasedAt: number;
	receipt: string;
}
/** Besides what was erased, the file tells who left and who came back: a restored database must not forget either. */
export type LedgerLine =
	| LedgerEntry
	| { accountHash: string; leftAt: number }
	| { accountHash: string; backAt: number };
const isErased = (line: LedgerLine): line is LedgerEntry => "erasedAt" in line;
/** An account that the ledger knows. */
export interface KnownAccount extends Account {
	eraseAt: number | null;
}
/** What the room asks of the store. */
export interface ErasureStore {
	/** Makes the account unusable, ends everything that rests on it, opens the request. False when it is leaving already. */
	leave(
		accountId: string,
		change: {
			eraseAt: number;
			iat: number;
			/**
			 * Where its person asked for it. Without one only an account leaves whose person was told that nobody uses it, and that
			 * nobody has used or restricted since.
			 */
			request: NewRequest | undefined;
			posting: Posting;
		},
	): Promise<boolean>;
	/** The account of an unused undo link, while it is leaving. */
	findLeaving(tokenHash: string, now: number): Promise<Account | undefined>;
	/** Uses the link up and makes the account what it was before; false when it was used, or it is too late. */
	undo(tokenHash: string, posting: Posting, now: number): Promise<boolean>;
	/** Accounts that are due to be erased, at most `limit`. */
	due(now: number, limit: number): Promise<{ id: string; email: string; emailKey: string; language: "en" | "fr" }[]>;
	/**
	 * Erases one account with all that the data map says is the person's, and stores ledger, receipt and mail in the same
	 * transaction. `receiptOf` makes the receipt from what was done, once nothing can come between. `undefined` when it is not
	 * there (any more), or is not due at `dueBy`.
	 */
	erase(
		accountId: string,
		dueBy: number | undefined,
		entry: LedgerEntry,
		receiptOf: (erased: Erased) => Promise<{ document: string; signature: string }>,
		posting: Posting | undefined,
	): Promise<Erased | undefined>;
	/** Makes an account that is leaving, and is to be erased by `eraseBy`, what it was before; false when it is not. */
	stay(accountId: string, eraseBy: number, now: number): Promise<boolean>;
	/** The accounts whose ids have these hashes, if they are (still, or again) there. */
	findByHash(hash: (id: string) => string, hashes: ReadonlySet<string>): Promise<KnownAccount[]>;
	ledger(): Promise<LedgerEntry[]>;
	/** Whether anybody was erased since then, ms. */
	hasErasedSince(ms: number): Promise<boolean>;
	receipt(number: string): Promise<{ document: string; signature: string } | undefined>;
	/** Sees to it that nothing of it is left in the file or in any log. */
	sweep(): Promise<void>;
}
export interface NewRequest {
	number: string;
	kind: "erasure";
	receivedAt: number;
	dueAt: number;
}
/** Where the ledger is kept outside of the database, so that a restored one can be held against it. */
export interface LedgerFile {
	/** Resolves once it is safe. */
	append(line: LedgerLine): Promise<void>;
	read(): Promise<LedgerLine[]>;
	/** Drops the lines that are not kept. */
	keep(isKept: (line: LedgerLine) => boolean): Promise<void>;
}

export interface ErasureOptions {
	store: ErasureStore;
	clock: Clock;
	hash(text: string): string;
	key: SigningKey;
	service: string;
	notice(letter: "leaving" | "unused-leaving" | "stays", account: Account): Posting;
	receiptMail(to: { email: string; emailKey: string; language: "en" | "fr" }, number: string): Posting;
	dueAt(receivedAt: number): number;
	posted(): void;
	/** Something went wrong that the person cannot help. */
	onFault(error: Error): void;
	/** Where there are files. */
	file?: LedgerFile | undefined;
}
const ACCOUNTS_AT_ONCE = 20;

/** Leaving (art. 17): at once unusable, within days gone, provably, and after a restore gone again. */
export class Erasure {
	#options: ErasureOptions;
	constructor(options: ErasureOptions) {
		this.#options = options;
	}
	/** Cuts everything off now; erases when the days to take it back are over. */
	async leave(account: Account): Promise<{ eraseAt: number; number: string }> {
		const now = this.#options.clock.now();
		const eraseAt = now + UNDO_MS;
		const number = newNumber();
		if (!(await this.#go(account, { leftAt: now, eraseAt, number }))) throw new Problem("unauthorized");
		await this.#left(account.id, now);
		return { eraseAt, number };
	}
	/** The same for an account that nobody uses; false when somebody does after all. */
	async leaveUnused(account: Account): Promise<boolean> {
		const now = this.#options.clock.now();
		const gone = await this.#go(account, { leftAt: now, eraseAt: now + UNDO_MS, number: undefined });
		if (gone) await this.#left(account.id, now);
		return gone;
	}
	/** `number`: of the person's request; `undefined` when nobody uses the account. */
	async #go(
		account: Account,
		{ leftAt, eraseAt, number }: { leftAt: number; eraseAt: number; number: string | undefined },
	): Promise<boolean> {
		const { store, clock, notice, posted, dueAt } = this.#options;
		const request: NewRequest | undefined =
			number === undefined ? undefined : { number, kind: "erasure", receivedAt: leftAt, dueAt: dueAt(leftAt) };
		const posting = notice(request ? "leaving" : "unused-leaving", account);
		const left = await store.leave(account.id, { eraseAt, iat: endedForGood(clock), request, posting });
		if (left) posted();
		return left;
	}
	/** It has left: that a restored database would not know it is no reason to refuse. */
	async #left(accountId: string, leftAt: number): Promise<void> {
		const { file, hash, onFault } = this.#options;
		await file?.append({ accountHash: hash(accountId), leftAt }).catch(onFault);
	}
	/** Takes it back, with the mailed link. */
	async undo(token: string): Promise<void> {
		const { store, clock, hash, notice, posted, file } = this.#options;
		const tokenHash = hash(token);
		const account = await store.findLeaving(tokenHash, clock.now());
		if (!account) throw new Problem("link-unusable");
		// First: an account that stays here and is erased after the next restore would be lost for good.
		await file?.append({ accountHash: hash(account.id), backAt: clock.now() });
		if (!(await store.undo(tokenHash, notice("stays", account), clock.now()))) throw new Problem("link-unusable");
		posted();
	}
	/** Erases every account whose days are over; resolves with how many. */
	async eraseDue(): Promise<number> {
		const { store, clock, hash, file, posted, receiptMail } = this.#options;
		let count = 0;
		/** One that cannot be erased must not stand before all the others. */
		const failed = new Map<string, Error>();
		for (;;) {
			const due = (await store.due(clock.now(), ACCOUNTS_AT_ONCE + failed.size)).filter(({ id }) => !failed.has(id));
			for (const account of due) {
				const entry = { accountHash: hash(account.id), erasedAt: clock.now(), receipt: newNumber() };
				const receiptOf = async (erased: Erased) => {
					// Before the rows are gone: were the machine to die in between, the next start erases what stands in the ledger.
					await file?.append(entry);
					return this.#sign(entry, erased);
				};
				const posting = receiptMail(account, entry.receipt);
				try {
					if (await store.erase(account.id, clock.now(), entry, receiptOf, posting)) count += 1;
				} catch (error) {
					failed.set(account.id, error as Error);
				}
			}
			if (due.length === 0) break;
		}
		if (count > 0) {
			await store.sweep();
			posted();
		}
		const [error] = failed.values();
		if (error) throw error;
		return count;
	}
	/**
	 * Erases again whatever a restored backup brought back; resolves with how many (goals P3, D5). `atStart`: before anybody is
	 * served, and what the restored database forgot of who left and who came back is done again as well. Later only the
	 * database knows that.
	 */
	async replay(atStart = false): Promise<number> {
		const { store, hash, file, clock } = this.#options;
		const now = clock.now();
		const kept = await store.ledger();
		const lines = (await file?.read()) ?? [];
		const known = new Map(lines.map((line) => [line.accountHash, line]));
		for (const entry of kept) {
			const line = known.get(entry.accountHash);
			if (!line || !isErased(line)) await file?.append(entry);
			known.set(entry.accountHash, entry);
		}
		for (const line of lines) if (isErased(line)) known.set(line.accountHash, line);
		if (known.size === 0) return 0;
		let again = 0;
		for (const account of await store.findByHash(hash, new Set(known.keys()))) {
			const line = known.get(hash(account.id));
			// One that is due is erased by the jobs, which tell its person.
			const due = account.state === "leaving" && account.eraseAt !== null && account.eraseAt <= now;
			if (line && isErased(line)) {
				if (due) continue;
				await store.erase(account.id, undefined, line, (erased) => this.#sign(line, erased), undefined);
				again += 1;
			} else if (atStart && line) await this.#chosen(account, line);
		}
		if (again > 0) await store.sweep();
		await file?.keep((line) =>
			isErased(line)
				? line.erasedAt > monthsAfter(now, -PROOF_MONTHS)
				: ("leftAt" in line ? line.leftAt : line.backAt) > now - ERASED_WITHIN_DAYS * DAY_MS,
		);
		return again;
	}
	/** Whether anybody was erased since then, ms. */
	hasErasedSince(ms: number): Promise<boolean> {
		return this.#options.store.hasErasedSince(ms);
	}
	/** What its person chose last, where the database does not know it (any more). */
	async #chosen(account: KnownAccount, line: Exclude<LedgerLine, LedgerEntry>): Promise<void> {
		const { store, clock } = this.#options;
		const now = clock.now();
		if ("backAt" in line) {
			// Only what it took back: a leaving that is newer may have been cut off before the file had it.
			await store.stay(account.id, line.backAt + UNDO_MS, now);
			return;
		}
		if (account.state !== "active" && account.state !== "restricted") return;
		const { leftAt } = line;
		// The link of the first mail is gone with the database: this one works for a day at least.
		const eraseAt = Math.max(leftAt + UNDO_MS, now + DAY_MS);
		await this.#go(account, { leftAt, eraseAt, number: newNumber() });
	}
	/** A receipt by its number: it names nobody, so it is for whoever has the number. */
	async receipt(number: string): Promise<{ document: string; signature: string }> {
		const found = await this.#options.store.receipt(number);
		if (!found) throw new Problem("not-found");
		return found;
	}
	async #sign({ receipt: number, erasedAt }: LedgerEntry, { deleted, anonymised }: Erased) {
		const { service, key } = this.#options;
		const year = (add: number) => {
			const until = new Date(erasedAt);
			until.setUTCFullYear(until.getUTCFullYear() + add);
			return until.toISOString();
		};
		const receipt: Receipt = {
			format: "mivisus-receipt",
			version: 1,
			number,
			service,
			controller: CONTROLLER,
			erasedAt: new Date(erasedAt).toISOString(),
			deleted,
			anonymised,
			kept: [
				{
					what: {
						en: "requests about rights, without what names the person",
						fr: "les demandes relatives aux droits, sans ce qui nomme la personne",
					},
					law: {
						en: "articles 5(2) and 12(3) GDPR: proof that they were answered in time",
						fr: "articles 5(2) et 12(3) du RGPD : preuve qu’il y a été répondu à temps",
					},
					until: year(3),
				},
				{
					what: {
						en: "this receipt, and a hash by which a restored backup is erased again",
						fr: "ce reçu, et une empreinte par laquelle une sauvegarde restaurée est effacée de nouveau",
					},
					law: { en: "articles 5(2) and 17 GDPR", fr: "articles 5(2) et 17 du RGPD" },
					until: year(3),
				},
			],
			backupsGoneBy: new Date(erasedAt + (BACKUP_DAYS + SLACK_DAYS) * DAY_MS).toISOString(),
		};
		const document = JSON.stringify(receipt, null, "\t");
		return { document, signature: await signDetached("mivisus-receipt", new TextEncoder().encode(document), key) };
	}
}
