const DAY_MS = 86_400_000;
/** What the policy promises (07.7). */
const PROMISED_MS = 30 * DAY_MS;
/** When whoever answers is reminded. */
const REMINDER_MS = 20 * DAY_MS;
/** Article 12(3): two further months where that is needed. */
const EXTENSION_MONTHS = 2;

/** Proof that rights were kept to is kept so long, from when a request was closed or an account erased. */
export const PROOF_MONTHS = 36;
/** The same time of the same day, `months` later; the last day of a month that has no such day (Regulation 1182/71, art. 3). */
export function monthsAfter(ms: number, months: number): number {
	const from = new Date(ms);
	const to = new Date(ms);
	to.setUTCDate(1);
	to.setUTCMonth(from.getUTCMonth() + months);
	const last = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
	to.setUTCDate(Math.min(from.getUTCDate(), last));
	return to.getTime();
}

/**
 * When a request that came at `receivedAt` must be answered, ms since 1970: after 30 days as promised, or one calendar month
 * as the law says (art. 12(3)), whichever comes first. From 31 January a month is 28 days.
 */
export const dueAt = (receivedAt: number): number => Math.min(receivedAt + PROMISED_MS, monthsAfter(receivedAt, 1));
/** When it stands on the operator's list in bold. */
export const reminderAt = (receivedAt: number): number => receivedAt + REMINDER_MS;
/** Until when it may be put off, for who was told so by `toldAt`; `undefined` when the first month is over (art. 12(3)). */
export const extendedTo = (receivedAt: number, toldAt: number): number | undefined =>
	toldAt <= dueAt(receivedAt) ? monthsAfter(receivedAt, 1 + EXTENSION_MONTHS) : undefined;
