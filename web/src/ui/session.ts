import { createSignal } from "solid-js";
import type { Account } from "../api/answers.ts";
import { api, type Problem } from "../api/client.ts";

/** `undefined`: not known yet. `null`: nobody. */
const [account, setKnown] = createSignal<Account | null | undefined>(undefined);
/** Why it is not known, when the service cannot be asked. */
const [sessionProblem, setProblem] = createSignal<Problem>();

/** Somebody was signed in here until the service said otherwise: the page says so instead of just changing. */
const [sessionEnded, setEnded] = createSignal(false);

export { account, sessionEnded, sessionProblem };

/** Somebody signed in. */
export function setAccount(who: Account): void {
	setEnded(false);
	setKnown(who);
}

/** Asks the service who is signed in. */
export async function loadSession(): Promise<void> {
	setProblem(undefined);
	const result = await api.session();
	if (result.kind === "ok") setAccount(result.value.account);
	else if (result.kind === "problem" && result.problem.status === 401) setKnown(null);
	else if (result.kind === "problem") setProblem(result.problem);
}
api.onSignedOut = () => {
	if (account()) setEnded(true);
	setKnown(null);
};

/** Ends the session, here and at the service. */
export async function signOut(): Promise<Problem | undefined> {
	const result = await api.signOut();
	if (result.kind === "problem" && result.problem.status !== 401) return result.problem;
	setEnded(false);
	setKnown(null);
	return undefined;
}

/**
 * The secret part of an enrolment link, which stood behind `#`. Read once and taken out of the address bar and the
 * history; kept in memory only, so that it outlives signing in but not a reload.
 */
const [pendingLink, setPendingLink] = createSignal<string>();

export { pendingLink, setPendingLink };
export function takeLinkFromAddress(): void {
	if (location.pathname !== "/enrol" || ["", "#content"].includes(location.hash)) return;
	setPendingLink(location.hash.slice(1));
	history.replaceState(null, "", "/enrol");
}
