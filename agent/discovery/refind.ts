import { isLinkLocalV6, isPrivateAddress } from "./address.ts";
import { deviceKey } from "./discover.ts";
import { MAX_FOUND_PER_HOST } from "./limits.ts";
import { type SearchOptions, search } from "./search.ts";

/** Addresses that are remembered for one reference: more than one is too many already. */
const MAX_CLAIMANTS = 16;

/** One look, with the hosts that claim each reference. */
interface Look {
	claims: Map<string, Set<string>>;
	done: Promise<void>;
	stop: AbortController;
	waiting: number;
}

/** Where the device of that endpoint reference is now; undefined where it is not heard, or not clearly. Never rejects. */
export type Refind = (device: string, signal: AbortSignal) => Promise<string | undefined>;

/**
 * Looks for cameras that have left their address. All that ask at the same time share one look, so that a house whose
 * power came back is not flooded by its own agent.
 */
export function createRefinder(options: Omit<SearchOptions, "signal">): Refind {
	let running: Look | undefined;
	const begin = (): Look => {
		const claims = new Map<string, Set<string>>();
		const byHost = new Map<string, number>();
		const stop = new AbortController();
		const done = search({ ...options, signal: stop.signal }, ({ device, host, related }) => {
			// Only an answer to our own question, and only from a private network: the password's digest will go there.
			if (device === undefined || !related || !isPrivateAddress(host)) return;
			const key = deviceKey(device);
			const hosts = claims.get(key) ?? new Set();
			const ofHost = byHost.get(host) ?? 0;
			if (hosts.has(host) || hosts.size >= MAX_CLAIMANTS || ofHost >= MAX_FOUND_PER_HOST) return;
			byHost.set(host, ofHost + 1);
			claims.set(key, hosts.add(host));
		});
		const look = { claims, done, stop, waiting: 0 };
		void done.then(() => {
			if (running === look) running = undefined;
		});
		return look;
	};
	return async (device, signal) => {
		if (signal.aborted) return undefined;
		running ??= begin();
		const look = running;
		look.waiting += 1;
		let leave = () => {};
		const left = new Promise<void>((resolve) => {
			leave = resolve;
			signal.addEventListener("abort", leave);
		});
		await Promise.race([look.done, left]);
		signal.removeEventListener("abort", leave);
		look.waiting -= 1;
		if (look.waiting === 0) {
			if (running === look) running = undefined;
			look.stop.abort();
		}
		return signal.aborted ? undefined : clearlyOne([...(look.claims.get(deviceKey(device)) ?? [])]);
	};
}

/** The one address among `hosts` to go to. Two devices that claim one reference: neither is believed. */
function clearlyOne(hosts: string[]): string | undefined {
	const ranks = [
		(host: string) => !host.includes(":"),
		(host: string) => host.includes(":") && !isLinkLocalV6(host),
		isLinkLocalV6,
	];
	const best = ranks.map((rank) => hosts.filter(rank)).find((some) => some.length > 0) ?? [];
	return best.length === 1 ? best[0] : undefined;
}
