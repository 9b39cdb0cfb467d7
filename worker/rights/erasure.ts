import { signDetached } from "@mivisus/wire/archive";
import type { SigningKey } from "@mivisus/wire/token";
import type { Account } from "../accounts/accounts.ts";
import { type Clock, endedForGood } from "../clock.ts";
import { CONTROLLER } from "../data-map/controller.ts";
import type { Words } from "../data-map/words.ts";
import type { Posting } from "../mail/outbox.ts";
import { Problem } from "../problems.ts";
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
/** What the room asks of the store. */
export interface ErasureStore {
	/** Makes the account unusable, ends everything that rests on it, opens the request. False when it is leaving already. */
	leave(
		accountId: string,
		change: { eraseAt: number; iat: number; request: NewRequest; posting: Posting },
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
	/** The account whose id has this hash, if it is (still, or again) there. */
	findByHash(hash: (id: string) => string, hashes: ReadonlySet<string>): Promise<string[]>;
	ledger(): Promise<LedgerEntry[]>;
	receipt(number: string): Promise<{ document: string; signature: string } | undefined>;
	/** Sees to it that nothing of it is in any log. */
	checkpoint(): Promise<void>;
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
	append(entry: LedgerEntry): Promise<void>;
	read(): Promise<LedgerEntry[]>;
}

export interface ErasureOptions {
	store: ErasureStore;
	clock: Clock;
	hash(text: string): string;
	key: SigningKey;
	service: string;
	notice(letter: "leaving" | "stays", account: Account): Posting;
	receiptMail(to: { email: string; emailKey: string; language: "en" | "fr" }, number: string): Posting;
	dueAt(receivedAt: number): number;
	posted(): void;
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
		const { store, clock, notice, posted, dueAt } = this.#options;
		const now = clock.now();
		const eraseAt = now + UNDO_MS;
		const request: NewRequest = { number: newNumber(), kind: "erasure", receivedAt: now, dueAt: dueAt(now) };
		const change = { eraseAt, iat: endedForGood(clock), request, posting: notice("leaving", account) };
		if (!(await store.leave(account.id, change))) throw new Problem("unauthorized");
		posted();
		return { eraseAt, number: request.number };
	}
	/** Takes it back, with the mailed link. */
	async undo(token: string): Promise<void> {
		const { store, clock, hash, notice, posted } = this.#options;
		const tokenHash = hash(token);
		const account = await store.findLeaving(tokenHash, clock.now());
		if (!account) throw new Problem("link-unusable");
		if (!(await store.undo(tokenHash, notice("stays", account), clock.now()))) throw new Problem("link-unusable");
		posted();
	}
	/** Erases every account whose days are over; resolves with how many. */
	async eraseDue(): Promise<number> {
		const { store, clock, hash, file, posted, receiptMail } = this.#options;
		let count = 0;
		for (;;) {
			const due = await store.due(clock.now(), ACCOUNTS_AT_ONCE);
			for (const account of due) {
				const entry = { accountHash: hash(account.id), erasedAt: clock.now(), receipt: newNumber() };
				const receiptOf = async (erased: Erased) => {
					// Before the rows are gone: were the machine to die in between, the next start erases what stands in the ledger.
					await file?.append(entry);
					return this.#sign(entry, erased);
				};
				const posting = receiptMail(account, entry.receipt);
				if (await store.erase(account.id, clock.now(), entry, receiptOf, posting)) count += 1;
			}
			if (due.length < ACCOUNTS_AT_ONCE) break;
		}
		if (count > 0) {
			await store.checkpoint();
			posted();
		}
		return count;
	}
	/**
	 * Erases again whatever a restored backup brought back. Before anybody is served (goal P3, D5).
	 */
	async replay(): Promise<number> {
		const { store, hash, file } = this.#options;
		const entries = new Map((await store.ledger()).map((entry) => [entry.accountHash, entry]));
		for (const entry of (await file?.read()) ?? []) entries.set(entry.accountHash, entry);
		if (entries.size === 0) return 0;
		const back = await store.findByHash(hash, new Set(entries.keys()));
		for (const id of back) {
			const entry = entries.get(hash(id));
			if (entry) await store.erase(id, undefined, entry, (erased) => this.#sign(entry, erased), undefined);
		}
		if (back.length > 0) await store.checkpoint();
		return back.length;
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
