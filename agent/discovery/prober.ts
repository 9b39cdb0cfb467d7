import { createSocket, type Socket } from "node:dgram";
import type { BroadcastClock } from "../publish/media.ts";
import type { Probe } from "./answer.ts";
import type { LocalAddress } from "./interfaces.ts";

/** Where devices listen (WS-Discovery, section 2.4). */
const GROUP = { 4: "239.255.255.250", 6: "ff02::c" } as const;
/** Repeating (SOAP-over-UDP, appendix I): after a random wait of 50 to 250 ms, then doubled up to 500 ms. */
const REPEATS = 2;
const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 250;
const UPPER_WAIT_MS = 500;

export interface ProberOptions {
	from: LocalAddress;
	probes: readonly Probe[];
	/** Where the devices listen: 3702, but in tests. */
	port: number;
	clock: BroadcastClock;
	onAnswer(datagram: Buffer, host: string): void;
	/** Nothing can be sent from that address: it is gone, or a firewall says no. */
	onGone(): void;
}

/** Asks from one address of this machine, and hears the answers to it until closed. */
export class Prober {
	#socket: Socket;
	#options: ProberOptions;
	#closed = false;
	#cancel = () => {};

	constructor(options: ProberOptions) {
		this.#options = options;
		const { family, address, multicast } = options.from;
		this.#socket = createSocket({ type: family === 4 ? "udp4" : "udp6" });
		this.#socket.on("error", () => this.#gone());
		this.#socket.on("message", (datagram, { address: host }) => {
			if (!this.#closed) options.onAnswer(datagram, host);
		});
		this.#socket.bind({ address, port: 0, exclusive: true }, () => {
			if (this.#closed) return;
			try {
				this.#socket.setMulticastInterface(multicast);
				this.#socket.setMulticastTTL(1);
				this.#ask(REPEATS, MIN_WAIT_MS + Math.random() * (MAX_WAIT_MS - MIN_WAIT_MS));
			} catch {
				this.#gone();
			}
		});
	}
	/** Hears nothing any more. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#cancel();
		this.#socket.close();
	}
	#ask(repeats: number, waitMs: number): void {
		const { from, probes, port, clock } = this.#options;
		for (const { message } of probes) {
			this.#socket.send(message, port, GROUP[from.family], (error) => {
				if (error) this.#gone();
			});
		}
		if (repeats === 0) return;
		this.#cancel = clock.after(waitMs, () => this.#ask(repeats - 1, Math.min(UPPER_WAIT_MS, waitMs * 2)));
	}
	#gone(): void {
		if (this.#closed) return;
		this.close();
		this.#options.onGone();
	}
}
