import type { Accounts } from "../accounts/accounts.ts";
import type { Agents } from "../agents/agents.ts";
import type { Cameras } from "../cameras/cameras.ts";
import type { Changes } from "../changes.ts";
import type { After } from "../clock.ts";
import type { Exports } from "../export/exports.ts";
import type { Passkeys } from "../passkeys/passkeys.ts";
import type { PublicJwk } from "../platform/secrets.ts";
import { Problem } from "../problems.ts";
import type { Erasure } from "../rights/erasure.ts";
import type { Rights } from "../rights/rights.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { SignInGuard, Throttle } from "../throttle/throttle.ts";
import type { RelayTokens } from "../tokens/relay-tokens.ts";

/** The rooms that the routes lead to. */
export interface Rooms {
	accounts: Accounts;
	sessions: Sessions;
	agents: Agents;
	cameras: Cameras;
	tokens: RelayTokens;
	changes: Changes;
	guard: SignInGuard;
	passkeys: Passkeys;
	rights: Rights;
	erasure: Erasure;
	exports: Exports;
	/** Public keys by which copies of data and receipts are checked. */
	documentKeys: { keys: PublicJwk[] };
	/** Slows down one account in using rights that leave a record. */
	uses: Throttle;
	/** Slows down one account in having copies made. */
	copies: Throttle;
	/** Slows down mails that anybody may cause to one address. */
	mailboxes: Throttle;
	/** Slows down one network in having mails sent, to whatever addresses. */
	mails: Throttle;
	/** Slows down calls that anybody may make. */
	open: Throttle;
	/** Slows down a signed-in account or an agent that would take the database from everybody else. */
	callers: Throttle;
	after: After;
}

/** Answers "come again later" when there are `seconds` to wait. */
export function waitOr(seconds: number): void {
	if (seconds > 0) throw new Problem("rate-limited", undefined, seconds);
}
