import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";

/** A UDP forwarder that counts: it stands where the relay seems to be, so that what leaves an agent can be weighed. */
export class UdpMeter {
	readonly port: number;
	/** Bytes from clients to the relay, and back, since the start. */
	sentBytes = 0;
	receivedBytes = 0;
	#front: Socket;
	#target: number;
	#clients = new Map<string, Socket>();

	private constructor(front: Socket, target: number) {
		this.#front = front;
		this.port = (front.address() as AddressInfo).port;
		this.#target = target;
		front.on("message", (bytes, from) => this.#forward(bytes, from));
	}
	/** Forwards from a free port to `target` on this machine. */
	static async start(target: number): Promise<UdpMeter> {
		const front = createSocket({ type: "udp6", recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
		await new Promise<void>((resolve, reject) => {
			front.once("error", reject);
			front.bind(0, "::", resolve);
		});
		return new UdpMeter(front, target);
	}
	close(): void {
		this.#front.close();
		for (const socket of this.#clients.values()) socket.close();
	}
	#forward(bytes: Buffer, from: RemoteInfo): void {
		this.sentBytes += bytes.length;
		const key = `${from.address} ${from.port}`;
		let socket = this.#clients.get(key);
		if (!socket) {
			socket = createSocket({ type: "udp6", recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
			this.#clients.set(key, socket);
			socket.on("message", (answer) => {
				this.receivedBytes += answer.length;
				this.#front.send(answer, from.port, from.address);
			});
			// A relay that restarts refuses datagrams for a moment; the peers' own retransmission is what is under test.
			socket.on("error", () => {});
		}
		socket.send(bytes, this.#target, "::1");
	}
}
