import { createSignal } from "solid-js";
import type { Account } from "../api/answers.ts";
import { api, type Problem } from "../api/client.ts";

/** `undefined`: not known yet. `null`: nobody. */
const [account, setAccount] = createSignal<Account | null | undefined>(undefined);
/** Why it is not known, when the service cannot be asked. */
const [sessionProblem, setProblem] = createSignal<Problem>();

export { account, sessionProblem, setAccount };

/** Asks the service who is signed in. */
export async function loadSession(): Promise<void> {
	setProblem(undefined);
	const result = await api.session();
	if (result.kind === "ok") setAccount(result.value.account);
	else if (result.kind === "problem" && result.problem.status === 401) setAccount(null);
	else if (result.kind === "problem") setProblem(result.problem);
}
api.onSignedOut = () => setAccount(null);

/** Ends the session, here and at the service. */
export async function signOut(): Promise<Problem | undefined> {
	const result = await api.signOut();
	if (result.kind === "problem" && result.problem.status !== 401) return result.problem;
	setAccount(null);
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
