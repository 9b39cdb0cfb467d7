import { newId, toBase64Url } from "@mivisus/wire/ids";
import { jwtVerify, SignJWT } from "jose";
import type { Account, Proof } from "../accounts/accounts.ts";
import { type Clock, day, endedForGood, seconds } from "../clock.ts";
import { Problem } from "../problems.ts";

/** Policy 08.3: the session ends at logout or after 30 days. */
export const SESSION_SECONDS = 30 * 86_400;
export const SESSION_COOKIE = "session";
const ALGORITHM = "HS256";
const TYPE = "session+jwt";
const AUDIENCE = "mivisus-web";
const ISSUER = "mivisus";
const MAX_TOKEN = 2048;
/** Clocks of two machines differ by so much at most, s. */
const TOLERANCE_S = 5;
/** Tokens whose signature is remembered. */
const MAX_VERIFIED = 10_000;
interface Claims {
	jtiHash: string;
	sub: string;
	/** s since 1970. */
	exp: number;
	iat: number;
}

/** Proof of who one is that is older than this must be given anew before what cannot be undone, ms (ASVS 7.5.1). */
export const FRESH_MS = 10 * 60_000;

/** A live session, and whose it is: one look at the database for both. */
export interface Checked {
	session: Session;
	account: Account;
}
export interface Session {
	/** Names the session in relay tokens and revocations; stays the same when the cookie is renewed. */
	id: string;
	accountId: string;
	jtiHash: string;
	/** When the person last proved who they are, ms. */
	provedAt: number;
	/** `YYYY-MM-DD`. */
	lastUsedDay: string | null;
	expiresAt: number;
}
/** A session as its owner sees it. */
export interface ListedSession {
	id: string;
	label: string;
	createdAt: number;
	lastUsedDay: string | null;
}
export interface SessionStore {
	/**
	 * False, and nothing stored, when what was proved holds no more: proving takes a while, and whoever ends all sessions
	 * meanwhile, with a new password or by leaving, must not have one begin afterwards.
	 */
	insert(session: Session & { createdAt: number; label: string }, proof: Proof): Promise<boolean>;
	find(jtiHash: string, now: number): Promise<Checked | undefined>;
	touch(id: string, day: string): Promise<void>;
	/** Puts a new cookie in the place of the old one; false when the session ended meanwhile. */
	rotate(session: Session, jtiHash: string, provedAt: number): Promise<boolean>;
	list(accountId: string, now: number): Promise<ListedSession[]>;
	/** Deletes the row and records the revocation of `session:<id>` in one transaction; false when it is not theirs. */
	endById(accountId: string, id: string, iat: number): Promise<boolean>;
	/** The same for all sessions of the account but `keep`. */
	endOthers(accountId: string, keep: string, iat: number): Promise<void>;
}
/** Keys by id, the current one first; older ones verify until the last token they signed ran out. */
export type SessionKeys = readonly [SessionKey, ...SessionKey[]];
export interface SessionKey {
	id: string;
	secret: Uint8Array;
}

