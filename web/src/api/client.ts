import { z } from "zod";
import {
	type Address,
	AgentsAnswer,
	CamerasAnswer,
	ClaimAnswer,
	CommandAccepted,
	CommandState,
	DevicesAnswer,
	ExportLink,
	Leaving,
	LookupAnswer,
	PasskeyOptions,
	PasskeysAnswer,
	PrivacyAnswer,
	ProblemBody,
	RelayGrant,
	SessionAnswer,
	SessionsAnswer,
	SignedReceipt,
	SigningKeys,
} from "./answers.ts";

/** What went wrong. `code` is the problem's name; ours are `offline` and `unexpected-answer`. */
export interface Problem {
	code: string;
	status: number;
	/** In the service's words; may be empty. */
	detail: string;
	/** When to come again, s; where the service says so. */
	retryAfterS?: number;
}
/** Every call ends in one of three ways; the compiler makes the caller look at each. */
export type Result<T> = { kind: "ok"; value: T } | { kind: "problem"; problem: Problem } | { kind: "aborted" };

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

const problem = (code: string, status: number, detail = ""): Result<never> => ({
	kind: "problem",
	problem: { code, status, detail },
});
const Nothing = z.unknown().transform(() => undefined);

/** The last segment of the problem's type, or a name made of the status. */
async function readProblem(response: Response): Promise<Result<never>> {
	const body = ProblemBody.safeParse(await response.json().catch(() => undefined));
	if (!body.success) return problem(`http-${response.status}`, response.status);
	const name = body.data.type.split("/").at(-1);
	const code = name && name !== "about:blank" ? name : `http-${response.status}`;
	const read = { code, status: response.status, detail: body.data.detail ?? body.data.title };
	const retryAfterS = Number(response.headers.get("Retry-After") ?? Number.NaN);
	return { kind: "problem", problem: Number.isFinite(retryAfterS) ? { ...read, retryAfterS } : read };
}

/** The service's HTTP interface, typed. Framework-free: pages and the watch worker use it. */
export class Api {
	#fetch: Fetch;
	/** Called when a call finds the session gone (401). */
	onSignedOut: () => void = () => {};
	/** Called when a call needs a fresh proof of who one is; resolves with whether it was given. The call is then repeated. */
	onProofRequired: () => Promise<boolean> = async () => false;

	constructor(fetcher: Fetch = (input, init) => fetch(input, init)) {
		this.#fetch = fetcher;
	}

