import type { JobsDone } from "../jobs.ts";
import type { OutboxEvent } from "../mail/outbox.ts";
import { DatabaseUnavailable } from "../store/database.ts";

/** Where the operator reads: a line is an object and words. */
export interface Log {
	info(fields: object, words: string): void;
	warn(fields: object, words: string): void;
	error(fields: object, words: string): void;
}

/** What is wrong, as far as it may be written down: a message may quote what a person sent, but of the database it is ours. */
export const nameOf = (error: Error) => ({
	name: error.name,
	...(error instanceof DatabaseUnavailable && { why: error.message }),
});

/** What the operator is told, on every runtime; never what was in a request, nor to whom a mail went. */
export const tellOperator = (log: Log) => ({
	// The stack's first own line says where to look.
	onFault: (error: Error, correlation: string) =>
		log.error({ correlation, ...nameOf(error), at: error.stack?.split("\n")[1]?.trim() }, "a request failed"),
	onMail: (event: OutboxEvent) => {
		if (event.what === "sent") log.info({ subject: event.subject }, "a mail was sent");
		else if (event.what === "broken") log.error(nameOf(event.error), "the outbox cannot be worked on");
		else {
			const { what: _, ...told } = event;
			log[event.dead ? "error" : "warn"](told, event.dead ? "a mail could not be sent" : "a mail has to wait");
		}
	},
});

/** What the hour's jobs did, where they did anything; requests by their numbers only. */
export function tellJobs(log: Log, { warned, left, erased, reminded, overdue, again, failed }: JobsDone): void {
	for (const { step, error } of failed) log.error({ step, ...nameOf(error) }, "a step of the hour's jobs failed");
	if (again > 0) log.warn({ accounts: again }, "erased again what a restored database had brought back");
	if (warned + left + erased > 0)
		log.info({ warned, left, erased }, "accounts were warned, began to leave, were erased");
	if (reminded.length > 0) log.warn({ reminded }, "requests reached day 20: answer them (npm run requests)");
	if (overdue.length > 0) log.error({ overdue }, "requests are LATE: answer them now (npm run requests)");
}
