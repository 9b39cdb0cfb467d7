/** What keeps a session alive: cameras accept the one, the other, or both. */
export type KeepaliveMethod = "GET_PARAMETER" | "OPTIONS";

/** What was learnt of one camera in earlier sessions. Kept in memory only; a wrong lesson costs one more session. */
export class Habits {
	/** The keepalive that the camera accepted, or the other one after one that did not count. */
	keepalive: KeepaliveMethod | undefined;
	/** Some send nothing unless each of their tracks is set up, also those that nobody wants (retina PR#85). */
	everyTrack = false;
}
