import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { MAX_ENDED_GROUPS, MAX_OPEN_GROUPS, MAX_QUEUE_BYTES } from "../limits.ts";

/** Where one group's frames go; what the MoQ peer hands out. */
export interface GroupSink {
	write(frame: Uint8Array): Promise<void>;
	finish(): Promise<void>;
	reset(code: number): void;
}

interface OpenGroup {
	sequence: number;
	queue: Uint8Array[];
	/** Of those that count: what was kept at home and goes out first does not. */
	queuedBytes: number;
	/** Frames at the head of the queue that do not count. */
	replayed: number;
	ended: boolean;
	dropped: boolean;
	wake: (() => void) | undefined;
	sink: GroupSink | undefined;
}

/**
 * Frames of one track on their way to one subscriber. An uplink that cannot keep up loses whole groups, oldest first,
 * never single frames: what arrives always decodes (design: section 9).
 */
export class Feed {
	#open: (sequence: number) => Promise<GroupSink>;
	#listener: { sent?: (bytes: number) => void; dropped?: () => void };
	#groups: OpenGroup[] = [];
	/** Whole on our side; the last bytes may still wait for the network. */
	#ended: GroupSink[] = [];
	#droppedGroups = 0;
	#closed = false;

	/**
	 * `open` opens the stream of a group; `sent` hears of each frame's bytes once the transport took them, `dropped` of each
	 * group that was given up.
	 */
	constructor(
		open: (sequence: number) => Promise<GroupSink>,
		listener: { sent?: (bytes: number) => void; dropped?: () => void },
	) {
		this.#open = open;
		this.#listener = listener;
	}
	/** Groups given up because the uplink was too slow. */
	get droppedGroups(): number {
		return this.#droppedGroups;
	}
	/** Ends the current group with FIN and begins the next, with the frames of it that were kept at home. */
	begin(sequence: number, kept: readonly Uint8Array[] = []): void {
		if (this.#closed) return;
		this.end();
		while (this.#groups.length >= MAX_OPEN_GROUPS) this.#drop(this.#groups[0]!);
		const group: OpenGroup = {
			sequence,
			queue: [...kept],
			queuedBytes: 0,
			replayed: kept.length,
			ended: false,
			dropped: false,
			wake: undefined,
			sink: undefined,
		};
		this.#groups.push(group);
		void this.#pump(group);
	}
	/** Appends a frame to the current group; without one it is ignored. */
	write(frame: Uint8Array): void {
		const group = this.#groups.at(-1);
		if (!group || group.ended || this.#closed) return;
		group.queue.push(frame);
		group.queuedBytes += frame.length;
		group.wake?.();
		let queued = this.#groups.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
		while (queued > MAX_QUEUE_BYTES && this.#groups[0]) {
			queued -= this.#groups[0].queuedBytes;
			this.#drop(this.#groups[0]);
		}
	}
	/** FIN after what is queued. */
	end(): void {
		const group = this.#groups.at(-1);
		if (!group) return;
		group.ended = true;
		group.wake?.();
	}
	/** The subscriber left: nothing more is sent. */
	close(): void {
		this.#closed = true;
		this.cut();
	}
	/** What waits is not sent any more; the next group may begin. */
	cut(): void {
		for (const group of [...this.#groups]) this.#abandon(group, WIRE_ERROR_CODES.cancelled);
		for (const sink of this.#ended.splice(0)) sink.reset(WIRE_ERROR_CODES.cancelled);
	}
	#drop(group: OpenGroup): void {
		this.#droppedGroups += 1;
		this.#abandon(group, WIRE_ERROR_CODES.lagging);
		this.#listener.dropped?.();
	}
	#abandon(group: OpenGroup, code: number): void {
		group.dropped = true;
		group.queue = [];
		group.queuedBytes = 0;
		group.sink?.reset(code);
		group.wake?.();
		this.#groups = this.#groups.filter((other) => other !== group);
	}
	async #pump(group: OpenGroup): Promise<void> {
		try {
			const sink = await this.#open(group.sequence);
			if (group.dropped) return sink.reset(WIRE_ERROR_CODES.lagging);
			group.sink = sink;
			for (;;) {
				const frame = group.queue.shift();
				if (frame) {
					await sink.write(frame);
					if (group.dropped) return;
					if (group.replayed > 0) group.replayed -= 1;
					else group.queuedBytes -= frame.length;
					this.#listener.sent?.(frame.length);
				} else if (group.ended) {
					await sink.finish();
					if (group.dropped) return sink.reset(WIRE_ERROR_CODES.cancelled);
					this.#ended.push(sink);
					if (this.#ended.length > MAX_ENDED_GROUPS) this.#ended.shift();
					break;
				} else {
					await new Promise<void>((resolve) => {
						group.wake = resolve;
					});
					group.wake = undefined;
					if (group.dropped) return;
				}
			}
		} catch {
			// The peer reset the stream or the session ended; the subscription's own end says so where it matters.
		}
		this.#groups = this.#groups.filter((other) => other !== group);
	}
}
