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
		const account = await this.#store.findAccount(email.key);
		const request: DeskRequest = {
			number: newNumber(),
			kind,
			channel: "mail",
			receivedAt,
			dueAt: dueAt(receivedAt),
			remindedAt: null,
			extendedAt: null,
			requester: account ? null : email.display,
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
		const posting = account && this.#notice("request-extended", account);
		if (!(await this.#store.extend(number, until, reason, this.#clock.now(), posting)))
			throw new DeskRefusal("It was closed meanwhile.");
		return until;
	}
	/** `evidence`: what shows that it was done, or for a refusal the article that it rests on and the way to complain. */
	async close(number: string, outcome: "done" | "refused", evidence: string): Promise<void> {
		const { account } = await this.#find(number);
		if (outcome === "refused" && !/\bart/i.test(evidence))
			throw new DeskRefusal("A refusal names the article that it rests on, e.g. “art. 12(5): manifestly unfounded”.");
		const posting = account && this.#notice("request-answered", account);
		if (!(await this.#store.close(number, outcome, evidence, this.#clock.now(), posting)))
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
		const found = await this.#store.find(number);
		if (!found) throw new DeskRefusal(`There is no open request ${number}.`);
		return found;
	}
}
