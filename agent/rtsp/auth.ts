import { createHash } from "node:crypto";
import type { Secret } from "./url.ts";

/** One offer of a `WWW-Authenticate` header: the scheme in lower case, parameters by lower-case name, un-escaped. */
export interface Challenge {
	scheme: string;
	params: ReadonlyMap<string, string>;
}

/** Reads all `WWW-Authenticate` values of a reply as RFC 9110's grammar, leniently: quoted or bare, several in one. */
export function parseChallenges(values: readonly string[]): Challenge[] {
	return values.flatMap(parseOne);
}

function parseOne(text: string): Challenge[] {
	const found: { scheme: string; params: Map<string, string> }[] = [];
	let at = 0;
	const skip = (pattern: RegExp) => {
		while (at < text.length && pattern.test(text[at]!)) at++;
	};
	while (at < text.length) {
		skip(/[\s,]/);
		const start = at;
		skip(/[^\s,="]/);
		const word = text.slice(start, at);
		if (word === "") {
			// A stray `=` or quote: step over it, or the loop would stand still.
			at += 1;
			continue;
		}
		const afterWord = at;
		skip(/\s/);
		if (text[at] !== "=") {
			at = afterWord;
			found.push({ scheme: word.toLowerCase(), params: new Map() });
			continue;
		}
		at += 1;
		skip(/\s/);
		let value = "";
		if (text[at] === '"') {
			at += 1;
			while (at < text.length && text[at] !== '"') {
				if (text[at] === "\\") at++;
				value += text[at] ?? "";
				at++;
			}
			at += 1;
		} else {
			const from = at;
			skip(/[^\s,]/);
			value = text.slice(from, at);
		}
		const name = word.toLowerCase();
		const params = found.at(-1)?.params;
		// The first wins: a repeated parameter is a fault of the camera, not a second offer.
		if (params && !params.has(name)) params.set(name, value);
	}
	return found;
}

/** Digest algorithms by strength (RFC 7616, section 3.2); `-sess` of each is understood. */
const ALGORITHMS: Record<string, { hash: string; rank: number }> = {
	MD5: { hash: "md5", rank: 1 },
	"SHA-256": { hash: "sha256", rank: 2 },
	"SHA-512-256": { hash: "sha512-256", rank: 3 },
};

interface DigestOffer {
	realm: string;
	nonce: string;
	opaque: string | undefined;
	/** As the camera wrote it, echoed; undefined when it wrote none. */
	algorithm: string | undefined;
	hash: string;
	session: boolean;
	/** Whether `qop=auth` is to be answered in the RFC 7616 form. */
	qop: boolean;
	rank: number;
	stale: boolean;
}

function readDigest({ scheme, params }: Challenge): DigestOffer | undefined {
	const nonce = params.get("nonce");
	if (scheme !== "digest" || nonce === undefined) return undefined;
	const algorithm = params.get("algorithm");
	const upper = (algorithm || "MD5").toUpperCase();
	const session = upper.endsWith("-SESS");
	const known = ALGORITHMS[session ? upper.slice(0, -5) : upper];
	const qops =
		params
			.get("qop")
			?.toLowerCase()
			.split(/[\s,]+/)
			.filter(Boolean) ?? [];
	if (!known || (qops.length > 0 && !qops.includes("auth"))) return undefined;
	return {
		realm: params.get("realm") ?? "",
		nonce,
		opaque: params.get("opaque"),
		algorithm,
		hash: known.hash,
		session,
		qop: qops.length > 0,
		rank: known.rank,
		stale: params.get("stale")?.toLowerCase() === "true",
	};
}

/** What goes into a digest besides the secret. */
export interface DigestInput {
	/** Name of the hash for node:crypto. */
	hash: string;
	session: boolean;
	user: string;
	realm: string;
	password: string;
	method: string;
	uri: string;
	nonce: string;
	/** Given with qop only: the RFC 7616 form. */
	qop?: { nc: string; cnonce: string } | undefined;
}

/** The `response` of RFC 2617 and RFC 7616, lower-case hexadecimal. Text is hashed as UTF-8. */
export function digestResponse(input: DigestInput): string {
	const h = (text: string) => createHash(input.hash).update(text, "utf8").digest("hex");
	const { user, realm, password, method, uri, nonce, qop } = input;
	const base = h(`${user}:${realm}:${password}`);
	const a1 = input.session && qop ? h(`${base}:${nonce}:${qop.cnonce}`) : base;
	const a2 = h(`${method}:${uri}`);
	return qop ? h(`${a1}:${nonce}:${qop.nc}:${qop.cnonce}:auth:${a2}`) : h(`${a1}:${nonce}:${a2}`);
}

const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** What became of a challenge: answer it, or why not. */
export type ChallengeOutcome = "retry" | "no-credentials" | "refused" | "unsupported";

/** Answers a camera's challenges over one dialogue. The strongest digest wins; Basic only where no digest is offered. */
export class Authenticator {
	#user: string | undefined;
	#password: Secret | undefined;
	#random: () => string;
	#digest: DigestOffer | undefined;
	#basic = false;
	#count = 0;

	/** `random` gives a fresh client nonce, at least 64 bits as text without quotes. */
	constructor(options: { user: string | undefined; password: Secret | undefined; random: () => string }) {
		this.#user = options.user;
		this.#password = options.password;
		this.#random = options.random;
	}
	/** Takes in the challenges of a 401. `answered`: how many of them this same request has answered already. */
	challenge(values: readonly string[], answered: number): ChallengeOutcome {
		if (this.#user === undefined) return "no-credentials";
		const challenges = parseChallenges(values);
		// No offer at all: so do some that have as many visitors as they can serve (openhab-addons#15413).
		if (challenges.length === 0) return "refused";
		const offers = challenges.map(readDigest).filter((offer) => offer !== undefined);
		const best = offers.toSorted((a, b) => b.rank - a.rank)[0];
		// A correct answer to an expired nonce earns a fresh one; any other second refusal means the credentials, and more
		// tries would lock the account of the camera.
		if (answered > 1 || (answered === 1 && !best?.stale)) return "refused";
		if (best && best.nonce === this.#digest?.nonce && !best.stale) return "refused";
		if (best) {
			if (best.nonce !== this.#digest?.nonce) this.#count = 0;
			this.#digest = best;
			this.#basic = false;
			return "retry";
		}
		if (challenges.some(({ scheme }) => scheme === "digest")) return "unsupported";
		if (!challenges.some(({ scheme }) => scheme === "basic")) return "unsupported";
		if (this.#basic) return "refused";
		this.#basic = true;
		return "retry";
	}
	/** Value of `Authorization` for a request, or undefined before any challenge. `uri` as in the request line. */
	authorization(method: string, uri: string): string | undefined {
		const user = this.#user ?? "";
		const password = this.#password?.reveal() ?? "";
		if (this.#basic) return `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`;
		const offer = this.#digest;
		if (!offer) return undefined;
		const { realm, nonce, hash, session } = offer;
		this.#count += 1;
		const qop = offer.qop ? { nc: this.#count.toString(16).padStart(8, "0"), cnonce: this.#random() } : undefined;
		const response = digestResponse({ hash, session, user, realm, password, method, uri, nonce, qop });
		const fields = [
			`username=${quote(user)}`,
			`realm=${quote(realm)}`,
			`nonce=${quote(nonce)}`,
			`uri=${quote(uri)}`,
			`response="${response}"`,
		];
		if (offer.algorithm !== undefined) fields.push(`algorithm=${offer.algorithm}`);
		if (offer.opaque !== undefined) fields.push(`opaque=${quote(offer.opaque)}`);
		if (qop) fields.push("qop=auth", `nc=${qop.nc}`, `cnonce=${quote(qop.cnonce)}`);
		return `Digest ${fields.join(", ")}`;
	}
}
