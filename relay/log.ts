import { destination, type Level, pino } from "pino";

/**
 * What the relay tells. Ids of accounts and sessions are opaque; addresses, names, URLs and tokens are never logged: a
 * URL carries a token, so callers pass parts, not URLs.
 */
export interface Log {
	debug(facts: object, text: string): void;
	info(facts: object, text: string): void;
	warn(facts: object, text: string): void;
	error(facts: object, text: string): void;
}

/** JSON lines on standard output. */
export function createLog(level: Level): Log {
	return pino(
		{
			level,
			base: null,
			timestamp: () => `,"time":"${new Date().toISOString()}"`,
			formatters: { level: (label) => ({ level: label }) },
			// A net under the rule above, not instead of it.
			redact: { paths: ["jwt", "token", "*.jwt", "*.token", "url", "*.url", "query", "*.query"], censor: "[removed]" },
		},
		destination({ dest: 1, sync: true }),
	);
}

/** For tests and tools that do not care. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
