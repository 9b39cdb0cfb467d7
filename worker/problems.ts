/** Everything that can go wrong for a caller: the closed list behind RFC 9457 problem documents. */
export const PROBLEMS = {
	malformed: [400, "The request cannot be read."],
	"wrong-credentials": [401, "The address or the password is wrong."],
	"passkey-refused": [401, "This passkey does not open the account. Try again, or use the password."],
	unauthorized: [401, "You are not signed in."],
	"nonce-required": [401, "Sign the request with the nonce of this answer."],
	"bad-assertion": [401, "The signature of the request does not hold."],
	"agent-unlinked": [401, "This agent does not belong to an account."],
	"cross-site": [403, "The request came from another site."],
	"proof-required": [403, "Prove again that it is you, with your password or a passkey, then repeat this."],
	restricted: [403, "The account is restricted: only reading and your rights work."],
	"not-found": [404, "There is nothing here."],
	"already-exists": [409, "This exists already."],
	"code-unusable": [410, "The link was used already, has run out, or never existed. Make a new one at the agent."],
	"link-unusable": [410, "The link was used already, has run out, or was replaced by a newer one. Ask for another."],
	"too-large": [413, "The request is too large."],
	"unsupported-media-type": [415, "Send JSON."],
	"password-too-short": [422, "The password is too short: 12 characters or more, or fewer that are hard to guess."],
	"password-too-long": [422, "The password is too long: 256 characters at most."],
	"password-guessable": [422, "This password is guessed quickly: it is common, or made of your name or address."],
	"terms-outdated": [422, "The terms have changed. Reload the page and accept those of today."],
	"not-an-address": [422, "This is not an e-mail address."],
	"rate-limited": [429, "Too many attempts. Wait a little, then try again."],
	"too-many": [429, "There are too many of these."],
	"export-running": [503, "A copy is being made already. Try again when it is there, or in half a minute."],
	internal: [500, "Something went wrong on our side."],
	unavailable: [503, "The service cannot reach its data. It is not certain that this was done: look, then try again."],
	"relay-away": [503, "The relay, which passes the pictures on, does not answer. It may be restarting: try again."],
	busy: [503, "Many people are signing in. Try again in a few seconds."],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemCode = keyof typeof PROBLEMS;

/** An expected refusal, thrown by rooms and answered as a problem document. `detail` is safe to show. */
export class Problem extends Error {
	override name = "Problem";
	readonly code: ProblemCode;
	readonly status: number;
	readonly detail: string;
	/** When to come again, s. */
	readonly retryAfterS: number | undefined;
	constructor(code: ProblemCode, detail?: string, retryAfterS?: number) {
		super(code);
		this.code = code;
		this.status = PROBLEMS[code][0];
		this.detail = detail ?? PROBLEMS[code][1];
		this.retryAfterS = retryAfterS;
	}
}
