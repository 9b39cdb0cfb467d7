import { once } from "node:events";
import { WebSocket } from "ws";
import { encodeFrame, type TransportParameters, USUAL_RECORD_BYTES } from "../tcp/frames.ts";
import { SUBPROTOCOLS } from "../tcp/protocol.ts";

/** What a client may say first: it grants `limit` of everything, but for what is `less`. */
export const parametersFrame = (limit: number, less: Partial<TransportParameters> = {}): Uint8Array => {
	const parameters: TransportParameters = {
		maxIdleTimeout: 0,
		maxData: limit,
		maxStreamDataBidiLocal: limit,
		maxStreamDataBidiRemote: limit,
		maxStreamDataUni: limit,
		maxStreamsBidi: limit,
		maxStreamsUni: limit,
		maxRecordSize: USUAL_RECORD_BYTES,
		...less,
	};
	return encodeFrame({ type: "parameters", parameters });
};

/** A real WebSocket that carries records of the test's own making to a server. */
export class RawQmux {
	readonly heard: Uint8Array[] = [];
	/** Resolves when the connection is over. */
	readonly closed: Promise<void>;
	#socket: WebSocket;

	private constructor(socket: WebSocket) {
		this.#socket = socket;
		socket.on("error", () => {});
		socket.on("message", (data: Buffer) => this.heard.push(data));
		this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
	}
	/** `ca`: a certificate (PEM) to trust besides the system's. Rejects when the server refuses. */
	static async connect(url: URL, ca?: string): Promise<RawQmux> {
		const socket = new WebSocket(url, [...SUBPROTOCOLS], { perMessageDeflate: false, ...(ca !== undefined && { ca }) });
		const raw = new RawQmux(socket);
		await once(socket, "open");
		return raw;
	}
	get over(): boolean {
		return this.#socket.readyState >= WebSocket.CLOSING;
	}
	/** Bytes that the server did not take yet. */
	get bufferedBytes(): number {
		return this.#socket.bufferedAmount;
	}
	send(record: Uint8Array | string): void {
		if (!this.over) this.#socket.send(record);
	}
	/** Reads nothing more. */
	freeze(): void {
		this.#socket.pause();
	}
	end(): void {
		this.#socket.terminate();
	}
}
