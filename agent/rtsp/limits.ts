/** Limits of reading a camera (design: sections 5 and 9). Past one of them the camera's session ends by a named error. */

/** Start line and headers of one RTSP message, bytes. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Body of one RTSP message, in practice the SDP, bytes. */
export const MAX_BODY_BYTES = 64 * 1024;
/** How much junk is searched for the next frame or reply before the connection is given up, bytes. */
export const MAX_RESYNC_BYTES = 1024 * 1024;
/** The same in time, ms. */
export const MAX_RESYNC_MS = 5000;
/** One encoded picture, bytes. */
export const MAX_PICTURE_BYTES = 4 * 1024 * 1024;
/** TCP connection, ms. */
export const CONNECT_TIMEOUT_MS = 5000;
/** One RTSP reply, ms. */
export const REPLY_TIMEOUT_MS = 8000;
/** From the first try to connect to the reply to PLAY, redirects included, ms: drop by drop, replies could take for ever. */
export const DIALOGUE_TIMEOUT_MS = 8000;
/** How long a goodbye may take, ms. */
export const TEARDOWN_TIMEOUT_MS = 1000;
/** No RTP for so long while playing: the camera is gone, ms. */
export const SILENCE_MS = 4000;
/** Answers that a camera asked for and does not read, bytes. */
export const MAX_UNREAD_BYTES = 64 * 1024;
/** Replies and requests of one camera in a second; a flood of them would take the time of all others. */
export const MAX_MESSAGES_A_SECOND = 1000;
/** Redirects in a row, on the camera's own host. */
export const MAX_REDIRECTS = 3;
/** Senders of dead sessions that are told apart on one track. */
export const MAX_DEAD_SOURCES = 16;
/** So many packets of senders that seemed dead, and none of another: then it was the camera all the time. */
export const MAX_DEAD_PACKETS = 32;
/** How often receiver reports go out, ms (RFC 3550, section 6.2: at least 5 s apart). */
export const REPORT_INTERVAL_MS = 5000;
