import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import {
	MAX_QUEUE_BYTES,
	MAX_QUEUE_FRAMES,
	MAX_QUEUE_GROUPS,
	MAX_SMALL_BYTES,
	MAX_SMALL_GROUPS,
	STALLED_MS,
} from "./limits.ts";
import { Meter } from "./meter.ts";
import { type Holder, Queues } from "./queues.ts";

/** Where one group goes out; what the MoQ peer hands out. */
export interface GroupSink {
	writeEncoded(frame: Uint8Array): Promise<void>;
	finish(): Promise<void>;
	reset(code: number): void;
}

interface OutGroup {
	sequence: number;
	queue: Uint8Array[];
	/** How many at the head of the queue came from the cache and do not count as lag. */
	replayed: number;
	ended: boolean;
	sink: GroupSink | undefined;
	/** Resolves when the group was given up, so that nobody waits for its blocked write. */
	dropped: Promise<void>;
	isDropped: boolean;
	drop: () => void;
}

function outGroup(sequence: number): OutGroup {
	let drop = () => {};
	const dropped = new Promise<void>((resolve) => {
		drop = resolve;
	});
	return { sequence, queue: [], replayed: 0, ended: false, sink: undefined, dropped, isDropped: false, drop };
}

/**
 * One subscription's queue. One write is in flight at a time. When the subscriber cannot keep up, whole groups go, down
 * to the newest: what arrives always starts at a keyframe and decodes.
 */
export class Subscriber implements Holder {
	#open: (sequence: number) => Promise<GroupSink>;
	#now: () => number;
	#groups: OutGroup[] = [];
	#bytes = 0;
	#frames = 0;
	/** Groups up to this one are not sent any more. */
	#floor = -1;
	#droppedGroups = 0;
	#blockedSince: number | undefined;
	#pumping = false;
	#closed = false;
	#onDrained: () => void = () => {};
	#meter: Meter;
	#queues: Queues;
	/** Everything that waits, what came from the cache as well. */
	#held = 0;
	/** When it subscribed; `undefined` once its first frame was written. */
	#waitingSince: number | undefined;

