import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import {
	COALESCED_BYTES,
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
	readonly sequence: number;
	queue: Uint8Array[];
	/** How many at the head of the queue came from the cache and do not count as lag. */
	replayed: number;
	/** How many at the head of the queue are being written. */
	writing: number;
	ended: boolean;
	isDropped: boolean;
	sink: GroupSink | undefined;
	/** What to do when the work in flight is done or failed; made once, because there is one write for each frame. */
	readonly done: () => void;
	readonly failed: () => void;
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
	/** Since when the transport has done nothing of what it was asked for. */
	#blockedSince: number | undefined;
	/** The group for which work is in flight. One that was given up is not waited for: its write may be blocked. */
	#busy: OutGroup | undefined;
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
		const group: OutGroup = {
			sequence,
			queue: [],
			replayed: 0,
			writing: 0,
			ended: false,
			isDropped: false,
			sink: undefined,
			done: () => this.#done(group),
			failed: () => this.#failed(group),
		};
		this.#groups.push(group);
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
		this.#pump();
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
		this.#pump();
	}
	/** The group is complete. */
	end(sequence: number): void {
		const group = this.#find(sequence);
		if (!group) return;
		group.ended = true;
		this.#pump();
	}
	/** The publisher gave the group up. */
	abandon(sequence: number, code: number): void {
		const group = this.#find(sequence);
		if (!group) return;
		this.#give(group, code);
		this.#pump();
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
		this.#pump();
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
		for (const group of this.#groups) if (group.sequence === sequence) return group;
		return undefined;
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
		if (this.#busy === group) this.#busy = undefined;
	}
	#remove(group: OutGroup): void {
		this.#groups = this.#groups.filter((other) => other !== group);
		if (this.#groups.length === 0) this.#onDrained();
	}
	/** Begins the next thing to do, unless something is in flight. */
	#pump(): void {
		if (this.#busy) return;
		for (const group of this.#groups) {
			if (group.queue.length === 0 && !group.ended) continue;
			this.#busy = group;
			this.#blockedSince ??= this.#now();
			if (!group.sink) this.#openStream(group);
			else if (group.queue.length > 0) group.sink.writeEncoded(this.#next(group)).then(group.done, group.failed);
			else group.sink.finish().then(group.done, group.failed);
			return;
		}
	}
	#openStream(group: OutGroup): void {
		this.#open(group.sequence).then((sink) => {
			group.sink = sink;
			// Opened too late for anyone to have given it up.
			if (group.isDropped) sink.reset(WIRE_ERROR_CODES.lagging);
			this.#settled(group);
			this.#pump();
		}, group.failed);
	}
	/** What is written next: one frame, shared by all; for a subscriber that is behind several, in one piece. */
	#next(group: OutGroup): Uint8Array {
		const [first] = group.queue;
		let bytes = first!.length;
		let frames = 1;
		while (frames < group.queue.length && bytes + group.queue[frames]!.length <= COALESCED_BYTES) {
			bytes += group.queue[frames]!.length;
			frames += 1;
		}
		group.writing = frames;
		return frames === 1 ? first! : Buffer.concat(group.queue.slice(0, frames), bytes);
	}
	#done(group: OutGroup): void {
		this.#settled(group);
		if (!group.isDropped) {
			if (group.writing > 0) this.#wrote(group);
			// Only an end is left to be written without frames.
			else this.#remove(group);
		}
		this.#pump();
	}
	/** The subscriber stopped this group or went away: that costs this group only, the session's end is told elsewhere. */
	#failed(group: OutGroup): void {
		this.#settled(group);
		if (!group.isDropped) this.#give(group, WIRE_ERROR_CODES.cancelled);
		this.#pump();
	}
	#settled(group: OutGroup): void {
		this.#blockedSince = undefined;
		if (this.#busy === group) this.#busy = undefined;
	}
	#wrote(group: OutGroup): void {
		for (; group.writing > 0; group.writing--) {
			const { length } = group.queue.shift()!;
			this.#release(length);
			this.#meter.bytesOut += length;
			this.#meter.framesOut += 1;
			if (group.replayed > 0) group.replayed -= 1;
			else {
				this.#bytes -= length;
				this.#frames -= 1;
			}
		}
		if (this.#waitingSince === undefined) return;
		this.#meter.onFirstFrame(this.#now() - this.#waitingSince);
		this.#waitingSince = undefined;
	}
}
