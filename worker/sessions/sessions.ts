import { newId, toBase64Url } from "@mivisus/wire/ids";
import { jwtVerify, SignJWT } from "jose";
import { type Clock, endedForGood, seconds } from "../clock.ts";

/** Policy 08.3: the session ends at logout or after 30 days. */
export const SESSION_SECONDS = 30 * 86_400;
export const SESSION_COOKIE = "session";
const ALGORITHM = "HS256";
const TYPE = "session+jwt";
const AUDIENCE = "mivisus-web";
const ISSUER = "mivisus";
const MAX_TOKEN = 2048;

export interface Session {
	/** Names the session in relay tokens and revocations. */
	id: string;
	accountId: string;
	jtiHash: string;
}
export interface SessionStore {
	insert(session: Session & { createdAt: number; expiresAt: number }): Promise<void>;
	find(jtiHash: string, now: number): Promise<Session | undefined>;
	/** Deletes the row and records the revocation of `session:<id>` in one transaction. */
	end(session: Session, iat: number): Promise<void>;
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
	/** A new session; the value is the cookie's. */
	async begin(accountId: string): Promise<string> {
		const jti = toBase64Url(this.#random(32));
		const iat = seconds(this.#clock);
		const createdAt = this.#clock.now();
		const session = { id: newId(), accountId, jtiHash: this.#hash(jti) };
		await this.#store.insert({ ...session, createdAt, expiresAt: createdAt + SESSION_SECONDS * 1000 });
		const [key] = this.#keys;
		return new SignJWT({ jti })
			.setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.id })
			.setSubject(accountId)
			.setIssuer(ISSUER)
			.setAudience(AUDIENCE)
			.setIssuedAt(iat)
			.setExpirationTime(iat + SESSION_SECONDS)
			.sign(key.secret);
	}
	/** The live session behind a cookie's value, or `undefined` for everything else. Never throws for what a client sent. */
	async check(token: string): Promise<Session | undefined> {
		if (token.length > MAX_TOKEN) return undefined;
		let claims: { jti: string; sub: string };
		try {
			const { payload } = await jwtVerify(token, (header) => this.#keyOf(header.kid), {
				algorithms: [ALGORITHM],
				typ: TYPE,
				audience: AUDIENCE,
				issuer: ISSUER,
				requiredClaims: ["exp", "iat", "jti", "sub"],
				maxTokenAge: SESSION_SECONDS,
				clockTolerance: 5,
				currentDate: new Date(this.#clock.now()),
			});
			if (typeof payload.jti !== "string" || typeof payload.sub !== "string") return undefined;
			claims = { jti: payload.jti, sub: payload.sub };
		} catch {
			return undefined;
		}
		const session = await this.#store.find(this.#hash(claims.jti), this.#clock.now());
		return session?.accountId === claims.sub ? session : undefined;
	}
	/** Ends it at once, for HTTP and for running pictures. */
	async end(session: Session): Promise<void> {
		await this.#store.end(session, endedForGood(this.#clock));
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
		else if (name.trim().toLowerCase() === SESSION_COOKIE) return "odd";
	}
	return values.length > 1 ? "odd" : values[0];
}

/** Set-Cookie for a new session, or with `undefined` for its end. Every property of `__Host-`, under the policy's name. */
export function setCookie(value: string | undefined): string {
	const age = value === undefined ? 0 : SESSION_SECONDS;
	return `${SESSION_COOKIE}=${value ?? ""}; Path=/; Max-Age=${age}; HttpOnly; Secure; SameSite=Lax`;
}
