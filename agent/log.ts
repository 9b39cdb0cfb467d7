import pino from "pino";
import pretty from "pino-pretty";
import { MAX_LOG_LINE, MAX_LOG_LINES } from "./limits.ts";

const NAMES: Record<number, string> = { 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };

/** One line of the log, for a person to read. */
export interface LogLine {
	/** ms since 1970. */
	atMs: number;
	level: string;
	text: string;
}

/** The newest lines of the log, in memory: what the agent's own page shows. */
export class LogLines {
	#lines: LogLine[] = [];
	/** Takes one line as pino writes it. */
	push(json: string): void {
		const { time, level, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
		const more = Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}`);
		const text = [String(msg ?? ""), ...(more.length > 0 ? [`(${more.join(", ")})`] : [])].join(" ");
		this.#lines.push({
			atMs: Number(time),
			level: NAMES[Number(level)] ?? "info",
			text: text.replace(/\p{C}/gu, " ").slice(0, MAX_LOG_LINE),
		});
		if (this.#lines.length > MAX_LOG_LINES) this.#lines.shift();
	}
	/** Oldest first. */
	get all(): readonly LogLine[] {
		return this.#lines;
	}
}

/** The agent's log on standard error: lines of words on a terminal, JSON everywhere else. `lines` keeps the newest, too. */
export function createLog(level: string, lines?: LogLines): pino.Logger {
	const destination = process.stderr.isTTY
		? pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" })
		: pino.destination({ dest: 2, sync: true });
	return pino(
		{ level, base: null },
		{
			write(line: string) {
				lines?.push(line);
				destination.write(line);
			},
		},
	);
}
