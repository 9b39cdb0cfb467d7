import { z } from "zod";
import type { Clock } from "./clock.ts";
import { Problem } from "./problems.ts";
import type { RelayPlace } from "./tokens/relay-tokens.ts";

const port = z.number().int().min(1).max(65535);
const Health = z.object({
	certificateHashes: z.array(z.string()),
	/** Of the plane that is to be entered; a foreign relay has one name and place. */
	instance: z.string().optional(),
	/** Its second set of ports is in use: the same host, other numbers. */
	slot: z.number().optional(),
	port: port.optional(),
	tcpPort: port.optional(),
});
type Health = z.infer<typeof Health>;
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
	let known: { health: Health; atMs: number } | undefined;
	let asking: Promise<Health> | undefined;
	const ask = async () => {
		const response = await fetch(`${control}/healthz`, { signal: AbortSignal.timeout(PATIENCE_MS) });
		return Health.parse(await response.json());
	};
	return async () => {
		if (!known || known.atMs + FRESH_MS <= clock.now()) {
			// One look serves all who come meanwhile.
			asking ??= ask().finally(() => {
				asking = undefined;
			});
			const health = await asking.catch(() => undefined);
			if (!health) throw new Problem("relay-away", undefined, 1);
			known = { health, atMs: clock.now() };
		}
		const { slot, port, tcpPort, certificateHashes, instance: plane = instance } = known.health;
		const at = (place: string, other: number | undefined) => (slot === 1 && other ? onPort(place, other) : place);
		return { url: at(url, port), tcpUrl: tcpUrl && at(tcpUrl, tcpPort), instance: plane, certificateHashes };
	};
}

/** The same host under another port; an origin, without a slash at the end. */
function onPort(place: string, port: number): string {
	const { protocol, hostname } = new URL(place);
	return `${protocol}//${hostname}:${port}`;
}
