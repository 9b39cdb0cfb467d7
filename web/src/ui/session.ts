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

/** What the page `at` is to say at its top because of what was done just before; the app drops it with the next page. */
const [greeting, setGreeting] = createSignal<{ words: string; at: string }>();

export { greeting, setGreeting };

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

/** The service ended every session: nobody is signed in here any more. */
export function signedOutElsewhere(): void {
	setEnded(false);
	setKnown(null);
}

/** Ends the session, here and at the service. */
export async function signOut(): Promise<Problem | undefined> {
	const result = await api.signOut();
	if (result.kind === "problem" && result.problem.status !== 401) return result.problem;
	signedOutElsewhere();
	return undefined;
}

/**
 * The secret part of an enrolment link, which stood behind `#`. Read once and taken out of the address bar and the
 * history; kept in memory only, so that it outlives signing in but not a reload.
 */
const [pendingLink, setPendingLink] = createSignal<string>();

export { pendingLink, setPendingLink };

/** The token of a mailed link, likewise: what a page does with it, it does when its button is pressed, never by itself. */
const [mailedToken, setMailedToken] = createSignal<string>();

export { mailedToken };
/** It has done its work. */
export const forgetMailedToken = () => setMailedToken(undefined);

const MAILED = ["/confirm", "/reset", "/confirm-address", "/undo", "/receipt"];

/** A token, or the number of a receipt. */
const LINK = /^([\w-]{43}|[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})$/;

export function takeLinkFromAddress(): void {
	if (MAILED.includes(location.pathname) && location.hash.length > 1 && location.hash !== "#content") {
		// Copied with something before or behind it, it is none: the page says so instead of asking the service.
		const [whole] = LINK.exec(location.hash.slice(1)) ?? [];
		setMailedToken(whole);
		history.replaceState(null, "", location.pathname);
		return;
	}
	if (location.pathname !== "/enrol" || ["", "#content"].includes(location.hash)) return;
	setPendingLink(location.hash.slice(1));
	history.replaceState(null, "", "/enrol");
}
