/**
 * Limits of the wire itself, shared by every program that speaks it (design: section 9). A program's own limits (queues,
 * sessions) stand in its own `limits.ts`.
 */

/** One frame: an access unit, an audio unit, a catalog, a report. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;
/** A control message body (announce, subscribe). */
export const MAX_CONTROL_BYTES = 4 * 1024;
/** A client or server setup body: versions and parameters. */
export const MAX_SETUP_BYTES = 1024;
/** One path: a broadcast name, a prefix, a track name. */
export const MAX_PATH_BYTES = 512;
/** Suffixes in one ANNOUNCE_INIT. */
export const MAX_ANNOUNCED = 256;
/** A catalog, as JSON text in UTF-8. */
export const MAX_CATALOG_BYTES = 64 * 1024;
/** A relay token, as it stands in the URL. */
export const MAX_TOKEN_BYTES = 4 * 1024;
/** A signed statement (command, assertion), encoded. */
export const MAX_STATEMENT_BYTES = 16 * 1024;
