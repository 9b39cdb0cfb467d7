import { newId } from "@mivisus/wire/ids";
import type { Account } from "../accounts/accounts.ts";
import { type Clock, seconds } from "../clock.ts";
import type { TableName } from "../data-map/map.ts";
import type { Posting } from "../mail/outbox.ts";
import { Problem } from "../problems.ts";
import { dueAt } from "./deadlines.ts";
import { newNumber } from "./numbers.ts";

/** What a person can object to here: what is done with their data on the ground of a legitimate interest (art. 21). */
export const OBJECTABLE = ["reliability"] as const;
/** A token may be under way whose right was looked at before; more would keep pictures away after the restriction is lifted. */
const RACE_S = 5;
export type Objectable = (typeof OBJECTABLE)[number];
export const REQUEST_KINDS = [
	"access",
	"rectification",
	"erasure",
	"portability",
	"objection",
	"restriction",
	"directives",
	"other",
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];
/** What a person has given a name that only they see. */
export type Named = "agent" | "device" | "passkey" | "session";
/** A request as its person sees it. Times in ms since 1970. */
export interface Request {
	number: string;
	kind: RequestKind;
	channel: "self" | "mail";
	receivedAt: number;
	dueAt: number;
	extendedAt: number | null;
	extension: string | null;
	closedAt: number | null;
	outcome: "done" | "refused" | "withdrawn" | null;
	evidence: string | null;
}
/** A request that was carried out while it was made. */
export interface Done {
	number: string;
	kind: RequestKind;
	at: number;
	dueAt: number;
	evidence: string;
}
/** What the room asks of the store; each change is one transaction with its request and its mail. */
export interface RightsStore {
	/** False when the account was in another state. */
	restrict(accountId: string, iat: number, done: Done, posting: Posting): Promise<boolean>;
	lift(accountId: string, done: Done, posting: Posting): Promise<boolean>;
	/** Records it and forgets what rests on the purpose; false when it stood already. */
	object(accountId: string, id: string, purpose: Objectable, done: Done): Promise<boolean>;
	withdrawObjection(accountId: string, purpose: Objectable): Promise<boolean>;
	objections(accountId: string): Promise<{ purpose: Objectable; createdAt: number }[]>;
	setDirectives(accountId: string, words: string, done: Done): Promise<void>;
	removeDirectives(accountId: string): Promise<boolean>;
	directives(accountId: string): Promise<{ words: string; createdAt: number } | undefined>;
	requests(accountId: string): Promise<Request[]>;
	/** False when it is not theirs. */
	rename(accountId: string, what: Named, id: string, name: string): Promise<boolean>;
	/** That something was done at a person's request. */
	record(accountId: string, done: Done): Promise<void>;
	/** How many rows of each table are the person's. */
	count(accountId: string): Promise<Partial<Record<TableName, number>>>;
}

/** Rights that are carried out at once: restriction, objection, directives, and what a person sees of all that is held. */
export class Rights {
	#store: RightsStore;
	#clock: Clock;
	#notice: (letter: "restricted" | "unrestricted", account: Account) => Posting;
	#posted: () => void;
	constructor(options: {
		store: RightsStore;
		clock: Clock;
		notice: (letter: "restricted" | "unrestricted", account: Account) => Posting;
		posted: () => void;
	}) {
		this.#store = options.store;
		this.#clock = options.clock;
		this.#notice = options.notice;
		this.#posted = options.posted;
	}
	/** Art. 18: kept and shown to the person; running pictures are cut, and nothing else is done from now on. */
	async restrict(account: Account): Promise<void> {
		const done = this.#done("restriction", "restricted at once");
		const posting = this.#notice("restricted", account);
		if (!(await this.#store.restrict(account.id, seconds(this.#clock) + RACE_S, done, posting)))
			throw new Problem("restricted");
		this.#posted();
	}
	/** The person's own word is the notice that art. 18(3) asks for; a mail confirms it. */
	async lift(account: Account): Promise<void> {
		const done = this.#done("restriction", "lifted at once");
		if (!(await this.#store.lift(account.id, done, this.#notice("unrestricted", account))))
			throw new Problem("not-found");
		this.#posted();
	}
	async object(accountId: string, purpose: Objectable): Promise<void> {
		await this.#store.object(accountId, newId(), purpose, this.#done("objection", `${purpose}: stopped, and deleted`));
	}
	async withdrawObjection(accountId: string, purpose: Objectable): Promise<void> {
		if (!(await this.#store.withdrawObjection(accountId, purpose))) throw new Problem("not-found");
	}
	async setDirectives(accountId: string, words: string): Promise<void> {
		await this.#store.setDirectives(accountId, words, this.#done("directives", "recorded"));
	}
	async removeDirectives(accountId: string): Promise<void> {
		if (!(await this.#store.removeDirectives(accountId))) throw new Problem("not-found");
	}
	/** Art. 16: another name for what is the person's. */
	async rename(accountId: string, what: Named, id: string, name: string): Promise<void> {
		if (!(await this.#store.rename(accountId, what, id, name))) throw new Problem("not-found");
	}
	/** Records that a copy was asked for and made. */
	async copied(accountId: string): Promise<void> {
		await this.#store.record(accountId, this.#done("access", "copy made"));
	}
	/** All that there is to say about what is held of a person. */
	async overview(accountId: string) {
		const [held, objections, directives, requests] = await Promise.all([
			this.#store.count(accountId),
			this.#store.objections(accountId),
			this.#store.directives(accountId),
			this.#store.requests(accountId),
		]);
		return { held, objections, directives, requests };
	}
	#done(kind: RequestKind, evidence: string): Done {
		const at = this.#clock.now();
		return { number: newNumber(), kind, at, dueAt: dueAt(at), evidence };
	}
}
