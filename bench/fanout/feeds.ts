import type { Socket } from "node:net";
import type { OutgoingSubscription } from "@mivisus/transport/moq/incoming";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { StreamReader } from "@mivisus/transport/moq/reader";
import type { RecvStream } from "@mivisus/transport/port";
import { MAX_FRAME_BYTES } from "@mivisus/wire/limits";
import { Priority } from "@mivisus/wire/moq/subscribe";
import { cutter, payloadOf } from "./lengths.ts";
import type { Place, Server } from "./messages.ts";
import { openSession, openSocket, openWebSocket } from "./sessions.ts";

/** The one track of a camera here. */
const TRACK = "video/main";

/** What a viewer does with what comes. */
export interface Eyes {
	/** The session stands. */
	connected?(): void;
	/** A whole frame. */
	frame(payload: Uint8Array): void;
	/** A group or the session ended early. */
	lost(why: string): void;
}

/** Connects a viewer and has it read everything. Rejects when it is not let in. Call the result to leave. */
export async function view(server: Server, { url, broadcast }: Place, eyes: Eyes): Promise<() => void> {
	const place = new URL(url);
	if (server.way === "bare-wss") {
		const socket = await openWebSocket(server, place);
		eyes.connected?.();
		socket.on("message", (data: Buffer) => eyes.frame(data));
		socket.on("close", () => eyes.lost("the connection ended"));
		return () => socket.terminate();
	}
	if (server.way === "bare-tcp") {
		const socket: Socket = await openSocket(place);
		eyes.connected?.();
		socket.on(
			"data",
			cutter((frame) => eyes.frame(payloadOf(frame))),
		);
		socket.on("close", () => eyes.lost("the connection ended"));
		return () => socket.destroy();
	}
	const session = await openSession(server, place);
	void session.closed.then(({ reason }) => eyes.lost(`the session ended: ${reason}`));
	eyes.connected?.();
	if (server.way === "bare-http3") {
		void (async () => {
			for (let stream = await session.acceptUni(); stream; stream = await session.acceptUni()) {
				readStream(stream, eyes);
			}
		})();
	} else {
		const peer = await MoqPeer.client(session);
		for await (const { active } of await peer.announced(broadcast)) if (active) break;
		readTrack(await peer.subscribe(broadcast, TRACK, Priority.video), eyes);
	}
	return () => session.close(0, "");
}

const lostTo = (eyes: Eyes) => (error: Error) => eyes.lost(error.message);

function readStream(stream: RecvStream, eyes: Eyes): void {
	const reader = new StreamReader(stream);
	const read = async () => {
		for (let frame = await reader.message(MAX_FRAME_BYTES); frame; frame = await reader.message(MAX_FRAME_BYTES)) {
			eyes.frame(frame);
		}
	};
	read().catch(lostTo(eyes));
}

function readTrack(subscription: OutgoingSubscription, eyes: Eyes): void {
	const read = async () => {
		for await (const group of subscription.groups) {
			// Beside the one before: its end may still be on its way.
			void (async () => {
				for (let frame = await group.next(); frame; frame = await group.next()) eyes.frame(frame);
			})().catch(lostTo(eyes));
		}
		eyes.lost("the subscription ended");
	};
	read().catch(lostTo(eyes));
}
