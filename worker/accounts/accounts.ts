import { newId } from "@mivisus/wire/ids";
import type { Clock } from "../clock.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { type Email, parseEmail } from "./email.ts";

/** States of design: section 7, from the first migration on. */
export type AccountState = "unconfirmed" | "active" | "restricted" | "leaving" | "erased";
export interface Account {
	id: string;
	email: string;
	fullName: string;
	state: AccountState;
}
/** What the room asks of the store. */
export interface AccountStore {
	/** Does nothing when the address is taken; tells nobody. */
	insert(
		account: Account & { emailKey: string; passwordHash: string; language: "en" | "fr"; createdAt: number },
	): Promise<void>;
	findByEmail(emailKey: string): Promise<(Account & { passwordHash: string }) | undefined>;
	find(id: string): Promise<Account | undefined>;
	replaceHash(id: string, passwordHash: string): Promise<void>;
	confirm(id: string): Promise<void>;
}

export interface SignUp {
	email: Email;
	fullName: string;
	password: string;
	language: "en" | "fr";
}

/** Accounts: signing up and proving who one is. */
export class Accounts {
	#store: AccountStore;
	#passwords: Passwords;
	#clock: Clock;
	constructor(store: AccountStore, passwords: Passwords, clock: Clock) {
		this.#store = store;
		this.#passwords = passwords;
		this.#clock = clock;
	}
	/** The same work and the same answer whether the address was free or not: it is nobody's business who has an account. */
	async signUp({ email, fullName, password, language }: SignUp): Promise<void> {
		const passwordHash = await this.#passwords.hash(password);
		await this.#store.insert({
			id: newId(),
			email: email.display,
			emailKey: email.key,
			fullName,
			passwordHash,
			state: "unconfirmed",
			language,
			createdAt: this.#clock.now(),
		});
	}
	/**
	 * The account, or `undefined` for an unknown address, a wrong password and an account that is going or gone alike.
	 * Until mail exists (a later issue) an unconfirmed account may sign in; its state is told to the page.
	 */
	async authenticate(typedEmail: string, password: string): Promise<Account | undefined> {
		const email = parseEmail(typedEmail);
		const found = email && (await this.#store.findByEmail(email.key));
		const { valid, outdated } = await this.#passwords.verify(password, found?.passwordHash);
		if (!found || !valid || found.state === "leaving" || found.state === "erased") return undefined;
		if (outdated) await this.#store.replaceHash(found.id, await this.#passwords.hash(password));
		const { passwordHash: _, ...account } = found;
		return account;
	}
	find(id: string): Promise<Account | undefined> {
		return this.#store.find(id);
	}
	/** Makes sure that a confirmed account with this address exists: the demo account of `npm start`. */
	async ensureConfirmed(signUp: SignUp): Promise<void> {
		const existing = await this.#store.findByEmail(signUp.email.key);
		if (!existing) await this.signUp(signUp);
		const found = existing ?? (await this.#store.findByEmail(signUp.email.key));
		if (found?.state === "unconfirmed") await this.#store.confirm(found.id);
	}
}
