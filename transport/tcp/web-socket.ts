import { joined } from "./frames.ts";
import { type RecordSocket, SOCKET_BUFFER_BYTES } from "./session.ts";

/** A `WebSocket` as browsers, Bun and the `ws` package have it, as far as it is used. */
export interface WebSocketLike {
	binaryType: string;
	readonly bufferedAmount: number;
	send(data: Uint8Array<ArrayBuffer>): void;
	close(): void;
	onmessage: ((event: { data: unknown }) => void) | null;
	onclose: ((event: never) => void) | null;
	onerror: ((event: never) => void) | null;
}

/** WebSockets do not tell when they have room again: it is looked at so often, ms, and only while they have none. */
const LOOK_MS = 5;

/** An open WebSocket as a carrier of records. */
export function webSocketRecords(socket: WebSocketLike): RecordSocket {
	socket.binaryType = "arraybuffer";
	let looking: ReturnType<typeof setInterval> | undefined;
	let open = true;
	let writable = () => {};
	const look = () => {
		if (open && socket.bufferedAmount >= SOCKET_BUFFER_BYTES) return;
		clearInterval(looking);
		looking = undefined;
		writable();
	};
	return {
		send: (record, rest) => {
			if (!open) return;
			socket.send((rest ? joined([record, rest]) : record) as Uint8Array<ArrayBuffer>);
			if (socket.bufferedAmount >= SOCKET_BUFFER_BYTES) looking ??= setInterval(look, LOOK_MS);
		},
		get bufferedBytes() {
			return socket.bufferedAmount;
		},
		close: () => {
			open = false;
			clearInterval(looking);
			socket.close();
		},
		listen: (listener) => {
			writable = listener.writable;
			const closed = () => {
				open = false;
				clearInterval(looking);
				listener.closed();
			};
			socket.onclose = closed;
			socket.onerror = closed;
			socket.onmessage = ({ data }) => {
				// Text is no record: an empty one would pass, so it is told as one that cannot be read.
				listener.record(data instanceof ArrayBuffer ? new Uint8Array(data) : NOT_A_RECORD);
			};
		},
	};
}
/** A frame of a type that there is not. */
const NOT_A_RECORD = Uint8Array.of(0x3f);
