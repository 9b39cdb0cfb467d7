import pino from "pino";
import pretty from "pino-pretty";

/** The agent's log on standard error: lines of words on a terminal, JSON everywhere else. */
export function createLog(level: string): pino.Logger {
	const destination = process.stderr.isTTY
		? pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" })
		: pino.destination({ dest: 2, sync: true });
	return pino({ level, base: null }, destination);
}
