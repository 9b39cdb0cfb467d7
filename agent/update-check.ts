import { z } from "zod";
import { pause } from "./backoff.ts";

/** How often the service is asked, ms. */
export const UPDATE_CHECK_MS = 24 * 3_600_000;
const TIMEOUT_MS = 10_000;
/** Longest answer that is read, bytes. */
export const MAX_VERSION_BYTES = 4096;

const VERSION = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/;
const Answer = z.object({ version: z.string().regex(VERSION) });

/** Whether `there` is a later version than `here`; both like `1.2.3`. */
export function isLater(there: string, here: string): boolean {
	const [a, b] = [there, here].map((version) => VERSION.exec(version)?.slice(1).map(Number) ?? []);
	for (let i = 0; i < 3; i++) {
		const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
		if (difference !== 0) return difference > 0;
	}
	return false;
}

/** The body as text, or `undefined` where it is longer than {@link MAX_VERSION_BYTES}. */
async function readBounded(response: Response): Promise<string | undefined> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of response.body ?? []) {
		bytes += chunk.length;
		if (bytes > MAX_VERSION_BYTES) return undefined;
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

/** The version that the service at `origin` offers, or `undefined` where it says nothing that can be understood. */
export async function offeredVersion(origin: string, signal: AbortSignal): Promise<string | undefined> {
	try {
		const response = await fetch(new URL("/agent-version.json", origin), {
			// Another host would learn that there is an agent at this address.
			redirect: "error",
			signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
		});
		if (!response.ok) {
			await response.body?.cancel();
			return undefined;
		}
		const parsed = Answer.safeParse(JSON.parse((await readBounded(response)) ?? "null"));
		return parsed.data?.version;
	} catch {
		return undefined;
	}
}

/**
 * For owners who asked for it (`updateCheck`): asks the service once a day, and tells of each later version once. Nothing is
 * ever downloaded, and nobody but the configured service is asked. Runs until `signal` aborts.
 */
export async function watchForUpdates(
	{ origin, here, tell }: { origin: string; here: string; tell(version: string): void },
	signal: AbortSignal,
): Promise<void> {
	let told = here;
	while (!signal.aborted) {
		const version = await offeredVersion(origin, signal);
		if (version !== undefined && !signal.aborted && isLater(version, told)) {
			told = version;
			tell(version);
		}
		await pause(UPDATE_CHECK_MS, signal);
	}
}
