import { WireError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../limits.ts";
import { BodyReader, BodyWriter, type Incoming } from "./bytes.ts";
import { frameMessage } from "./message.ts";

/** First varint of a unidirectional stream that carries one group. */
export const GROUP_STREAM = 0;

/** Opens a group: for which subscription, and its sequence number in the track. */
export interface GroupHeader {
	subscribeId: number;
	sequence: number;
}

/** Stream type and header message; frames follow, each as {@link encodeFrame}. */
export function encodeGroupHeader({ subscribeId, sequence }: GroupHeader): Uint8Array<ArrayBuffer> {
	const header = frameMessage(new BodyWriter().varint(subscribeId).varint(sequence).finish());
	return new BodyWriter().varint(GROUP_STREAM).bytes(header).finish();
}

/** One frame: `varint length + payload`. The wire carries no timestamp; the container inside the payload does. */
export const encodeFrame: (payload: Uint8Array) => Uint8Array<ArrayBuffer> = frameMessage;

/** A header message is two varints: at most 16 bytes. */
const MAX_GROUP_HEADER_BYTES = 16;

/**
 * Incremental decoder of a group stream. Push what arrives, then take the header once and frames until `undefined`.
 * A frame above `maxFrameBytes` throws as soon as its length is known, before its bytes are held.
 */
export class GroupDecoder {
	#incoming: Incoming;
	#maxFrameBytes: number;
	#typeSeen = false;
	#header: GroupHeader | undefined;

	constructor(incoming: Incoming, maxFrameBytes = MAX_FRAME_BYTES) {
		this.#incoming = incoming;
		this.#maxFrameBytes = maxFrameBytes;
	}
	/** The header, once it is there. */
	header(): GroupHeader | undefined {
		if (this.#header) return this.#header;
		if (!this.#typeSeen) {
			const type = this.#incoming.takeVarint();
			if (type === undefined) return undefined;
			if (type !== GROUP_STREAM) throw new WireError("protocol-violation", `unidirectional stream of type ${type}`);
			this.#typeSeen = true;
		}
		const bytes = this.#incoming.takeMessage(MAX_GROUP_HEADER_BYTES);
		if (!bytes) return undefined;
		const body = new BodyReader(bytes);
		this.#header = { subscribeId: body.varint(), sequence: body.varint() };
		body.end();
		return this.#header;
	}
	/** The next whole frame's payload, or `undefined` until more bytes arrive. */
	frame(): Uint8Array | undefined {
		if (!this.header()) return undefined;
		return this.#incoming.takeMessage(this.#maxFrameBytes);
	}
	/** Call at FIN: bytes of an unfinished header or frame mean that the sender was cut off. */
	end(): void {
		if (!this.#header) throw new WireError("protocol-violation", "group ends before its header");
		if (this.#incoming.length > 0) throw new WireError("protocol-violation", "group ends inside a frame");
	}
}
