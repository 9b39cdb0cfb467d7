import { z } from "zod";
import type { Clock } from "./clock.ts";
import type { RelayPlace } from "./tokens/relay-tokens.ts";

const Health = z.object({ certificateHashes: z.array(z.string()) });
/** How old the relay's word on its certificate may be, ms. A restarted relay may have another one. */
const FRESH_MS = 1000;

/**
 * Asks the relay for the hashes of its certificate, and keeps them for a second. While it does not answer, the last ones
 * are given: a page that comes too early simply tries again.
 */
export function relayPlace(options: {
	url: string;
	instance: string;
	control: string;
	fetch: typeof fetch;
	clock: Clock;
}): () => Promise<RelayPlace> {
	let known: { certificateHashes: string[]; atMs: number } | undefined;
	return async () => {
		const now = options.clock.now();
		if (!known || known.atMs + FRESH_MS <= now) {
			try {
				const response = await options.fetch(`${options.control}/healthz`, { signal: AbortSignal.timeout(1000) });
				known = { certificateHashes: Health.parse(await response.json()).certificateHashes, atMs: now };
			} catch {
				// The relay is restarting.
			}
		}
		return { url: options.url, instance: options.instance, certificateHashes: known?.certificateHashes ?? [] };
	};
}
