import { randomBytes } from "node:crypto";
import type { BroadcastClock } from "../publish/broadcast.ts";
import { ReceiverReports } from "../rtp/reports.ts";
import { REPORT_INTERVAL_MS } from "./limits.ts";
import { PortPair } from "./ports.ts";
import { type DeadSources, SourceFilter } from "./sources.ts";
import type { TransportReply } from "./transport.ts";

export type MediaKind = "video" | "audio";

interface TrackLineOptions {
	clock: BroadcastClock;
	/** Ticks a second. */
	clockRate: number;
	/** Shared by the tracks of one session. */
	dead: DeadSources;
	onPacket(data: Uint8Array): void;
	onReport(data: Uint8Array): void;
	/** Whether `head` can begin a packet of this track. */
	isExpected(head: Uint8Array): boolean;
}

/** One track's way from the camera, inside the connection or by datagrams, and the reports back. The owner closes it. */
export class TrackLine {
	#options: TrackLineOptions;
	#filter: SourceFilter;
	#reports: ReceiverReports;
	#pair: PortPair | undefined;
	#sendReport: ((data: Uint8Array) => void) | undefined;
	/** Datagrams of this address are the camera's, too. */
	#source: string | undefined;
	#cancel = () => {};

	constructor(options: TrackLineOptions) {
		this.#options = options;
		this.#filter = new SourceFilter(options.dead);
		this.#reports = new ReceiverReports(randomBytes(4).readUInt32BE(), options.clockRate);
	}
	/** Binds a pair of UDP ports for datagrams of `peer`; gives the first port. Rejects with CameraError. */
	async openPorts(peer: string): Promise<number> {
		this.#pair = await PortPair.open({
			ipv6: peer.includes(":"),
			random: Math.random,
			accepts: (address) => address === peer || address === this.#source,
			onPacket: (data) => this.takePacket(data),
			onReport: (data) => this.takeReport(data),
		});
		return this.#pair.port;
	}
	/** Sends to the ports that the camera named, so that firewalls let its packets in, and later its reports. */
	aim(peer: string, { source, serverPorts: [rtp = 0, rtcp = rtp + 1], ssrc }: TransportReply): void {
		this.#source = source;
		this.#filter.declared = ssrc;
		const pair = this.#pair;
		// A camera that names impossible ports is heard all the same.
		if (!pair || ![rtp, rtcp].every((port) => port > 0 && port < 65_536)) return;
		pair.open(peer, [rtp, rtcp]);
		this.#sendReport = (data) => pair.report(peer, rtcp, data);
	}
	/** The track comes inside the connection; `send` puts a report there. */
	sendInside(ssrc: number | undefined, send: (data: Uint8Array) => void): void {
		this.#filter.declared = ssrc;
		this.#sendReport = send;
	}
	/** PLAY goes out now. */
	ask(): void {
		this.#filter.ask();
	}
	/** From now on the camera hears every few seconds what arrived, for the first time after half of them. */
	startReports(afterMs = REPORT_INTERVAL_MS / 2): void {
		const { clock } = this.#options;
		this.#cancel = clock.after(afterMs, () => {
			this.#sendReport?.(this.#reports.compose(clock.now()));
			this.startReports(REPORT_INTERVAL_MS);
		});
	}
	takePacket(data: Uint8Array): void {
		if (!this.#filter.accepts(data)) return;
		this.#reports.packet(data, this.#options.clock.now());
		this.#options.onPacket(data);
	}
	takeReport(data: Uint8Array): void {
		if (!this.#filter.acceptsReport(data)) return;
		this.#reports.report(data, this.#options.clock.now());
		this.#options.onReport(data);
	}
	expects(head: Uint8Array): boolean {
		return this.#options.isExpected(head);
	}
	/** Ends the reports. */
	stop(): void {
		this.#cancel();
	}
	close(): void {
		this.#pair?.close();
		this.#pair = undefined;
	}
}
