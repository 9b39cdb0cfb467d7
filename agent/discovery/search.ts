import type { BroadcastClock } from "../publish/media.ts";
import { createProbes, type ProbeAnswer, parseAnswer } from "./answer.ts";
import { type LocalAddress, localAddresses } from "./interfaces.ts";
import { MAX_ANSWERS, MAX_ANSWERS_PER_HOST, MAX_SOCKETS, RESCAN_MS, SEARCH_MS } from "./limits.ts";
import { Prober } from "./prober.ts";

export interface SearchOptions {
	/** Ends the look early. */
	signal: AbortSignal;
	clock: BroadcastClock;
	/** Addresses to ask from, asked again while the look lasts; by default all of this machine but loopback. */
	interfaces?: (() => LocalAddress[]) | undefined;
	/** Where cameras listen, if not at 3702. */
	port?: number | undefined;
}

/** One camera's word, with where it came from. */
export interface HeardAnswer extends ProbeAnswer {
	/** Sender of the datagram: the one thing here that the network says and not the camera. */
	host: string;
	/** Whether it names one of our questions. */
	related: boolean;
}

/**
 * One look: asks from every address of this machine and from those that appear meanwhile. `onAnswer` gets every camera in
 * every answer, repeats included, of at most {@link MAX_ANSWERS_PER_HOST} answers of one address. Resolves when the time is
 * over or `signal` aborts; all sockets are closed then. Never rejects, unless `onAnswer` throws.
 */
export function search(options: SearchOptions, onAnswer: (answer: HeardAnswer) => void): Promise<void> {
	const { signal, clock, interfaces = localAddresses, port = 3702 } = options;
	const probes = createProbes();
	const probers = new Map<string, Prober>();
	const heard = new Map<string, number>();
	let total = 0;
	const onDatagram = (datagram: Buffer, host: string) => {
		const count = heard.get(host) ?? 0;
		if (count >= MAX_ANSWERS_PER_HOST || total >= MAX_ANSWERS) return;
		heard.set(host, count + 1);
		total += 1;
		const { relatesTo, cameras } = parseAnswer(datagram);
		const related = probes.some(({ id }) => relatesTo.includes(id));
		for (const camera of cameras) onAnswer({ ...camera, host, related });
	};
	const rescan = () => {
		const present = new Map(interfaces().map((from) => [from.address, from]));
		for (const [address, prober] of probers) {
			if (present.has(address)) continue;
			probers.delete(address);
			prober.close();
		}
		for (const [address, from] of present) {
			if (probers.has(address) || probers.size >= MAX_SOCKETS) continue;
			const onGone = () => void probers.delete(address);
			probers.set(address, new Prober({ from, probes, port, clock, onAnswer: onDatagram, onGone }));
		}
	};
	return new Promise((resolve) => {
		let cancelRescan = () => {};
		const tick = () => {
			rescan();
			cancelRescan = clock.after(RESCAN_MS, tick);
		};
		const end = () => {
			cancelEnd();
			cancelRescan();
			signal.removeEventListener("abort", end);
			for (const prober of probers.values()) prober.close();
			probers.clear();
			resolve();
		};
		const cancelEnd = clock.after(SEARCH_MS, end);
		signal.addEventListener("abort", end);
		if (signal.aborted) end();
		else tick();
	});
}
