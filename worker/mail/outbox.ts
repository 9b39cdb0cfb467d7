import { deliverable } from "../accounts/email.ts";
import type { After, Clock } from "../clock.ts";
import { LETTERS, type LetterName, writeLetter } from "./letters.ts";
import { type Mailer, MailRefused } from "./mail.ts";

/** A mail to be sent: written by the store in the same transaction as what it tells of. */
export interface Posting {
	id: string;
	letter: LetterName;
	/** `undefined` when it is not known whether the address has an account. */
	accountId: string | undefined;
	recipient: string;
	recipientKey: string;
	language: "en" | "fr";
	/** ms since 1970. */
	askedAt: number;
}
/** A mail taken out for an attempt, with what is known now. */
export interface Due {
	id: string;
	/** The attempt that this is, from 1. */
	attempt: number;
	askedAt: number;
	/** What becomes of it now; `undefined` when there is nobody to write to, or a newer mail took its place. */
	letter: { name: LetterName; to: string; fullName: string | undefined; language: "en" | "fr" } | undefined;
}
export interface OutboxStore {
	/**
	 * Takes the next one that is due, and puts it off until `retryAt(attempt)` in case this process dies over it. A letter
	 * with a link stores the link's hash with it, made by `tokenHash` from the mail's id.
	 */
	take(now: number, retryAt: (attempt: number) => number, tokenHash: (id: string) => string): Promise<Due | undefined>;
	/** It was handed over, or needs not be. */
	remove(id: string): Promise<void>;
	/** It could not be sent; `dead` when it is not tried again. */
	failed(id: string, problem: string, dead: boolean): Promise<void>;
	/** When the next one is due, ms since 1970. */
	nextAt(): Promise<number | undefined>;
}

/** Waits between attempts, s; over about a day, then the mail is dead and the operator sees it. */
export const BACK_OFF_S = [5, 30, 120, 600, 1800, 7200, 21_600, 43_200];
/** Never sleeps longer than this, ms: another process may have written a mail. */
const MAX_SLEEP_MS = 60_000;

export type OutboxEvent =
	| { what: "sent"; subject: string; letter: string }
	| { what: "failed"; letter: string; id: string; problem: string; attempt: number; dead: boolean }
	| { what: "broken"; error: Error };

/** Sends what stands in the outbox: at least once, each under its own idempotency key, later again when it fails. */
export class Outbox {
	#store: OutboxStore;
	#mailer: Mailer;
	#clock: Clock;
	#origin: string;
	#token: (id: string) => string;
	#hash: (text: string) => string;
	#after: After;
	#tell: (event: OutboxEvent) => void;
	#cancel: (() => void) | undefined;
	#run: Promise<void> | undefined;
	#again = false;
	#closed = false;

	constructor(options: {
		store: OutboxStore;
		mailer: Mailer;
		clock: Clock;
		/** Where links lead. */
		origin: string;
		/** The token of the mail's link: always the same for the same id. */
		token: (id: string) => string;
		hash: (text: string) => string;
		after: After;
		tell: (event: OutboxEvent) => void;
	}) {
		this.#store = options.store;
		this.#mailer = options.mailer;
		this.#clock = options.clock;
		this.#origin = options.origin;
		this.#token = options.token;
		this.#hash = options.hash;
		this.#after = options.after;
		this.#tell = options.tell;
	}
	/** There may be something to send. Never throws. */
	poke(): void {
		void this.settle();
	}
	/** Sends all that is due; resolves when nothing is left to do now. Never rejects. */
	settle(): Promise<void> {
		if (this.#closed) return Promise.resolve();
		this.#again = true;
		this.#run ??= this.#drain().finally(() => {
			this.#run = undefined;
		});
		return this.#run;
	}
	/** Takes no further mail; resolves when the one on its way is done with, or after a second: it is sent again then. */
	async close(): Promise<void> {
		this.#closed = true;
		this.#cancel?.();
		await Promise.race([this.#run, new Promise<void>((resolve) => this.#after(1000, resolve))]);
	}
	async #drain(): Promise<void> {
		this.#cancel?.();
		let sleep = MAX_SLEEP_MS;
		try {
			while (this.#again && !this.#closed) {
				this.#again = false;
				await this.sendDue();
			}
			const next = await this.#store.nextAt();
			if (next !== undefined) sleep = Math.min(sleep, Math.max(1000, next - this.#clock.now()));
		} catch (error) {
			this.#tell({ what: "broken", error: error as Error });
		}
		if (!this.#closed) this.#cancel = this.#after(sleep, () => this.poke());
	}
	/** Sends what is due now; rejects when the database fails. Several at the same time do no harm: each mail is taken out once. */
	async sendDue(): Promise<void> {
		while (!this.#closed && (await this.#sendOne()));
	}
	async #sendOne(): Promise<boolean> {
		const retryAt = (attempt: number) => this.#clock.now() + 1000 * (BACK_OFF_S[attempt - 1] ?? BACK_OFF_S.at(-1) ?? 0);
		const due = await this.#store.take(this.#clock.now(), retryAt, (id) => this.#hash(this.#token(id)));
		if (!due) return false;
		const { id, attempt, letter, askedAt } = due;
		if (!letter) {
			await this.#store.remove(id);
			return true;
		}
		const message = writeLetter({
			id,
			letter: letter.name,
			to: deliverable(letter.to),
			fullName: letter.fullName,
			language: letter.language,
			happenedAt: askedAt,
			origin: this.#origin,
			token: this.#token(id),
		});
		try {
			await this.#mailer.send(message);
		} catch (error) {
			const problem = error instanceof MailRefused ? error.code : "unreachable";
			const dead = error instanceof MailRefused || attempt >= BACK_OFF_S.length;
			// Of who is erased nothing waits for the operator.
			if (dead && "forNobody" in LETTERS[letter.name]) await this.#store.remove(id);
			else await this.#store.failed(id, problem, dead);
			this.#tell({ what: "failed", letter: letter.name, id, problem, attempt, dead });
			return true;
		}
		await this.#store.remove(id);
		this.#tell({ what: "sent", subject: message.subject, letter: letter.name });
		return true;
	}
}
