import { MAX_TOKEN_SECONDS } from "@mivisus/wire/token";

/** Time as a port: rooms never read the system's clock themselves. */
export interface Clock {
	/** ms since 1970. */
	now(): number;
}
/** Has `run` called once after `ms`; gives how to call it off. */
export type After = (ms: number, run: () => void) => () => void;
/** Whole seconds since 1970, as JWTs count. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);
/**
 * `iat` of a revocation of what never comes back (a session, a camera, an agent). Somewhat ahead: a token may be under way
 * whose right was looked at before it ended and whose own `iat` is taken after that.
 */
export const endedForGood = (clock: Clock): number => seconds(clock) + MAX_TOKEN_SECONDS;
/** The UTC day of `ms`, `YYYY-MM-DD`: as coarse as last uses are kept. */
export const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
