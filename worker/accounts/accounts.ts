import { newId } from "@mivisus/wire/ids";
import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { type Clock, endedForGood } from "../clock.ts";
import type { LetterName } from "../mail/letters.ts";
import type { Posting } from "../mail/outbox.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { passwordProblem } from "../passwords/strength.ts";
import { Problem } from "../problems.ts";
import { type Email, parseEmail } from "./email.ts";

/** States of design: section 7, from the first migration on. */
export type AccountState = "unconfirmed" | "active" | "restricted" | "leaving" | "erased";
export interface Account {
	id: string;
	email: string;
	fullName: string;
	state: AccountState;
	language: "en" | "fr";
}
/** What somebody has just proved: a password, by the hash that it fits, or a passkey, by its id. */
export type Proof = { passwordHash: string } | { passkeyId: string };
/** An account whose person has just said its password. */
export interface Proved {
	account: Account;
	proof: Proof;
}
interface NewAccount extends Account {
	emailKey: string;
	passwordHash: string;
	createdAt: number;
	termsVersion: string;
	agreementVersion: string;
}
export type WithHash = Account & { emailKey: string; passwordHash: string };
/** What the room asks of the store. Every change is one transaction together with the mail that tells of it. */
export interface AccountStore {
	/**
	 * Inserts it. An unconfirmed account of the same address is replaced, name and password: only who proves the address
	 * with the mail that follows, and knows this password, gets in. An account in any other state stays as it is.
	 */
	signUp(account: NewAccount, posting: Posting | undefined): Promise<void>;
	/** Only mails, all or none: whether there is an account is looked up when they are sent. */
	post(...postings: Posting[]): Promise<void>;
	findByEmail(emailKey: string): Promise<WithHash | undefined>;
	find(id: string): Promise<WithHash | undefined>;
	/** The same password with newer costs, unless another one was chosen since. */
	replaceHash(id: string, before: string, after: string): Promise<void>;
	/** The account of an unused link that has not run out; looking uses nothing up. */
	findByLink(
		purpose: "confirmation" | "reset" | "address",
		tokenHash: string,
		now: number,
	): Promise<WithHash | undefined>;
	/**
	 * Uses the link up and makes the account active; false when somebody else used it first, or when its password is no longer
	 * the one behind `provedHash`: another sign-up took its place while that one was being checked.
	 */
	confirm(tokenHash: string, provedHash: string, now: number): Promise<boolean>;
	/** Uses the link up, sets the password, ends every session; false when somebody else used it first. */
	reset(tokenHash: string, passwordHash: string, posting: Posting, now: number, iat: number): Promise<boolean>;
	/** Uses the link up and changes the address; false when the link was used, or the address was taken meanwhile. */
	changeEmail(tokenHash: string, posting: Posting, now: number): Promise<boolean>;
	/** Sets the password and ends every session but `keep`. */
	changePassword(id: string, passwordHash: string, keep: string, posting: Posting, iat: number): Promise<void>;
	update(id: string, change: { fullName?: string | undefined; language?: "en" | "fr" | undefined }): Promise<void>;
	makeActive(id: string): Promise<void>;
}

export interface SignUp {
	email: Email;
	fullName: string;
	password: string;
	language: "en" | "fr";
}

