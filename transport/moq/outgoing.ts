import { encodeAnnounce, encodeAnnounceInit } from "@mivisus/wire/moq/announce";
import { encodeFrame, encodeGroupHeader } from "@mivisus/wire/moq/group";
import { SUBSCRIBE_OK, type Subscribe } from "@mivisus/wire/moq/subscribe";
import type { SendStream, Session } from "../port.ts";

/** One group on its way out. One write at a time; await each. */
export class GroupWriter {
	#stream: SendStream;
	constructor(stream: SendStream) {
		this.#stream = stream;
	}
	/** One frame's payload. */
	write(payload: Uint8Array): Promise<void> {
		return this.#stream.write(encodeFrame(payload));
	}
	/** A frame that is already length-prefixed, so that N subscribers can share one buffer. */
	writeEncoded(frame: Uint8Array): Promise<void> {
		return this.#stream.write(frame);
	}
	finish(): Promise<void> {
		return this.#stream.finish();
	}
	reset(code: number): void {
		this.#stream.reset(code);
	}
}

/** A peer's wish for one track of ours. Answer it with `accept` or `refuse`. */
export class IncomingSubscription {
	readonly broadcast: string;
	readonly track: string;
	/** 0..255 as asked; updates change it for groups opened later. */
	priority: number;
	/** Resolves when the peer unsubscribed, we ended it, or the session is over. */
	readonly closed: Promise<void>;
	#id: number;
	#session: Session;
	#stream: SendStream;
	#resolveClosed: () => void = () => {};
	#groups = 0;
	#over = false;

	constructor(session: Session, stream: SendStream, request: Subscribe) {
		this.#session = session;
		this.#stream = stream;
		this.#id = request.id;
		this.broadcast = request.broadcast;
		this.track = request.track;
		this.priority = request.priority;
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
	}
	async accept(): Promise<void> {
		await this.#stream.write(SUBSCRIBE_OK);
	}
	refuse(code: number): void {
		this.#stream.reset(code);
		this.settle();
	}
	/** Opens the stream of one group. A newer group goes before an older one of the same track. */
	async openGroup(sequence: number): Promise<GroupWriter> {
		const stream = await this.#session.openUni();
		this.#groups += 1;
		// 20 bits of order inside the track below 8 bits of the subscriber's priority; a wrap after a million groups is harmless.
		stream.setPriority(this.priority * 0x100000 + (this.#groups & 0xfffff));
		await stream.write(encodeGroupHeader({ subscribeId: this.#id, sequence }));
		return new GroupWriter(stream);
	}
	/** The track is over: FIN. */
	async end(): Promise<void> {
		if (this.#over) return;
		this.settle();
		await this.#stream.finish().catch(() => {});
	}
	/** Marks it closed; called by the peer when the other side went. */
	settle(): void {
		this.#over = true;
		this.#resolveClosed();
	}
}

/** An announce stream of a peer that asked what is active under `prefix`. Writes keep their order. */
export class AnnounceWriter {
	readonly prefix: string;
	readonly closed: Promise<void>;
	#stream: SendStream;
	#last: Promise<void> = Promise.resolve();
	#pending = 0;
	#resolveClosed: () => void = () => {};

	constructor(prefix: string, stream: SendStream) {
		this.prefix = prefix;
		this.#stream = stream;
		this.closed = new Promise((resolve) => {
			this.#resolveClosed = resolve;
		});
	}
	/** First: everything active now, as suffixes of the prefix. */
	init(suffixes: readonly string[]): void {
		this.#write(encodeAnnounceInit({ suffixes }));
	}
	/** Then each change. */
	announce(active: boolean, suffix: string): void {
		this.#write(encodeAnnounce({ active, suffix }));
	}
	/** Messages that wait because the peer does not read; whoever announces bounds them. */
	get pending(): number {
		return this.#pending;
	}
	settle(): void {
		this.#resolveClosed();
	}
	#write(bytes: Uint8Array): void {
		this.#pending += 1;
		// A peer that is gone is noticed on the reading side; here it only means that nobody listens any more.
		this.#last = this.#last
			.then(() => this.#stream.write(bytes))
			.catch(() => this.settle())
			.finally(() => {
				this.#pending -= 1;
			});
	}
}