/** Sign-in sessions: a JWT in a cookie, worth nothing without its row on the server, which is looked at on each request. */
export class Sessions {
	#store: SessionStore;
	#keys: SessionKeys;
	#clock: Clock;
	#hash: (text: string) => string;
	#random: (bytes: number) => Uint8Array;
	/** By the hash of the token: the token itself is kept nowhere. Oldest first. */
	#verified = new Map<string, Claims>();
	constructor(options: {
		store: SessionStore;
		keys: SessionKeys;
		clock: Clock;
		hash: (text: string) => string;
		random: (bytes: number) => Uint8Array;
	}) {
		this.#store = options.store;
		this.#keys = options.keys;
		this.#clock = options.clock;
		this.#hash = options.hash;
		this.#random = options.random;
	}
	/**
	 * A new session; the value is the cookie's. `label`: what its owner knows the browser by. `undefined` when `proof` holds
	 * no more.
	 */
	async begin(accountId: string, label: string, proof: Proof): Promise<string | undefined> {
		const createdAt = this.#clock.now();
		const { jti, jtiHash } = this.#newJti();
		const session = {
			id: newId(),
			accountId,
			jtiHash,
			provedAt: createdAt,
			lastUsedDay: day(createdAt),
			expiresAt: createdAt + SESSION_SECONDS * 1000,
		};
		if (!(await this.#store.insert({ ...session, createdAt, label }, proof))) return undefined;
		return this.#sign(jti, session);
	}
	/**
	 * The person proved anew who they are: a new cookie takes the place of the old one (ASVS 7.2.4), and ends when that
	 * would have. Gives the Set-Cookie.
	 */
	async renew(session: Session): Promise<string> {
		const { jti, jtiHash } = this.#newJti();
		const now = this.#clock.now();
		if (!(await this.#store.rotate(session, jtiHash, now))) throw new Problem("unauthorized");
		return setCookie(await this.#sign(jti, session), (session.expiresAt - now) / 1000);
	}
	/** Whether the person proved who they are a short while ago. */
	isFresh({ provedAt }: Session): boolean {
		const age = this.#clock.now() - provedAt;
		return age >= 0 && age <= FRESH_MS;
	}
	list(accountId: string): Promise<ListedSession[]> {
		return this.#store.list(accountId, this.#clock.now());
	}
	#newJti(): { jti: string; jtiHash: string } {
		const jti = toBase64Url(this.#random(32));
		return { jti, jtiHash: this.#hash(jti) };
	}
	#sign(jti: string, { accountId, expiresAt }: Session): Promise<string> {
		const [key] = this.#keys;
		return new SignJWT({ jti })
			.setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.id })
			.setSubject(accountId)
			.setIssuer(ISSUER)
			.setAudience(AUDIENCE)
			.setIssuedAt(seconds(this.#clock))
			.setExpirationTime(Math.floor(expiresAt / 1000))
			.sign(key.secret);
	}
	/** The live session behind a cookie's value, or `undefined` for everything else. Never throws for what a client sent. */
	async check(token: string): Promise<Checked | undefined> {
		if (token.length > MAX_TOKEN) return undefined;
		const claims = await this.#claimsOf(token);
		if (!claims) return undefined;
		const now = this.#clock.now();
		const found = await this.#store.find(claims.jtiHash, now);
		if (found?.session.accountId !== claims.sub) return undefined;
		const { id, lastUsedDay } = found.session;
		if (lastUsedDay !== day(now)) await this.#store.touch(id, day(now));
		return found;
	}
	/**
	 * What a token of ours says. That its signature holds is remembered for as long as the process runs: it cannot change.
	 * Whether the session is alive can, and is looked at in the database each time; so is the time.
	 */
	async #claimsOf(token: string): Promise<Claims | undefined> {
		const mark = this.#hash(token);
		const known = this.#verified.get(mark);
		if (known) {
			const now = seconds(this.#clock);
			return known.iat <= now + TOLERANCE_S && known.exp > now - TOLERANCE_S ? known : undefined;
		}
		let claims: Claims;
		try {
			const { payload } = await jwtVerify(token, (header) => this.#keyOf(header.kid), {
				algorithms: [ALGORITHM],
				typ: TYPE,
				audience: AUDIENCE,
				issuer: ISSUER,
				maxTokenAge: SESSION_SECONDS,
				clockTolerance: TOLERANCE_S,
				currentDate: new Date(this.#clock.now()),
			});
			const { jti, sub, exp, iat } = payload;
			if (typeof jti !== "string" || typeof sub !== "string" || exp === undefined || iat === undefined)
				return undefined;
			claims = { jtiHash: this.#hash(jti), sub, exp: Math.min(exp, iat + SESSION_SECONDS), iat };
		} catch {
			return undefined;
		}
		if (this.#verified.size >= MAX_VERIFIED) {
			const [oldest] = this.#verified.keys();
			this.#verified.delete(oldest ?? "");
		}
		this.#verified.set(mark, claims);
		return claims;
	}
	/** Ends one at once, for HTTP and for running pictures. */
	async end(accountId: string, id: string): Promise<void> {
		if (!(await this.#store.endById(accountId, id, endedForGood(this.#clock)))) throw new Problem("not-found");
	}
	/** Ends all of the account but this one. */
	async endOthers({ accountId, id }: Session): Promise<void> {
		await this.#store.endOthers(accountId, id, endedForGood(this.#clock));
	}
	#keyOf(id: string | undefined): Uint8Array {
		const key = this.#keys.find((candidate) => candidate.id === id);
		if (!key) throw new Error("unknown key");
		return key.secret;
	}
}

/**
 * The session's value in a Cookie header; `"odd"` when there are two of them, or one under a name that some parser would
 * take for it: browsers and servers disagree about such headers, and the attacker's comes first (B2, A4).
 */
export function sessionCookie(header: string | undefined): string | "odd" | undefined {
	if (!header) return undefined;
	const values: string[] = [];
	for (const part of header.split(";")) {
		const equals = part.indexOf("=");
		const name = (equals < 0 ? part : part.slice(0, equals)).replace(/^ /, "");
		if (name === SESSION_COOKIE) values.push(equals < 0 ? "" : part.slice(equals + 1));
		// What some parser strips: spaces of any kind, and what a runtime put in the place of bytes that are no text.
		else if (name.replace(/[^!-~]/g, "").toLowerCase() === SESSION_COOKIE) return "odd";
	}
	return values.length > 1 ? "odd" : values[0];
}

/**
 * Set-Cookie for a session that goes on for `ageS` more seconds, or with `undefined` for its end. Every property of
 * `__Host-`, under the policy's name.
 */
export function setCookie(value: string | undefined, ageS: number = SESSION_SECONDS): string {
	const age = value === undefined ? 0 : Math.max(0, Math.floor(ageS));
	return `${SESSION_COOKIE}=${value ?? ""}; Path=/; Max-Age=${age}; HttpOnly; Secure; SameSite=Lax`;
}
