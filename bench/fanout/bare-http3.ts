/**
 * The least that a relay over HTTP/3 does: the same native transport, length-prefixed frames on one stream for each group, each
 * frame copied to every viewer, one write in flight on a stream. No subscriptions, no tokens, no limits; a viewer begins with
 * the next group.
 */
import { Http3Server } from "@mivisus/transport/http3/server";
import { StreamReader } from "@mivisus/transport/moq/reader";
import type { RecvStream, SendStream, Session, SessionRequest } from "@mivisus/transport/port";
import { MAX_FRAME_BYTES } from "@mivisus/wire/limits";
import { encodeFrame } from "@mivisus/wire/moq/group";
import { Cameras } from "./cameras.ts";
import { serveParent } from "./child.ts";
import { BareJob } from "./messages.ts";

const cameras = new Cameras<Session>();

/** One group on its way to one viewer. */
class Copy {
	#session: Session;
	#stream: SendStream | undefined;
	#waiting: Uint8Array[] = [];
	#ended = false;
	#pumping = false;

	constructor(session: Session) {
		this.#session = session;
	}
	push(frame: Uint8Array): void {
		this.#waiting.push(frame);
		void this.#pump();
	}
	end(): void {
		this.#ended = true;
		void this.#pump();
	}
	async #pump(): Promise<void> {
		if (this.#pumping) return;
		this.#pumping = true;
		try {
			this.#stream ??= await this.#session.openUni();
			for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) await this.#stream.write(frame);
			if (this.#ended) await this.#stream.finish();
		} catch {
			// The viewer left.
		}
		this.#pumping = false;
	}
}

async function forward(group: RecvStream, viewers: ReadonlySet<Session>): Promise<void> {
	const reader = new StreamReader(group);
	const copies = Array.from(viewers, (session) => new Copy(session));
	for (let frame = await reader.message(MAX_FRAME_BYTES); frame; frame = await reader.message(MAX_FRAME_BYTES)) {
		const encoded = encodeFrame(frame);
		for (const copy of copies) copy.push(encoded);
	}
	for (const copy of copies) copy.end();
}

async function enter(request: SessionRequest): Promise<void> {
	const { publishes, broadcast } = Cameras.asked(request.path);
	const session = await request.accept();
	const viewers = cameras.of(broadcast);
	if (!publishes) {
		viewers.add(session);
		await session.closed;
		viewers.delete(session);
		return;
	}
	for (let group = await session.acceptUni(); group; group = await session.acceptUni()) {
		forward(group, viewers).catch(() => {});
	}
}

serveParent(async (message) => {
	const server = await Http3Server.listen({ ...BareJob.parse(message), port: 0 });
	process.send?.({ port: server.port });
	for (let request = await server.next(); request; request = await server.next()) {
		enter(request).catch((error) => console.error(error));
	}
});
