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
