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
/** The same for all tracks of an account, past which a late subscriber waits for the next group; of everybody: memory.ts. */
export const MAX_ACCOUNT_CACHED_BYTES = 256 * 1024 * 1024;

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
/** Frames that wait for a subscriber go out in one piece up to so much: fewer calls, and small enough to be given up. */
export const COALESCED_BYTES = 64 * 1024;
/** A subscriber whose transport took nothing for so long is cut. */
export const STALLED_MS = 10_000;

/** How often deadlines are looked at: sessions end at most this long after `until`. */
export const TICK_MS = 500;
/** What happened is told once in so long, one line for each kind. */
export const LOG_INTERVAL_MS = 30_000;
/** Of so many sessions one is told by itself, where `logLevel` is `debug`. */
export const SESSIONS_PER_DEBUG_LINE = 64;
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
/** A plane that crashed is followed by another one after a pause, which doubles each time, ms. */
export const FIRST_PAUSE_MS = 250;
export const LONGEST_PAUSE_MS = 15_000;
/** One that ran for so long was well: the next pause is short again. */
export const WELL_MS = 60_000;
/** From the request to end to the end by force. */
export const STOP_GRACE_MS = 3000;
/** A plane that said nothing for so long hangs: nobody is sent there. */
export const PLANE_SILENT_MS = 3000;
/** A plane applies what was taken back within this time. */
export const PLANE_ANSWERS_MS = 2000;
/** A certificate of the relay's own making is replaced this long before it ends: on its tenth day of thirteen. */
export const RENEW_BEFORE_MS = 3 * 86_400_000;
/** The worker may send people to a plane for so long after another one took over (it asks once a second). */
export const DRAIN_AFTER_MS = 1500;
/** Who was told to go and is still there after this is sent away. */
export const DRAIN_MS = 10_000;
/** How often it is looked whether the certificate's files are new. */
export const CERTIFICATE_LOOK_MS = 5_000;
/** A push of the worker. */
export const MAX_HTTP_BODY_BYTES = 64 * 1024;

/** The setting `memoryMiB` (memory.ts): a smaller relay could not hold a few large frames. */
export const MIN_MEMORY_MIB = 512;
export const DEFAULT_MEMORY_MIB = 2048;
/** Resident memory above this share of it: nobody new is let in and nothing is cached, until it is below the other one. */
export const MEMORY_SHORT_SHARE = 0.9;
export const MEMORY_FREE_SHARE = 0.85;
/** What a peer that publishes nothing may send before it is read: requests and reports. Over TCP; HTTP/3 sets its own. */
export const VIEWER_WINDOW_BYTES = 64 * 1024;
