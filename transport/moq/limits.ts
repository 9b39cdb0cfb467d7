/** Limits of a MoQ peer, whichever program it is in. */

/** What opens a stream (a request, the header of a group) is there within this time, ms. */
export const LATE_MS = 5000;
/** Streams of a session for which it was not; beyond, the peer is closed. */
export const MAX_LATE_STREAMS = 16;
/** Groups that wait for a consumer; beyond, the oldest is stopped: live media that nobody reads is worthless. */
export const MAX_WAITING_GROUPS = 8;
