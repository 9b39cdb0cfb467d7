import { randomBytes, timingSafeEqual } from "node:crypto";
import { digestResponse, parseChallenges } from "../../agent/rtsp/auth.ts";

const REALM = "Mivisus demo camera";
/** Offered strongest first; MD5 is for older players. */
const ALGORITHMS = [
	["SHA-256", "sha256"],
	["MD5", "md5"],
] as const;

/** Checks digests (RFC 7616) of one connection; each has a nonce of its own. */
export class SignIn {
	#nonce = randomBytes(16).toString("hex");
	#user: string;
	#password: string;
	/** Highest `nc` seen: an answer that was overheard is worth nothing a second time. */
	#count = 0;

	constructor(user: string, password: string) {
		this.#user = user;
		this.#password = password;
	}
	/** Values of `WWW-Authenticate` for a 401. */
	challenges(): string[] {
		return ALGORITHMS.map(([name]) => `Digest realm="${REALM}", nonce="${this.#nonce}", algorithm=${name}, qop="auth"`);
	}
	/** Whether that `Authorization` proves the password for this request. */
	accepts(authorization: string | undefined, method: string, uri: string): boolean {
		// Its grammar is that of a challenge.
		const [offer] = parseChallenges(authorization === undefined ? [] : [authorization]);
		if (offer?.scheme !== "digest") return false;
		const given = (name: string) => offer.params.get(name) ?? "";
		const algorithm = (given("algorithm") || "MD5").toUpperCase();
		const hash = ALGORITHMS.find(([name]) => name === algorithm)?.[1];
		const count = Number.parseInt(given("nc"), 16);
		if (!hash || given("nonce") !== this.#nonce || given("uri") !== uri || !(count > this.#count)) return false;
		const expected = digestResponse({
			hash,
			session: false,
			user: this.#user,
			realm: REALM,
			password: this.#password,
			method,
			uri,
			nonce: this.#nonce,
			qop: { nc: given("nc"), cnonce: given("cnonce") },
		});
		const answer = Buffer.from(given("response").toLowerCase());
		const right = given("username") === this.#user && answer.length === expected.length;
		if (!right || !timingSafeEqual(answer, Buffer.from(expected))) return false;
		this.#count = count;
		return true;
	}
}
