/**
 * Limits of the relay (design: section 9). Each has a test at the limit and one above it, or names what enforces it.
 */

/** Sessions in one data-plane process. */
export const MAX_SESSIONS = 2000;
/** Sessions of one account: its agents and everybody who looks at its cameras. */
export const MAX_ACCOUNT_SESSIONS = 250;
/** Connections over TCP that are no session, or not yet one. */
export const MAX_OTHER_CONNECTIONS = 3000;
/** From a connection over TCP to its request for a session: TLS first, then HTTP. */
export const HANDSHAKE_MS = 5000;
/** Header of such a request; its URL carries the token. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Letting a session in takes at most so long; a peer that takes no answer is not waited for. */
export const ACCEPT_MS = 10_000;
/** Subscriptions that one session may hold at a time: a wall of cameras with three tracks each. */
export const MAX_SUBSCRIPTIONS = 256;
/** Announce streams that one session may hold at a time. */
export const MAX_ANNOUNCE_STREAMS = 16;
/** Announcements that may wait for a session that does not read them. */
export const MAX_PENDING_ANNOUNCEMENTS = 1024;
/** Broadcasts that one session may publish at a time. */
export const MAX_BROADCASTS = 256;
/** Groups of one track that are received at the same time; beyond, the oldest is stopped. */
export const MAX_OPEN_GROUPS = 4;

/** A publisher answers a subscription within this time. */
export const UPSTREAM_MS = 10_000;

/** The current group of a track as kept for late subscribers. Past either cap it is forwarded, but not kept. */
export const MAX_CACHED_BYTES = 32 * 1024 * 1024;
export const MAX_CACHED_FRAMES = 4096;
/** The same for all tracks of an account, and of everybody: past it a late subscriber waits for the next group. */
export const MAX_ACCOUNT_CACHED_BYTES = 256 * 1024 * 1024;
export const MAX_ALL_CACHED_BYTES = 1024 * 1024 * 1024;

/** What may wait for one subscriber; beyond, whole groups are dropped down to the newest. */
export const MAX_QUEUE_BYTES = 8 * 1024 * 1024;
export const MAX_QUEUE_GROUPS = 2;
/** Frames of a few bytes cost memory of their own. */
export const MAX_QUEUE_FRAMES = 8192;
/** What may wait for all subscriptions of a session together; beyond, it is cut. */
export const MAX_SESSION_QUEUE_BYTES = 64 * 1024 * 1024;
/** Groups of a few bytes (one sound packet each, as some publishers send) may queue in larger number. */
export const MAX_SMALL_GROUPS = 64;
export const MAX_SMALL_BYTES = 64 * 1024;
/** A subscriber whose transport took nothing for so long is cut. */
export const STALLED_MS = 10_000;

/** How often deadlines are looked at: sessions end at most this long after `until`. */
export const TICK_MS = 500;
/** The relay's clock track. */
export const CLOCK_INTERVAL_MS = 1000;
/** A peer that announced a report and sent none for so long is gone. */
export const REPORT_MISSING_MS = 5000;
/** One report: a wall of cameras with three tracks each. A longer one is not read, it would cost everybody's time. */
export const MAX_REPORT_BYTES = 64 * 1024;
/** A token's slot on the second transport is burnt this long after its first use. */
export const SECOND_SLOT_MS = 5000;

/** Used tokens remembered at a time; each for a minute at most. */
export const MAX_USED_TOKENS = 100_000;
/** Revocations held; sessions live an hour, so do they. */
export const REVOCATION_KEPT_MS = 3_600_000;
export const MAX_REVOCATIONS = 100_000;
/** A push of the worker. */
export const MAX_HTTP_BODY_BYTES = 64 * 1024;
