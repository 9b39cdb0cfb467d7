import type { Account } from "../accounts/accounts.ts";
import { type Email, parseEmail } from "../accounts/email.ts";
import type { Clock } from "../clock.ts";
import type { Posting } from "../mail/outbox.ts";
import { dueAt, extendedTo, reminderAt } from "./deadlines.ts";
import { newNumber } from "./numbers.ts";
import type { RequestKind } from "./rights.ts";

/** A request as its operator sees it: by number, and whether an account or somebody without one waits for the answer. */
export interface DeskRequest {
	number: string;
	kind: RequestKind;
	channel: "self" | "mail";
	receivedAt: number;
	dueAt: number;
	remindedAt: number | null;
	extendedAt: number | null;
	/** Whom it is from, where there is no account. */
	requester: string | null;
	accountId: string | null;
}
export interface DeskStore {
	findAccount(emailKey: string): Promise<Account | undefined>;
	insert(request: DeskRequest, posting: Posting | undefined): Promise<void>;
	/** Those that wait for an answer, the most urgent first. */
	open(): Promise<DeskRequest[]>;
	find(number: string): Promise<{ request: DeskRequest; account: Account | undefined } | undefined>;
	/** False when it was closed or put off meanwhile. */
	extend(number: string, dueAt: number, reason: string, now: number, posting: Posting | undefined): Promise<boolean>;
	close(
		number: string,
		outcome: "done" | "refused",
		evidence: string,
		now: number,
		posting: Posting | undefined,
	): Promise<boolean>;
	/** Marks those of the open ones that were received by then and are not marked; resolves with their numbers. */
	remind(receivedBy: number, now: number): Promise<string[]>;
}
/** Words that say something. */
const LEAST_WORDS = 5;
/** No request waits for so long, nor is one known: a year was mistyped. */
const OLDEST_MS = 3 * 365 * 86_400_000;
/** Something that cannot be done, in words for the operator. */
export class DeskRefusal extends Error {
	override name = "DeskRefusal";
}

/** Where requests that came by mail are entered, watched and answered (policy 07.7; art. 12 GDPR). For the operator. */
export class Desk {
	#store: DeskStore;
	#clock: Clock;
	#notice: (letter: "request-received" | "request-extended" | "request-answered", account: Account) => Posting;
	constructor(
		store: DeskStore,
		clock: Clock,
		notice: (letter: "request-received" | "request-extended" | "request-answered", account: Account) => Posting,
	) {
		this.#store = store;
		this.#clock = clock;
		this.#notice = notice;
	}
	/**
	 * Enters a request that came by mail at `receivedAt`. From an account's address it is that account's, and its person is
	 * told; they prove who they are by signing in, never by a copy of an identity card.
	 */
	async enter(kind: RequestKind, typedEmail: string, receivedAt: number): Promise<DeskRequest> {
		const email: Email | undefined = parseEmail(typedEmail);
		if (!email) throw new DeskRefusal(`${typedEmail} is not an e-mail address.`);
		if (receivedAt > this.#clock.now()) throw new DeskRefusal("It cannot have come in the future.");
		if (receivedAt < this.#clock.now() - OLDEST_MS)
			throw new DeskRefusal("That is more than three years ago. Is the year right?");
		const account = await this.#store.findAccount(email.key);
		const request: DeskRequest = {
			number: newNumber(),
			kind,
			channel: "mail",
			receivedAt,
			dueAt: dueAt(receivedAt),
			remindedAt: null,
			extendedAt: null,
			// In canonical form, as accounts have it: whoever proves later that it is theirs sees the request, and erases it.
			requester: account ? null : email.key,
			accountId: account?.id ?? null,
		};
		await this.#store.insert(request, account && this.#notice("request-received", account));
		return request;
	}
	open(): Promise<DeskRequest[]> {
		return this.#store.open();
	}
	/** Two further months, for a reason that the person is told now; only within the first month (art. 12(3)). */
	async extend(number: string, reason: string): Promise<number> {
		const { request, account } = await this.#find(number);
		if (request.extendedAt !== null)
			throw new DeskRefusal("It was put off already: once is all that article 12(3) allows.");
		const until = extendedTo(request.receivedAt, this.#clock.now());
		if (until === undefined)
			throw new DeskRefusal("The first month is over: article 12(3) allows no extension any more. Answer it now.");
		saying(reason, "Say why it takes longer: the person reads it.");
		const posting = account && this.#notice("request-extended", account);
		if (!(await this.#store.extend(request.number, until, reason, this.#clock.now(), posting)))
			throw new DeskRefusal("It was closed meanwhile.");
		return until;
	}
	/** `evidence`: what shows that it was done, or for a refusal the article that it rests on and the way to complain. */
	async close(number: string, outcome: "done" | "refused", evidence: string): Promise<void> {
		const { request, account } = await this.#find(number);
		if (request.kind === "erasure" && request.channel === "self")
			throw new DeskRefusal(
				"The person asked for this one themselves: it closes by itself, when the account is erased.",
			);
		if (outcome === "refused" && !/\bart(\.|icles?)?\s*\d+/i.test(evidence))
			throw new DeskRefusal("A refusal names the article that it rests on, e.g. “art. 12(5): manifestly unfounded”.");
		saying(evidence, "Say what was done: it is the proof, and the person reads it.");
		const posting = account && this.#notice("request-answered", account);
		if (!(await this.#store.close(request.number, outcome, evidence, this.#clock.now(), posting)))
			throw new DeskRefusal("It was closed meanwhile.");
	}
	/** Numbers of the requests that reached day 20 unanswered since the last look, and of those that are late. */
	async watch(): Promise<{ reminded: string[]; overdue: string[] }> {
		const now = this.#clock.now();
		const reminded = await this.#store.remind(now - reminderAt(0), now);
		const overdue = (await this.#store.open()).filter((request) => request.dueAt < now).map(({ number }) => number);
		return { reminded, overdue };
	}
	async #find(number: string) {
		const found = await this.#store.find(number.trim().toUpperCase());
		if (!found) throw new DeskRefusal(`There is no open request ${number}.`);
		return found;
	}
}

function saying(words: string, otherwise: string): void {
	if (words.trim().length < LEAST_WORDS) throw new DeskRefusal(otherwise);
}
