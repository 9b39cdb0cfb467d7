/**
 * The peer broke the protocol: bytes that no conforming implementation sends, or more of them than a named limit
 * allows. `code` is what goes on the wire (RESET_STREAM, STOP_SENDING or the session's close); `reason` is safe to log.
 */
export class WireError extends Error {
	override name = "WireError";
	readonly code: number;
	readonly reason: WireErrorReason;
	constructor(reason: WireErrorReason, detail: string) {
		super(`${reason}: ${detail}`);
		this.reason = reason;
		this.code = WIRE_ERROR_CODES[reason];
	}
}

/**
 * Application error codes of this project, one per reason. They travel in RESET_STREAM, STOP_SENDING and
 * CLOSE_WEBTRANSPORT_SESSION; `docs/reference/wire.md` lists them.
 */
export const WIRE_ERROR_CODES = {
	/** Nothing went wrong: the sender simply has no more use for the stream. */
	cancelled: 0,
	/** The peer sent something that the wire does not allow. */
	"protocol-violation": 3,
	/** No such broadcast or track, or not yours: the two are not told apart. */
	"not-found": 404,
	/** The token does not allow this. */
	unauthorized: 401,
	/** A message, frame, group or count above its named limit. */
	"too-large": 413,
	/** Sessions, streams or subscriptions above their named limit. */
	"too-many": 429,
	/** The reader fell behind; the group was dropped on its border and the next one follows. */
	lagging: 460,
	/** The peer did not do in time what it had to (set up, report, read). */
	timeout: 408,
	/** The session's time (`mivisus.until`) is over. */
	expired: 440,
	/** The right that the session rested on was taken back. */
	revoked: 441,
	/** The other side is going away; try again. */
	"going-away": 503,
} as const;

/** The closed set of reasons. */
export type WireErrorReason = keyof typeof WIRE_ERROR_CODES;

/** The reason that belongs to a code received from a peer, or `undefined` for a code that is not ours. */
export function reasonOfCode(code: number): WireErrorReason | undefined {
	for (const [reason, value] of Object.entries(WIRE_ERROR_CODES)) {
		if (value === code) return reason as WireErrorReason;
	}
	return undefined;
}