	signUp(body: {
		email: string;
		fullName: string;
		password: string;
		language: string;
		terms: string;
		agreement: string;
	}) {
		return this.#call("POST", "/accounts", Nothing, { body });
	}
	confirmAccount(body: { token: string; password: string; label: string }) {
		return this.#call("POST", "/accounts/confirm", SessionAnswer, { body, session: false });
	}
	askConfirmation(email: string) {
		return this.#call("POST", "/confirmations", Nothing, { body: { email } });
	}
	askReset(email: string) {
		return this.#call("POST", "/password-resets", Nothing, { body: { email } });
	}
	reset(body: { token: string; password: string }) {
		return this.#call("POST", "/password-resets/complete", Nothing, { body });
	}
	confirmAddress(token: string) {
		return this.#call("POST", "/account/email/confirm", Nothing, { body: { token } });
	}
	askPasskeySignIn() {
		return this.#call("POST", "/session/passkey/options", PasskeyOptions, { body: {} });
	}
	passkeySignIn(body: { response: unknown; label: string }) {
		return this.#call("POST", "/session/passkey", SessionAnswer, { body, session: false });
	}
	askProof() {
		return this.#call("POST", "/session/proof/options", PasskeyOptions, { body: {} });
	}
	/** A wrong password here is no end of the session. */
	prove(body: { password: string } | { passkey: unknown }) {
		return this.#call("POST", "/session/proof", Nothing, { body, session: false });
	}
	changeAccount(body: { fullName?: string; language?: "en" | "fr" }) {
		return this.#call("PATCH", "/account", Nothing, { body });
	}
	changeEmail(email: string) {
		return this.#call("POST", "/account/email", Nothing, { body: { email } });
	}
	changePassword(body: { current: string; password: string }) {
		return this.#call("POST", "/account/password", Nothing, { body, session: false });
	}
	sessions() {
		return this.#call("GET", "/sessions", SessionsAnswer);
	}
	endSession(id: string) {
		return this.#call("DELETE", `/sessions/${id}`, Nothing);
	}
	endOtherSessions() {
		return this.#call("DELETE", "/sessions", Nothing);
	}
	passkeys() {
		return this.#call("GET", "/passkeys", PasskeysAnswer);
	}
	askToAddPasskey() {
		return this.#call("POST", "/passkeys/options", PasskeyOptions, { body: {} });
	}
	addPasskey(body: { label: string; response: unknown }) {
		return this.#call("POST", "/passkeys", Nothing, { body });
	}
	removePasskey(id: string) {
		return this.#call("DELETE", `/passkeys/${id}`, Nothing);
	}
	signIn(body: { email: string; password: string; label: string }) {
		return this.#call("POST", "/session", SessionAnswer, { body, session: false });
	}
	session(signal?: AbortSignal) {
		return this.#call("GET", "/session", SessionAnswer, { signal, session: false });
	}
	signOut() {
		return this.#call("DELETE", "/session", Nothing, { session: false });
	}
	rename(what: "agents" | "passkeys" | "sessions", id: string, name: string) {
		return this.#call("PATCH", `/${what}/${id}`, Nothing, { body: { name } });
	}
	privacy() {
		return this.#call("GET", "/privacy", PrivacyAnswer);
	}
	askExport() {
		return this.#call("POST", "/export", ExportLink, { body: {} });
	}
	restrict() {
		return this.#call("POST", "/account/restriction", Nothing, { body: {} });
	}
	liftRestriction() {
		return this.#call("DELETE", "/account/restriction", Nothing);
	}
	object(purpose: string) {
		return this.#call("POST", "/objections", Nothing, { body: { purpose } });
	}
	withdrawObjection(purpose: string) {
		return this.#call("DELETE", `/objections/${purpose}`, Nothing);
	}
	setDirectives(words: string) {
		return this.#call("POST", "/directives", Nothing, { body: { words } });
	}
	removeDirectives() {
		return this.#call("DELETE", "/directives", Nothing);
	}
	leave() {
		return this.#call("DELETE", "/account", Leaving);
	}
	undoLeaving(token: string) {
		return this.#call("POST", "/account/undo", Nothing, { body: { token } });
	}
	receipt(number: string) {
		return this.#call("GET", `/receipts/${encodeURIComponent(number)}`, SignedReceipt);
	}
	signingKeys() {
		return this.#call("GET", "/signing-keys", SigningKeys);
	}
	cameras(signal?: AbortSignal) {
		return this.#call("GET", "/cameras", CamerasAnswer, { signal });
	}
	addCamera(body: { id: string; name: string; agentId: string; address: Address; command: string }) {
		return this.#call("POST", "/cameras", Nothing, { body });
	}
	renameCamera(id: string, name: string) {
		return this.#call("PATCH", `/cameras/${id}`, Nothing, { body: { name } });
	}
	readdressCamera(id: string, address: Address, command: string) {
		return this.#call("PATCH", `/cameras/${id}`, Nothing, { body: { address, command } });
	}
	deleteCamera(id: string, command: string | undefined) {
		return this.#call("DELETE", `/cameras/${id}`, Nothing, { body: command === undefined ? {} : { command } });
	}
	sendCommand(command: string) {
		return this.#call("POST", "/commands", CommandAccepted, { body: { command } });
	}
	command(id: string, signal?: AbortSignal) {
		return this.#call("GET", `/commands/${id}`, CommandState, { signal });
	}
	agents(signal?: AbortSignal) {
		return this.#call("GET", "/agents", AgentsAnswer, { signal });
	}
	devices(signal?: AbortSignal) {
		return this.#call("GET", "/devices", DevicesAnswer, { signal });
	}
	unlinkAgent(id: string) {
		return this.#call("DELETE", `/agents/${id}`, Nothing);
	}
	lookupEnrolment(code: string, signal?: AbortSignal) {
		return this.#call("POST", "/enrolments/lookup", LookupAnswer, { body: { code }, signal });
	}
	claimEnrolment(body: {
		code: string;
		deviceSignKey: string;
		deviceSealKey: string;
		deviceLabel: string;
		mac: string;
	}) {
		return this.#call("POST", "/enrolments/claim", ClaimAnswer, { body });
	}
	relayGrant(cameras: readonly string[], signal?: AbortSignal) {
		return this.#call("POST", "/relay-token", RelayGrant, { body: { cameras }, signal });
	}

	async #call<T>(
		method: string,
		path: string,
		schema: z.ZodType<T>,
		options: { body?: unknown; signal?: AbortSignal | undefined; session?: boolean } = {},
	): Promise<Result<T>> {
		const result = await this.#callOnce(method, path, schema, options);
		const unproved = result.kind === "problem" && result.problem.code === "proof-required";
		return unproved && (await this.onProofRequired()) ? this.#callOnce(method, path, schema, options) : result;
	}
	async #callOnce<T>(
		method: string,
		path: string,
		schema: z.ZodType<T>,
		{ body, signal, session = true }: { body?: unknown; signal?: AbortSignal | undefined; session?: boolean },
	): Promise<Result<T>> {
		let response: Response;
		try {
			response = await this.#fetch(`/api${path}`, {
				method,
				credentials: "same-origin",
				cache: "no-store",
				headers: { accept: "application/json", ...(body !== undefined && { "content-type": "application/json" }) },
				...(body !== undefined && { body: JSON.stringify(body) }),
				...(signal && { signal }),
			});
		} catch {
			return signal?.aborted ? { kind: "aborted" } : problem("offline", 0);
		}
		if (!response.ok) {
			if (response.status === 401 && session) this.onSignedOut();
			return readProblem(response);
		}
		const answer = schema.safeParse(response.status === 204 ? undefined : await response.json().catch(() => undefined));
		if (signal?.aborted) return { kind: "aborted" };
		return answer.success ? { kind: "ok", value: answer.data } : problem("unexpected-answer", response.status);
	}
}

/** The page's one client. */
export const api = new Api();
