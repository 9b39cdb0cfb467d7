import { type RelayClaims, TokenError, type VerificationKeys, verifyRelayToken } from "@mivisus/wire/token";
import { MAX_USED_TOKENS, SECOND_SLOT_MS } from "./limits.ts";
import type { RefusalReason } from "./meter.ts";
import type { Revocations } from "./revocations.ts";

/** Why a session was not admitted: a word for the log, a status for the client. */
export interface Refusal {
	status: 400 | 401 | 403 | 429 | 503;
	reason: RefusalReason;
}
/** What a client sent, on whichever transport. */
export interface Applicant {
	path: string;
	query: URLSearchParams;
	transport: string;
}

/** Who may come in. Knows used tokens; holds public keys only. */
export class Admission {
	#audience: string;
	#keys: VerificationKeys;
	#revocations: Revocations;
	#now: () => number;
	#startedS: number;
	#maxUsed: number;
	/** By jti: on which transports it was used, when first, and when it can be forgotten. */
	#used = new Map<string, { transports: Set<string>; firstMs: number; expMs: number; burnt: boolean }>();

	/** `maxUsed`: for tests, which cannot sign so many. */
	constructor(options: {
		audience: string;
		keys: VerificationKeys;
		revocations: Revocations;
		now: () => number;
		maxUsed?: number;
	}) {
		this.#maxUsed = options.maxUsed ?? MAX_USED_TOKENS;
		this.#audience = options.audience;
		this.#keys = options.keys;
		this.#revocations = options.revocations;
		this.#now = options.now;
		this.#startedS = Math.floor(options.now() / 1000);
	}
	/** The claims of who may enter, or why not. A token that is admitted here is used. */
	async admit({ path, query, transport }: Applicant): Promise<{ claims: RelayClaims } | { refusal: Refusal }> {
		const tokens = query.getAll("jwt");
		const token = tokens[0];
		if (!token) return refuse(401, "no-token");
		if (tokens.length > 1) return refuse(400, "two-tokens");
		let claims: RelayClaims;
		try {
			claims = await verifyRelayToken(token, { audience: this.#audience, keys: this.#keys, nowMs: this.#now() });
		} catch (error) {
			if (!(error instanceof TokenError)) throw error;
			return refuse(401, `token-${error.reason}`);
		}
		if (path !== `/${claims.root}`) return refuse(403, "path-is-not-root");
		// Used tokens and revocations of an earlier process are forgotten; so nothing issued in its time is accepted.
		if (claims.iat < this.#startedS) return refuse(401, "token-older-than-relay");
		if (this.#revocations.voids(claims)) return refuse(403, "revoked");
		const refusal = this.#use(claims, transport);
		return refusal ? { refusal } : { claims };
	}
	/** The holder of `jti` made its choice between transports: the other slot is gone. */
	burn(jti: string): void {
		const used = this.#used.get(jti);
		if (used) used.burnt = true;
	}
	/** Forgets tokens whose time to connect is over. */
	prune(): void {
		const now = this.#now();
		for (const [jti, { expMs }] of this.#used) if (expMs <= now) this.#used.delete(jti);
	}
	#use({ jti, exp }: RelayClaims, transport: string): Refusal | undefined {
		const now = this.#now();
		const used = this.#used.get(jti);
		if (used) {
			if (used.burnt || used.transports.has(transport) || now - used.firstMs >= SECOND_SLOT_MS) {
				return { status: 401, reason: "token-used" };
			}
			used.transports.add(transport);
			return undefined;
		}
		if (this.#used.size >= this.#maxUsed) this.prune();
		if (this.#used.size >= this.#maxUsed) return { status: 503, reason: "too-many-tokens" };
		this.#used.set(jti, { transports: new Set([transport]), firstMs: now, expMs: exp * 1000, burnt: false });
		return undefined;
	}
}

function refuse(status: Refusal["status"], reason: RefusalReason): { refusal: Refusal } {
	return { refusal: { status, reason } };
}
