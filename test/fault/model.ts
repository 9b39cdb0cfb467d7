/** What must hold of sessions, mailed links and accounts that leave, as simply as it can be said. Times in ms since 1970. */

const SESSION_MS = 30 * 86_400_000;
const RESET_MS = 10 * 60_000;
/** Links are forgotten so long after their end. */
const LINK_KEPT_MS = 3 * 86_400_000;
const UNDO_MS = 7 * 86_400_000;
/** A token may come from a clock that is so far ahead, s. */
const TOLERANCE_S = 5;

interface ModelSession {
	account: number;
	expiresAt: number;
}
interface ModelLink {
	account: number;
	askedAt: number;
	expiresAt: number;
	used: boolean;
}

/** The state that the real one is compared with. Clients and what they were given are named by numbers. */
export class Model {
	now = Date.UTC(2026, 10, 26);
	/** By session. */
	#sessions = new Map<number, ModelSession>();
	/** Every cookie ever given, by its number: its session, and when it was signed. */
	readonly cookies: { session: number; signedAt: number }[] = [];
	/** The cookie that counts, by session. */
	#current = new Map<number, number>();
	/** Every link ever mailed. */
	readonly links: ModelLink[] = [];

	/** When accounts that are leaving are erased. */
	#going = new Map<number, number>();
	#gone = new Set<number>();
	/** Every link ever mailed that takes a leaving back. */
	readonly undos: { account: number; expiresAt: number; used: boolean }[] = [];

	/** False for an account that is going or gone. */
	begin(account: number): boolean {
		if (this.#going.has(account) || this.#gone.has(account)) return false;
		this.#forgetEnded();
		const session = this.cookies.length;
		this.#sessions.set(session, { account, expiresAt: this.now + SESSION_MS });
		this.#give(session);
		return true;
	}
	/** The account leaves: everything that opens it ends. False when it is going or gone already. */
	leave(account: number): boolean {
		if (this.#going.has(account) || this.#gone.has(account)) return false;
		this.endAll(account);
		for (const link of [...this.links, ...this.undos]) if (link.account === account) link.account = -1;
		this.#going.set(account, this.now + UNDO_MS);
		this.undos.push({ account, expiresAt: this.now + UNDO_MS, used: false });
		return true;
	}
	/** Whether a link takes its account's leaving back now. */
	undo(link: number): boolean {
		const { account, used } = this.undos[link]!;
		const eraseAt = this.#going.get(account);
		if (account < 0 || used || eraseAt === undefined || eraseAt <= this.now) return false;
		this.undos[link]!.used = true;
		return this.#going.delete(account);
	}
	/** Accounts whose time is over are gone, for good; resolves with how many. */
	erase(): number {
		const due = [...this.#going].filter(([, eraseAt]) => eraseAt <= this.now).map(([account]) => account);
		for (const account of due) {
			this.#going.delete(account);
			this.#gone.add(account);
		}
		return due.length;
	}
	isGone(account: number): boolean {
		return this.#gone.has(account);
	}
	/** The account that a cookie opens now. */
	opens(cookie: number): number | undefined {
		const { session, signedAt } = this.cookies[cookie]!;
		const row = this.#sessions.get(session);
		if (!row || this.#current.get(session) !== cookie || row.expiresAt <= this.now) return undefined;
		const ahead = Math.floor(signedAt / 1000) - Math.floor(this.now / 1000);
		return ahead <= TOLERANCE_S ? row.account : undefined;
	}
	/** Puts a new cookie in the place of this one, which is alive. */
	renew(cookie: number): void {
		this.#give(this.cookies[cookie]!.session);
	}
	/** Ends the session of `cookie`; false when it is not the account's, or gone. */
	end(account: number, cookie: number): boolean {
		const { session } = this.cookies[cookie]!;
		if (this.#sessions.get(session)?.account !== account) return false;
		return this.#sessions.delete(session);
	}
	endAll(account: number, but?: number): void {
		const kept = but === undefined ? undefined : this.cookies[but]!.session;
		for (const [session, row] of this.#sessions)
			if (row.account === account && session !== kept) this.#sessions.delete(session);
	}
	/** How many sessions an account has. */
	count(account: number): number {
		return [...this.#sessions.values()].filter((row) => row.account === account && row.expiresAt > this.now).length;
	}
	/** A link to choose a new password is mailed; false when a newer one is out, or there is no such account (any more). */
	mail(account: number): boolean {
		if (this.#going.has(account) || this.#gone.has(account)) return false;
		const old = this.links.find((link) => link.account === account);
		if (old && old.askedAt > this.now) return false;
		for (const link of this.links) if (link.account === account) link.account = -1;
		this.links.push({ account, askedAt: this.now, expiresAt: this.now + RESET_MS, used: false });
		return true;
	}
	/** Whether a link chooses a new password now; that ends every session. */
	use(link: number): boolean {
		const { account, expiresAt, used } = this.links[link]!;
		if (account < 0 || used || expiresAt <= this.now) return false;
		this.links[link]!.used = true;
		this.endAll(account);
		return true;
	}
	sweep(): void {
		this.#forgetEnded();
		for (const link of [...this.links, ...this.undos]) if (link.expiresAt + LINK_KEPT_MS <= this.now) link.account = -1;
	}
	#give(session: number): void {
		this.#current.set(session, this.cookies.length);
		this.cookies.push({ session, signedAt: this.now });
	}
	#forgetEnded(): void {
		for (const [session, { expiresAt }] of this.#sessions) if (expiresAt <= this.now) this.#sessions.delete(session);
	}
}
