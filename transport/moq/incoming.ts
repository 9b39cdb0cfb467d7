import type { GroupDecoder } from "@mivisus/wire/moq/group";
import { encodeSubscribeUpdate } from "@mivisus/wire/moq/subscribe";
import type { BidiStream } from "../port.ts";
import { MAX_WAITING_GROUPS } from "./limits.ts";
import { AsyncQueue } from "./queue.ts";
import type { StreamReader } from "./reader.ts";

const LAGGING = 460;

/** One group on its way in. Read frames until `null`, or stop it. */
export class GroupReader {
	readonly sequence: number;
	#reader: StreamReader;
	#decoder: GroupDecoder;

	constructor(sequence: number, reader: StreamReader, decoder: GroupDecoder) {
		this.sequence = sequence;
		this.#reader = reader;
		this.#decoder = decoder;
	}
	/** The next frame's payload; `null` at the group's end. Rejects with StreamError when the sender dropped it. */
	async next(): Promise<Uint8Array | null> {
		const frame = await this.#reader.next(() => this.#decoder.frame());
		if (!frame) this.#decoder.end();
		return frame;
	}
	stop(code: number): void {
		this.#reader.stop(code);
	}
	/** Calls `listener` with each change of how much of an unfinished frame is held, bytes. */
	onHeld(listener: (bytes: number) => void): void {
		this.#reader.onHeld = listener;
	}
}

/** Our subscription to a track of the peer. */
export class OutgoingSubscription {
	readonly broadcast: string;
	readonly track: string;
	/** Groups in order of arrival. Ends with the subscription. */
	readonly groups = new AsyncQueue<GroupReader>();
	/** Resolves when the track ended, the subscription was refused later on, or the session is over. */
	readonly closed: Promise<void>;
	#stream: BidiStream;
	#resolveClosed: () => void = () => {};
	#release: () => void;

	constructor(broadcast: string, track: string, stream: BidiStream, release: () => void) {
		this.broadcast = broadcast;
		this.track = track;
		this.#stream = stream;
		this.#release = release;
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
	}
	/** Takes a group in; called by the peer. */
	deliver(group: GroupReader): void {
		this.groups.push(group);
		while (this.groups.length > MAX_WAITING_GROUPS) this.groups.shift()?.stop(LAGGING);
	}
	/** Changes the priority (0..255) of groups to come. */
	async update(priority: number): Promise<void> {
		await this.#stream.send.write(encodeSubscribeUpdate({ priority }));
	}
	/** Unsubscribes. */
	close(): void {
		void this.#stream.send.finish().catch(() => {});
		this.#stream.recv.stop(0);
		this.settle();
	}
	settle(): void {
		this.#release();
		for (let group = this.groups.shift(); group; group = this.groups.shift()) group.stop(0);
		this.groups.end();
		this.#resolveClosed();
	}
}
