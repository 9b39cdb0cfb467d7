import { z } from "zod";
import type { Clock } from "./clock.ts";
import { Problem } from "./problems.ts";
import type { RelayPlace } from "./tokens/relay-tokens.ts";

const Health = z.object({ certificateHashes: z.array(z.string()) });
/** How old the relay's word on its certificate may be, ms. A restarted relay may have another one. */
const FRESH_MS = 1000;
/** Of one look. */
const PATIENCE_MS = 1000;

/**
 * Asks the relay for the hashes of its certificate, and keeps them for a second. While it does not answer, nobody is sent
 * there (Problem `relay-away`): a browser that fails at its door some ten times within five minutes is held back by itself
 * for up to a minute (Chromium's throttle of WebTransport, decision 0016), and would come late when the relay is back.
 */
export function relayPlace(options: {
	url: string;
	tcpUrl?: string | undefined;
	instance: string;
	control: string;
	fetch: typeof fetch;
	clock: Clock;
}): () => Promise<RelayPlace> {
	const { url, tcpUrl, instance, control, fetch, clock } = options;
	let known: { certificateHashes: string[]; atMs: number } | undefined;
	let asking: Promise<string[]> | undefined;
	const ask = async () => {
		const response = await fetch(`${control}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
		return Health.parse(await response.json()).certificateHashes;
	};
	return async () => {
		if (!known || known.atMs + FRESH_MS <= clock.now()) {
			// One look serves all who come meanwhile.
			asking ??= ask().finally(() => {
				asking = undefined;
			});
			const certificateHashes = await asking.catch(() => undefined);
			if (!certificateHashes) throw new Problem("relay-away", undefined, 1);
			known = { certificateHashes, atMs: clock.now() };
		}
		return { url, tcpUrl, instance, certificateHashes: known.certificateHashes };
	};
}
