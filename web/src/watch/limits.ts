/** Limits and times of the viewer (design: section 9). */

/** No new picture for longer: the tile is marked. With the status tick it greys within 2 s. */
export const STALE_MS = 1500;
/** A picture older than this is not live, whatever arrives. */
export const LATE_MS = 2000;
/** How often tiles tell the page about themselves. */
export const TICK_MS = 250;
/** A newer group has its key picture and the current one has not ended: wait this long, then jump. */
export const GROUP_GRACE_MS = 300;
/** Behind by more than this: jump as soon as a newer group is there. */
export const BEHIND_MS = 500;
/** Groups and bytes that wait behind the current group; beyond, jump to the newest. */
export const MAX_WAITING_GROUPS = 3;
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Decoded pictures held at once per tile. */
export const MAX_OPEN_FRAMES = 3;
/** Chunks in the decoder, and how long the oldest may be there, before skipping to the next key picture. */
export const MAX_DECODING = 150;
export const MAX_DECODING_MS = 1000;
/** Chunks in, no picture out: the decoder is rebuilt, in software. */
export const DECODER_SILENT_MS = 3000;
/** The jitter that pacing takes away at most; more is shown as it comes. */
export const MAX_JITTER_MS = 120;
/** A session that is not ready by then is given up. */
export const CONNECT_TIMEOUT_MS = 8000;
/** A new session is opened beside this long before the old one's time is over. */
export const RENEW_BEFORE_MS = 60_000;
/** A spare session that carries nothing takes over anyway after this. */
export const SPARE_MS = 5000;
/** Reconnection back-off: a relay that is back is seen again within 10 s, its handshake included. */
export const RETRY_BASE_MS = 250;
export const RETRY_CAP_MS = 6000;
