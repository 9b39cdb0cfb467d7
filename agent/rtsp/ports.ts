import { createSocket, type Socket } from "node:dgram";
import { encodeRtp } from "../rtp/packet.ts";
import { CameraError } from "./errors.ts";

/** Asked of the kernel for each port, bytes: a key frame arrives in one burst. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;
const MAX_TRIES = 40;
/** Where pairs are looked for; below most systems' own range. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** The two UDP ports of one track: RTP on an even one, RTCP on the next (RFC 3550, section 11). The owner closes them. */
export class PortPair {
	readonly port: number;
	#rtp: Socket;
	#rtcp: Socket;

	/** Binds a free pair. `accepts` says which senders are the camera; other datagrams are dropped. */
	static async open(options: {
		ipv6: boolean;
		random: () => number;
		accepts(address: string): boolean;
		onPacket(data: Uint8Array): void;
		onReport(data: Uint8Array): void;
	}): Promise<PortPair> {
		for (let tries = 1; ; tries++) {
			const span = (LAST_PORT - FIRST_PORT) / 2;
			const port = FIRST_PORT + Math.floor(options.random() * span) * 2;
			const sockets = [
				createSocket(options.ipv6 ? "udp6" : "udp4"),
				createSocket(options.ipv6 ? "udp6" : "udp4"),
			] as const;
			const results = await Promise.allSettled([bind(sockets[0], port), bind(sockets[1], port + 1)]);
			if (results.every(({ status }) => status === "fulfilled")) return new PortPair(port, sockets, options);
			for (const socket of sockets) socket.close();
			if (tries === MAX_TRIES) throw new CameraError("camera-unreachable", "This machine has no UDP ports left.");
		}
	}
	private constructor(
		port: number,
		[rtp, rtcp]: readonly [Socket, Socket],
		options: { accepts(address: string): boolean; onPacket(data: Uint8Array): void; onReport(data: Uint8Array): void },
	) {
		this.port = port;
		this.#rtp = rtp;
		this.#rtcp = rtcp;
		const accepts = (address: string) => options.accepts(address.replace(/^::ffff:/, "").replace(/%.*$/, ""));
		rtp.on("message", (data, { address }) => accepts(address) && options.onPacket(data));
		rtcp.on("message", (data, { address }) => accepts(address) && options.onReport(data));
		for (const socket of [rtp, rtcp]) {
			// Refused ports of the camera come back as errors here, and mean nothing.
			socket.on("error", () => {});
			try {
				socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
			} catch {
				// The system's own size has to do.
			}
		}
	}
	/** Sends something harmless to the camera's ports, so that firewalls on the way let its packets in. */
	open(address: string, [rtp, rtcp]: readonly [number, number]): void {
		const nothing = encodeRtp({
			payloadType: 0,
			marker: false,
			sequence: 0,
			timestamp: 0,
			ssrc: 0,
			payload: new Uint8Array(0),
		});
		this.#rtp.send(nothing, rtp, address, () => {});
		// An empty receiver report.
		this.#rtcp.send(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0), rtcp, address, () => {});
	}
	/** Sends a receiver report to the camera's RTCP port. */
	report(address: string, port: number, data: Uint8Array): void {
		this.#rtcp.send(data, port, address, () => {});
	}
	close(): void {
		this.#rtp.close();
		this.#rtcp.close();
	}
}

function bind(socket: Socket, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once("error", reject);
		socket.bind(port, () => {
			socket.off("error", reject);
			resolve();
		});
	});
}
