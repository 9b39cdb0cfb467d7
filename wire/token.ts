import { type CryptoKey, errors, importJWK, type JWK, type JWTVerifyOptions, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { Id } from "./ids.ts";
import { MAX_PATH_BYTES, MAX_TOKEN_BYTES } from "./limits.ts";
import { normalizePath, suffixOf } from "./moq/path.ts";

/**
 * Relay tokens: who may publish and see what on which relay, for how long, and what the right rests on. The worker
 * signs, the relay verifies with a public key. Beside them the control token, by which the worker speaks to the relay.
 */

const ALGORITHM = "EdDSA";
const RELAY_TYPE = "relay+jwt";
const CONTROL_TYPE = "relay-control+jwt";
/** A token is for connecting at once. */
export const MAX_TOKEN_SECONDS = 60;
/** A session is renewed at least hourly. */
export const MAX_SESSION_SECONDS = 3600;
/** Clocks of worker and relay may differ by this much before a token from the future is refused. */
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_PREFIXES = 256;

const utf8 = new TextEncoder();
const seconds = z.number().int().nonnegative();
/** A path prefix of whole segments. The empty one would mean everything and is never issued. */
const prefix = z
	.string()
	.min(1)
	.refine((path) => normalizePath(path) === path, "must have no empty segments")
	.refine((path) => utf8.encode(path).length <= MAX_PATH_BYTES, `must be at most ${MAX_PATH_BYTES} bytes`);
/** What a right rests on. */
export const Ref = z.string().regex(/^(session|camera|agent|account):[A-Za-z0-9_-]{22}$/);

export const RelayClaims = z.object({
	/** Account id; equals the URL's path without its slash. */
	root: Id,
	/** Prefixes, relative to root, under which the holder may publish. */
	put: z.array(prefix).max(MAX_PREFIXES),
	/** Prefixes under which the holder may see. */
	get: z.array(prefix).max(MAX_PREFIXES),
	iat: seconds,
	exp: seconds,
	/** The one relay instance that may accept it. */
	aud: z.string().min(1).max(100),
	jti: z.string().min(16).max(64),
	mivisus: z.object({ until: seconds, ref: z.array(Ref).min(1).max(MAX_PREFIXES) }),
});
export type RelayClaims = z.infer<typeof RelayClaims>;

/** Why a token was refused. `expired` is worth asking for another one. */
export class TokenError extends Error {
	override name = "TokenError";
	readonly reason: "malformed" | "expired" | "not-yet-valid" | "unknown-key" | "bad-signature" | "not-allowed";
	constructor(reason: TokenError["reason"], detail: string) {
		super(`${reason}: ${detail}`);
		this.reason = reason;
	}
}

/** A key that signs, under the name by which verifiers know it. */
export interface SigningKey {
	kid: string;
	key: CryptoKey;
}
/** Public keys by their `kid`. */
export type VerificationKeys = ReadonlyMap<string, CryptoKey>;

/** Imports one Ed25519 private key as JWK with `kid`. */
export async function importSigningKey(jwk: JWK): Promise<SigningKey> {
	if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519" || !jwk.d || !jwk.kid) {
		throw new TypeError("expected a private Ed25519 key as JWK with a kid");
	}
	return { kid: jwk.kid, key: (await importJWK(jwk, ALGORITHM)) as CryptoKey };
}

const PublicJwk = z.object({
	kty: z.literal("OKP"),
	crv: z.literal("Ed25519"),
	kid: z.string().min(1).max(100),
	x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
	d: z.undefined("is a private key; a verifier must be given public keys only").optional(),
});
const Jwks = z.object({ keys: z.array(PublicJwk).min(1).max(16) });

/** Imports a JWK set of public Ed25519 keys. Throws TypeError in words; a private key is refused, not ignored. */
export async function importVerificationKeys(jwks: unknown): Promise<VerificationKeys> {
	const parsed = Jwks.safeParse(jwks);
	if (!parsed.success) throw new TypeError(`not a JWK set of public Ed25519 keys: ${z.prettifyError(parsed.error)}`);
	const keys = new Map<string, CryptoKey>();
	for (const { kty, crv, kid, x } of parsed.data.keys) {
		keys.set(kid, (await importJWK({ kty, crv, x }, ALGORITHM)) as CryptoKey);
	}
	return keys;
}

/** Limits that a schema of single fields cannot state; `undefined` when they hold. */
function problemOf({ iat, exp, mivisus }: RelayClaims): string | undefined {
	if (exp <= iat || exp - iat > MAX_TOKEN_SECONDS) return `exp must be 1 to ${MAX_TOKEN_SECONDS} s after iat`;
	if (mivisus.until > iat + MAX_SESSION_SECONDS) return `until must be at most ${MAX_SESSION_SECONDS} s after iat`;
	return undefined;
}