/** Accounts: signing up, proving who one is, and what a person changes about it. */
export class Accounts {
	#store: AccountStore;
	#passwords: Passwords;
	#clock: Clock;
	#hash: (text: string) => string;
	/** There is a mail to send. */
	#posted: () => void;
	constructor(options: {
		store: AccountStore;
		passwords: Passwords;
		clock: Clock;
		hash: (text: string) => string;
		posted: () => void;
	}) {
		this.#store = options.store;
		this.#passwords = options.passwords;
		this.#clock = options.clock;
		this.#hash = options.hash;
		this.#posted = options.posted;
	}
	/** The same work and the same answer whether the address was free or not: it is nobody's business who has an account. */
	async signUp(signUp: SignUp): Promise<void> {
		refuseWeak(signUp.password, signUp.fullName, signUp.email.display);
		await this.#insert(signUp, true);
		this.#posted();
	}
	async #insert({ email, fullName, password, language }: SignUp, withMail: boolean): Promise<void> {
		const passwordHash = await this.#passwords.hash(password);
		const account: NewAccount = {
			id: newId(),
			email: email.display,
			emailKey: email.key,
			fullName,
			passwordHash,
			state: "unconfirmed",
			language,
			createdAt: this.#clock.now(),
			termsVersion: TERMS_VERSION,
			agreementVersion: AGREEMENT_VERSION,
		};
		// The mail counts from now, after the slow hash: of two sign-ups the one that is stored last sends the link that counts.
		await this.#store.signUp(account, withMail ? this.#ask("confirmation", email, language) : undefined);
	}
	/**
	 * The account, or `undefined` for an unknown address, a wrong password, an address that is not proved yet and an
	 * account that is going or gone alike.
	 */
	async authenticate(typedEmail: string, password: string): Promise<Proved | undefined> {
		const email = parseEmail(typedEmail);
		const found = await this.#prove(email && (await this.#store.findByEmail(email.key)), password);
		// Said aloud, it would tell whoever signed up with an address whether somebody was there before (A2).
		return found && found.state !== "unconfirmed" ? provedBy(found) : undefined;
	}
	/** Whether this is the account's password. */
	async proves(accountId: string, password: string): Promise<boolean> {
		return (await this.#prove(await this.#store.find(accountId), password)) !== undefined;
	}
	/** `found` with the hash that it has now, when `password` is its own. */
	async #prove(found: WithHash | undefined, password: string): Promise<WithHash | undefined> {
		const { valid, outdated } = await this.#passwords.verify(password, found?.passwordHash);
		if (!found || !valid || found.state === "leaving" || found.state === "erased") return undefined;
		if (!outdated) return found;
		const passwordHash = await this.#passwords.hash(password);
		await this.#store.replaceHash(found.id, found.passwordHash, passwordHash);
		return { ...found, passwordHash };
	}
	async find(id: string): Promise<Account | undefined> {
		const found = await this.#store.find(id);
		return found && withoutHash(found);
	}
	/** Asks for the mail `letter`: the same work whether or not the address has an account. */
	async askLink(letter: "confirmation" | "reset", email: Email): Promise<void> {
		await this.#store.post(this.#ask(letter, email, "en"));
		this.#posted();
	}
	/**
	 * The account whose address the mailed `token` proves, for who also knows the password that was chosen with it: whoever
	 * signs up with somebody else's address knows only the password, and that person only has the link.
	 */
	async confirm(token: string, password: string): Promise<Proved> {
		const tokenHash = this.#hash(token);
		const found = await this.#store.findByLink("confirmation", tokenHash, this.#clock.now());
		const proved = await this.#prove(found, password);
		if (!found) throw new Problem("link-unusable");
		if (!proved) throw new Problem("wrong-credentials");
		if (!(await this.#store.confirm(tokenHash, proved.passwordHash, this.#clock.now())))
			throw new Problem("link-unusable");
		return provedBy({ ...proved, state: proved.state === "unconfirmed" ? "active" : proved.state });
	}
	/** Sets a new password with a mailed `token`; every session ends. The address is proved by it as well. */
	async reset(token: string, password: string): Promise<void> {
		const tokenHash = this.#hash(token);
		const account = await this.#store.findByLink("reset", tokenHash, this.#clock.now());
		if (!account) throw new Problem("link-unusable");
		refuseWeak(password, account.fullName, account.email);
		const passwordHash = await this.#passwords.hash(password);
		const now = this.#clock.now();
		const posting = this.notice("password-reset", account);
		if (!(await this.#store.reset(tokenHash, passwordHash, posting, now, endedForGood(this.#clock))))
			throw new Problem("link-unusable");
		this.#posted();
	}
	/** A new password for who knows the current one; every session but `keep` ends. */
	async changePassword(account: Account, keep: string, current: string, next: string): Promise<void> {
		refuseWeak(next, account.fullName, account.email);
		if (!(await this.proves(account.id, current))) throw new Problem("wrong-credentials");
		const hash = await this.#passwords.hash(next);
		const posting = this.notice("password-changed", account);
		await this.#store.changePassword(account.id, hash, keep, posting, endedForGood(this.#clock));
		this.#posted();
	}
	/** Sends a link to the new address, and word of it to the present one. The same whether or not it is somebody's. */
	async askEmail(account: Account, email: Email): Promise<void> {
		const link = { ...this.#ask("address", email, account.language), accountId: account.id };
		await this.#store.post(link, this.notice("address-asked", account));
		this.#posted();
	}
	/** The new address is the account's now; word of it goes to the one before. */
	async confirmEmail(token: string): Promise<void> {
		const tokenHash = this.#hash(token);
		const account = await this.#store.findByLink("address", tokenHash, this.#clock.now());
		if (!account) throw new Problem("link-unusable");
		const posting = this.notice("address-changed", account);
		if (!(await this.#store.changeEmail(tokenHash, posting, this.#clock.now()))) throw new Problem("link-unusable");
		this.#posted();
	}
	async update(id: string, change: { fullName?: string | undefined; language?: "en" | "fr" | undefined }) {
		await this.#store.update(id, change);
	}
	/** Word to the account's address that something about it changed, to be stored with the change. */
	notice(letter: LetterName, account: Account): Posting {
		const key = parseEmail(account.email)?.key ?? account.email;
		return {
			...this.#ask(letter, { display: account.email, key }, account.language),
			accountId: account.id,
		};
	}
	/** The last word to an address whose account is gone; the mail's own number is the receipt's. */
	lastWord({ email, emailKey, language }: Pick<WithHash, "email" | "emailKey" | "language">, number: string): Posting {
		return { ...this.#ask("erased", { display: email, key: emailKey }, language), id: number };
	}
	/** Makes sure that a confirmed account with this address exists: the demo account of `npm start`. */
	async ensureConfirmed(signUp: SignUp): Promise<void> {
		if (!(await this.#store.findByEmail(signUp.email.key))) await this.#insert(signUp, false);
		const found = await this.#store.findByEmail(signUp.email.key);
		if (found?.state === "unconfirmed") await this.#store.makeActive(found.id);
	}
	#ask(letter: LetterName, email: Email, language: "en" | "fr"): Posting {
		const { display: recipient, key: recipientKey } = email;
		return { id: newId(), letter, accountId: undefined, recipient, recipientKey, language, askedAt: this.#clock.now() };
	}
}

/** What leaves this room. */
const withoutHash = ({ passwordHash: _, emailKey: __, ...account }: WithHash): Account => account;
const provedBy = (found: WithHash): Proved => ({
	account: withoutHash(found),
	proof: { passwordHash: found.passwordHash },
});

function refuseWeak(password: string, fullName: string, email: string): void {
	const problem = passwordProblem(password, fullName, email);
	if (problem) throw new Problem(problem);
}
