import type { Session } from "./port.ts";

/** `work`, or a rejection with `late` after `ms`; without `ms`, however long it takes. */
export async function within<T>(ms: number | undefined, work: Promise<T>, late: () => Error): Promise<T> {
	if (ms === undefined) return await work;
	let timer: ReturnType<typeof setTimeout> | undefined;
	const timeout = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(late()), ms);
	});
	try {
		return await Promise.race([work, timeout]);
	} finally {
		clearTimeout(timer);
	}
}

/** The same for a session: one that comes too late, when nobody waits for it any more, is closed. */
export function sessionWithin(
	ms: number,
	opening: Promise<Session>,
	late: () => Error,
	{ code, reason } = { code: 0, reason: "" },
): Promise<Session> {
	let isLate = false;
	const opened = opening.then((session) => {
		if (isLate) session.close(code, reason);
		return session;
	});
	return within(ms, opened, () => {
		isLate = true;
		return late();
	});
}
