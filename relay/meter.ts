import type { Session } from "@mivisus/transport/port";
import { WIRE_ERROR_CODES, type WireErrorReason } from "@mivisus/wire/errors";

/**
 * What the relay counts. Plain numbers, because the hot path adds to them for each frame. Everything that may become a
 * label stands in a list here: an id, an address or a name has no way in.
 */

type Transport = Session["transport"];
export const TRANSPORTS = ["http3", "tcp", "fails", "fake"] as const satisfies readonly Transport[];

/** Why a session was not let in. */
export const REFUSALS = [
	"no-token",
	"two-tokens",
	"token-malformed",
	"token-expired",
	"token-not-yet-valid",
	"token-unknown-key",
	"token-bad-signature",
	"token-not-allowed",
	"token-older-than-relay",
	"token-used",
	"path-is-not-root",
	"revoked",
	"too-many-tokens",
	"too-many-sessions",
	"too-many-of-account",
	"memory",
	"ending",
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** Why a session ended: what the relay told the peer, or that the peer went. */
export type EndReason = WireErrorReason | "by-peer";
const ENDS: readonly EndReason[] = ["by-peer", ...(Object.keys(WIRE_ERROR_CODES) as WireErrorReason[])];

/** Why a subscriber did not get a group whole: it was too slow itself, or all queues together were too large. */
export const DROPS = ["slow", "memory"] as const;

type Counts<K extends string> = Record<K, number>;
const zeros = <K extends string>(keys: readonly K[]) => Object.fromEntries(keys.map((key) => [key, 0])) as Counts<K>;

/** One per data plane; its parts add to it, the metrics and the log read it. Nothing is ever set back. */
export class Meter {
	/** From publishers, and to subscribers: frames with their length prefix. */
	bytesIn = 0;
	framesIn = 0;
	bytesOut = 0;
	framesOut = 0;
	/** Subscriptions that a viewer asked for and got. */
	joins = 0;
	/** Subscriptions of the relay at a publisher: one per track, however many watch. */
	upstreamSubscriptions = 0;
	readonly groupsDropped = zeros(DROPS);
	readonly sessionsBegun = zeros(TRANSPORTS);
	/** Of those that began: how many are over. */
	readonly sessionsOver = zeros(TRANSPORTS);
	readonly sessionsEnded = zeros(ENDS);
	readonly refused = zeros(REFUSALS);
	/** Requests that a transport could not hand over. */
	readonly acceptFailures = zeros(TRANSPORTS);
	/** Requests that failed between their token and their session: the peer went, or took no answer. */
	enterFailures = 0;
	/** Called when a subscriber's first frame was written, with the time since it subscribed, ms. */
	onFirstFrame: (ms: number) => void = () => {};
}
