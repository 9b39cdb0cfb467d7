/** Limits of the agent (design: section 9). */

/** The GOP kept at home so that the first picture comes at once. */
export const MAX_GOP_BYTES = 32 * 1024 * 1024;
export const MAX_GOP_FRAMES = 4096;
/** Bytes waiting for one subscription before whole groups are dropped. */
export const MAX_QUEUE_BYTES = 8 * 1024 * 1024;
/** Groups of one subscription alive at once. */
export const MAX_OPEN_GROUPS = 2;
/** Groups that are whole on our side and can still be called back, because their last bytes may wait for the network. */
export const MAX_ENDED_GROUPS = 8;
/** Subscriptions to one track at once. A relay needs one, and a second one while it takes another session. */
export const MAX_TRACK_SUBSCRIPTIONS = 8;
/** Audio units that share one group: about a second, because a stream for each would exhaust some browsers (W01). */
export const AUDIO_GROUP_US = 1_000_000;
/** Pictures that stand alone (MJPEG) share a group for the same reason. */
export const PICTURE_GROUP_US = 1_000_000;
/** Without a subscriber the camera's session stays open this long, then closes. */
export const IDLE_MS = 60_000;
/** So long after the last group that was left out, the uplink counts as quick enough again, ms. */
export const UPLINK_SLOW_MS = 10_000;
/** Changes of streams that wait for the service, and go in one call: it takes no more. */
export const MAX_STREAM_REPORTS = 100;
/** Cameras on one agent. */
export const MAX_CAMERAS = 64;
/** One body that the agent's own page may send. */
export const MAX_PAGE_BODY_BYTES = 16 * 1024;
/** Connections to the agent's own page at once. */
export const MAX_PAGE_CONNECTIONS = 64;
/** Browsers in which the agent's own page is open at once; the oldest makes room. */
export const MAX_PAGE_SESSIONS = 8;
/** How long a link to the agent's own page can be used, once. */
export const PAGE_LINK_MS = 10 * 60_000;
/** How long the page stays open in a browser, from when the link was used. */
export const PAGE_SESSION_MS = 12 * 3_600_000;
/** Tests and searches that the page may have running at once. */
export const MAX_PAGE_TASKS = 4;
/** Lines of the log that the page shows, and characters of one. */
export const MAX_LOG_LINES = 200;
export const MAX_LOG_LINE = 600;
/** The configuration file and the state file. */
export const MAX_FILE_BYTES = 1024 * 1024;