	/** `open` opens the stream of a group towards the subscriber; `queues`: what waits for all of them. */
	constructor(
		open: (sequence: number) => Promise<GroupSink>,
		now: () => number,
		{ meter = new Meter(), queues = new Queues() }: { meter?: Meter; queues?: Queues } = {},
	) {
		this.#open = open;
		this.#now = now;
		this.#meter = meter;
		this.#queues = queues;
		this.#waitingSince = now();
		queues.enter(this);
	}
	/** Groups that this subscriber did not get whole because it was too slow. */
	get droppedGroups(): number {
		return this.#droppedGroups;
	}
	get queuedBytes(): number {
		return this.#bytes;
	}
	get heldBytes(): number {
		return this.#held;
	}
	/** Whether the transport has taken nothing for too long. */
	stalled(): boolean {
		return this.#blockedSince !== undefined && this.#now() - this.#blockedSince >= STALLED_MS;
	}
	/** Nothing older than `sequence` is wanted: the subscriber came when that one was current. */
	startAt(sequence: number): void {
		this.#floor = Math.max(this.#floor, sequence - 1);
	}
	/** A group begins. One that is older than a group given up is left out: its time is over. */
	begin(sequence: number): void {
		if (this.#closed || sequence <= this.#floor) return;
		const most = this.#bytes > MAX_SMALL_BYTES ? MAX_QUEUE_GROUPS : MAX_SMALL_GROUPS;
		if (this.#groups.length >= most) this.#dropBut(0, "slow");
		this.#groups.push(outGroup(sequence));
	}
	/**
	 * Begins with a group that is under way. Its frames so far are the shared cache's and do not count: they may be more
	 * than what a subscriber may fall behind.
	 */
	replay(sequence: number, frames: readonly Uint8Array[]): void {
		this.begin(sequence);
		const group = this.#find(sequence);
		if (!group) return;
		group.queue.push(...frames);
		group.replayed = frames.length;
		this.#hold(frames.reduce((sum, { length }) => sum + length, 0));
		void this.#pump();
	}
	/** An encoded frame of a group that began. */
	push(sequence: number, frame: Uint8Array): void {
		const group = this.#find(sequence);
		if (!group) return;
		group.queue.push(frame);
		this.#bytes += frame.length;
		this.#frames += 1;
		this.#hold(frame.length);
		const full = () => this.#bytes > MAX_QUEUE_BYTES || this.#frames > MAX_QUEUE_FRAMES;
		if (full()) {
			this.#dropBut(1, "slow");
			// The newest alone is above the limit: it goes too, and the next one follows.
			if (full()) this.#dropBut(0, "slow");
		}
		void this.#pump();
	}
	/** The group is complete. */
	end(sequence: number): void {
		const group = this.#find(sequence);
		if (!group) return;
		group.ended = true;
		void this.#pump();
	}
	/** The publisher gave the group up. */
	abandon(sequence: number, code: number): void {
		const group = this.#find(sequence);
		if (group) this.#give(group, code);
	}
	/** Resolves once everything queued went out, or was given up. */
	drained(): Promise<void> {
		if (this.#groups.length === 0) return Promise.resolve();
		return new Promise((resolve) => {
			this.#onDrained = resolve;
		});
	}
	/** The subscription is over: nothing more is sent. */
	close(): void {
		this.#closed = true;
		for (const group of [...this.#groups]) this.#give(group, WIRE_ERROR_CODES.cancelled);
		this.#queues.leave(this);
	}
	/** All queues together are too large, and this one has the most. */
	lighten(keep: 0 | 1): void {
		this.#dropBut(keep, "memory");
	}
	/** So many bytes wait more: that may be too many for all together, and cost this one or another its groups. */
	#hold(bytes: number): void {
		this.#held += bytes;
		this.#queues.change(bytes);
		this.#queues.relieve();
	}
	#release(bytes: number): void {
		this.#held -= bytes;
		this.#queues.change(-bytes);
	}
	#find(sequence: number): OutGroup | undefined {
		return this.#groups.find((group) => group.sequence === sequence);
	}
	/** Gives up all but the newest `keep` groups. */
	#dropBut(keep: number, why: keyof Meter["groupsDropped"]): void {
		for (const group of this.#groups.slice(0, Math.max(0, this.#groups.length - keep))) {
			this.#droppedGroups += 1;
			this.#meter.groupsDropped[why] += 1;
			this.#floor = Math.max(this.#floor, group.sequence);
			this.#give(group, WIRE_ERROR_CODES.lagging);
		}
	}
	#give(group: OutGroup, code: number): void {
		this.#remove(group);
		this.#release(group.queue.reduce((sum, { length }) => sum + length, 0));
		for (const frame of group.queue.slice(group.replayed)) {
			this.#bytes -= frame.length;
			this.#frames -= 1;
		}
		group.queue = [];
		group.isDropped = true;
		group.sink?.reset(code);
		group.drop();
	}
	#remove(group: OutGroup): void {
		this.#groups = this.#groups.filter((other) => other !== group);
		if (this.#groups.length === 0) this.#onDrained();
	}
	async #pump(): Promise<void> {
		if (this.#pumping) return;
		this.#pumping = true;
		try {
			for (;;) {
				const group = this.#groups.find(({ queue, ended }) => queue.length > 0 || ended);
				if (!group) return;
				await this.#step(group);
			}
		} finally {
			this.#pumping = false;
		}
	}
	/** The next thing to do for `group`; its failure costs that group only. */
	async #step(group: OutGroup): Promise<void> {
		try {
			if (!group.sink) {
				group.sink = await this.#timed(this.#openUnlessDropped(group), group);
				if (!group.sink || group.isDropped) return;
			}
			const frame = group.queue[0];
			if (frame) {
				await this.#timed(group.sink.writeEncoded(frame), group);
				if (group.isDropped) return;
				group.queue.shift();
				this.#wrote(frame.length);
				if (group.replayed > 0) group.replayed -= 1;
				else {
					this.#bytes -= frame.length;
					this.#frames -= 1;
				}
			} else {
				await group.sink.finish();
				this.#remove(group);
			}
		} catch {
			// The subscriber stopped this group or went away; the session's end is told elsewhere.
			if (!group.isDropped) this.#give(group, WIRE_ERROR_CODES.cancelled);
		}
	}
	#wrote(bytes: number): void {
		this.#release(bytes);
		this.#meter.bytesOut += bytes;
		this.#meter.framesOut += 1;
		if (this.#waitingSince === undefined) return;
		this.#meter.onFirstFrame(this.#now() - this.#waitingSince);
		this.#waitingSince = undefined;
	}
	async #openUnlessDropped(group: OutGroup): Promise<GroupSink> {
		const sink = await this.#open(group.sequence);
		// Opened too late for anyone to have given it up.
		if (group.isDropped) sink.reset(WIRE_ERROR_CODES.lagging);
		return sink;
	}
	/** Waits for `work`, but not longer than the group lives; remembers since when nothing moved. */
	async #timed<T>(work: Promise<T>, group: OutGroup): Promise<T | undefined> {
		this.#blockedSince ??= this.#now();
		const result = work.finally(() => {
			this.#blockedSince = undefined;
		});
		// A write that fails after its group was dropped has nobody else to catch it.
		result.catch(() => {});
		return await Promise.race([result, group.dropped.then(() => undefined)]);
	}
}
