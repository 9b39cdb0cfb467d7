/** Time as a port: rooms never read the system's clock themselves. */
export interface Clock {
	/** ms since 1970. */
	now(): number;
}
/** Whole seconds since 1970, as JWTs count. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);