/** Signs; throws for claims that no relay would accept, so that the fault is found where it was made. */
export async function signRelayToken(claims: RelayClaims, { kid, key }: SigningKey): Promise<string> {
	const checked = RelayClaims.parse(claims);
	const problem = problemOf(checked);
	if (problem) throw new RangeError(problem);
	const token = await new SignJWT(checked).setProtectedHeader({ alg: ALGORITHM, typ: RELAY_TYPE, kid }).sign(key);
	if (token.length > MAX_TOKEN_BYTES) {
		throw new RangeError(`token of ${token.length} bytes, at most ${MAX_TOKEN_BYTES}: name fewer cameras`);
	}
	return token;
}

/** For which instance, with which keys, at what time (ms since 1970). */
export interface VerifyOptions {
	audience: string;
	keys: VerificationKeys;
	nowMs: number;
}

async function verify(token: string, typ: string, requiredClaims: string[], options: VerifyOptions): Promise<unknown> {
	if (token.length > MAX_TOKEN_BYTES) throw new TokenError("malformed", `longer than ${MAX_TOKEN_BYTES} bytes`);
	const rules: JWTVerifyOptions = {
		algorithms: [ALGORITHM],
		typ,
		audience: options.audience,
		requiredClaims,
		currentDate: new Date(options.nowMs),
	};
	try {
		const { payload } = await jwtVerify(
			token,
			({ kid }) => {
				const key = kid === undefined ? undefined : options.keys.get(kid);
				if (!key) throw new TokenError("unknown-key", "signed with a key that is not known here");
				return key;
			},
			rules,
		);
		if ((payload.iat ?? 0) * 1000 > options.nowMs + CLOCK_TOLERANCE_SECONDS * 1000) {
			throw new TokenError("not-yet-valid", "issued in the future; do the clocks differ?");
		}
		return payload;
	} catch (error) {
		if (error instanceof TokenError) throw error;
		if (error instanceof errors.JWTExpired) throw new TokenError("expired", "its time to connect is over");
		if (error instanceof errors.JWSSignatureVerificationFailed) {
			throw new TokenError("bad-signature", "the signature does not fit");
		}
		// The text of these errors names claims, never values.
		if (error instanceof errors.JWTClaimValidationFailed) throw new TokenError("not-allowed", error.message);
		if (error instanceof errors.JOSEError) throw new TokenError("malformed", error.code);
		// The decoder throws plain errors for bytes that are no token at all.
		throw new TokenError("malformed", "not a token");
	}
}

/** The claims of a token that holds, or throws TokenError. Whether it was used before is for the relay to know. */
export async function verifyRelayToken(token: string, options: VerifyOptions): Promise<RelayClaims> {
	const payload = await verify(token, RELAY_TYPE, ["iat", "exp", "jti", "root", "put", "get", "mivisus"], options);
	const claims = RelayClaims.safeParse(payload);
	if (!claims.success) throw new TokenError("malformed", z.prettifyError(claims.error));
	const problem = problemOf(claims.data);
	if (problem) throw new TokenError("not-allowed", problem);
	if (claims.data.mivisus.until * 1000 <= options.nowMs) throw new TokenError("expired", "the session's time is over");
	return claims.data;
}

/** Whether `path` lies under one of `prefixes`, in whole segments. */
export function allows(prefixes: readonly string[], path: string): boolean {
	return prefixes.some((prefix) => suffixOf(path, prefix) !== undefined);
}

/** A token for one call of the worker to a relay's control interface. */
export async function signControlToken(
	{ audience, jti, nowMs }: { audience: string; jti: string; nowMs: number },
	{ kid, key }: SigningKey,
): Promise<string> {
	const iat = Math.floor(nowMs / 1000);
	return new SignJWT({ aud: audience, jti, iat, exp: iat + MAX_TOKEN_SECONDS })
		.setProtectedHeader({ alg: ALGORITHM, typ: CONTROL_TYPE, kid })
		.sign(key);
}

const ControlClaims = z.object({ iat: seconds, exp: seconds, jti: z.string().min(16).max(64) });

/** The claims of a control token that holds, or throws TokenError. */
export async function verifyControlToken(
	token: string,
	options: VerifyOptions,
): Promise<z.infer<typeof ControlClaims>> {
	const claims = ControlClaims.safeParse(await verify(token, CONTROL_TYPE, ["iat", "exp", "jti"], options));
	if (!claims.success) throw new TokenError("malformed", z.prettifyError(claims.error));
	const { iat, exp } = claims.data;
	if (exp - iat > MAX_TOKEN_SECONDS) throw new TokenError("not-allowed", "lives too long");
	return claims.data;
}

/** One right taken back: sessions that rest on `ref` with a token issued at or before `iat` (s) end. */
export const Revocation = z.object({ seq: z.number().int().positive(), ref: Ref, iat: seconds });
export type Revocation = z.infer<typeof Revocation>;
/** Body of the worker's push to a relay. */
export const RevocationPush = z.object({ revocations: z.array(Revocation).max(500) });
