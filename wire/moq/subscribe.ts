import { BodyReader, BodyWriter } from "./bytes.ts";
import { frameMessage } from "./message.ts";
import { normalizePath } from "./path.ts";

/** First varint of the bidirectional stream that carries one subscription. */
export const SUBSCRIBE_STREAM = 2;

/** SUBSCRIBE. `id` is the subscriber's own, unique in the session; `priority` 0..255, higher goes first. */
export interface Subscribe {
	id: number;
	broadcast: string;
	track: string;
	priority: number;
}
/** SUBSCRIBE_UPDATE, on the same stream. */
export interface SubscribeUpdate {
	priority: number;
}

/** Priorities of the field: what @moq/watch uses, and our own tracks around it. */
export const Priority = { relay: 255, catalog: 100, audio: 80, video: 60 } as const;

/** SUBSCRIBE_OK is the empty message. */
export const SUBSCRIBE_OK = frameMessage(new Uint8Array(0));

/** Framed, without the stream type. */
export function encodeSubscribe({ id, broadcast, track, priority }: Subscribe): Uint8Array<ArrayBuffer> {
	return frameMessage(new BodyWriter().varint(id).string(broadcast).string(track).u8(priority).finish());
}
export function decodeSubscribe(bytes: Uint8Array): Subscribe {
	const body = new BodyReader(bytes);
	const id = body.varint();
	const broadcast = normalizePath(body.string());
	const track = body.string();
	const priority = body.u8();
	body.end();
	return { id, broadcast, track, priority };
}

export function encodeSubscribeUpdate({ priority }: SubscribeUpdate): Uint8Array<ArrayBuffer> {
	return frameMessage(new BodyWriter().u8(priority).finish());
}
export function decodeSubscribeUpdate(bytes: Uint8Array): SubscribeUpdate {
	const body = new BodyReader(bytes);
	const priority = body.u8();
	body.end();
	return { priority };
}
