import { WIRE_ERROR_CODES, WireError } from "@mivisus/wire/errors";
import { encodeFrame } from "@mivisus/wire/moq/group";
import { Arriving } from "./arriving.ts";
import { Budget } from "./budget.ts";
import { RelayGroup } from "./group.ts";
import { MAX_OPEN_GROUPS } from "./limits.ts";
import { Meter } from "./meter.ts";
import type { Subscriber } from "./subscriber.ts";

/** A group as the publisher sends it. */
export interface UpstreamGroup {
	readonly sequence: number;
	next(): Promise<Uint8Array | null>;
	stop(code: number): void;
	/** Calls `listener` with each change of how much of an unfinished frame is held, bytes. */
	onHeld?(listener: (bytes: number) => void): void;
}
/** The relay's own subscription to a publisher's track. */
export interface Upstream {
	readonly groups: AsyncIterable<UpstreamGroup>;
	close(): void;
}
/** Subscribes to a track of the publisher; rejects when it refuses. */
export type SubscribeUpstream = (broadcast: string, track: string, priority: number) => Promise<Upstream>;

/** Sequences remembered, to refuse a group that comes twice and one that is far too late. */
const REMEMBERED = 32;

/** A place at a track; the upstream subscription lives as long as somebody holds one. */
export interface Lease {
	/** Begins to feed `subscriber`, first with the current group. `onEnd` is called once when the track ends. */
	attach(subscriber: Subscriber, onEnd: () => void): void;
	/** Gives the place back. */
	release(): void;
}

/** What the broadcasts of a data plane share. */
export interface Shared {
	/** For what is kept for those who come late. */
	budget: Budget;
	meter: Meter;
	arriving: Arriving;
}
const unlimited = (): Shared => ({
	budget: new Budget(Number.POSITIVE_INFINITY),
	meter: new Meter(),
	arriving: new Arriving(),
});

/** From the first subscriber to the last: one upstream subscription and what came through it. */
class Run {
	readonly upstream: Promise<Upstream>;
	leases = 0;
	#subscribers = new Map<Subscriber, () => void>();
	#current: RelayGroup | undefined;
	#recent = new Set<number>();
	#newest = 0;
	#open: UpstreamGroup[] = [];
	#over = false;
	#onOver: () => void;
	#shared: Shared;

	constructor(upstream: Promise<Upstream>, shared: Shared, onOver: () => void) {
		this.upstream = upstream;
		this.#shared = shared;
		this.#onOver = onOver;
		void this.#follow();
	}
	attach(subscriber: Subscriber, onEnd: () => void): void {
		if (this.#over) {
			onEnd();
			return;
		}
		this.#subscribers.set(subscriber, onEnd);
		const group = this.#current;
		if (!group) return;
		subscriber.startAt(group.sequence);
		if (!group.replayable) return;
		subscriber.replay(group.sequence, group.frames);
		if (group.finished) subscriber.end(group.sequence);
	}
	/** Whoever comes late waits for the next group. */
	forget(): void {
		this.#current?.drop();
	}
	detach(subscriber: Subscriber): void {
		this.#subscribers.delete(subscriber);
	}
	/** Unsubscribes upstream and tells whoever is still there. */
	end(): void {
		if (this.#over) return;
		this.#over = true;
		void this.upstream.then(
			(upstream) => upstream.close(),
			() => {},
		);
		this.#current?.drop();
		this.#current = undefined;
		const left = [...this.#subscribers];
		this.#subscribers.clear();
		for (const group of this.#open) {
			group.stop(WIRE_ERROR_CODES.cancelled);
			// Its rest never comes: nobody may wait for it, least of all the subscription's own end.
			for (const [subscriber] of left) subscriber.abandon(group.sequence, WIRE_ERROR_CODES.cancelled);
		}
		this.#onOver();
		for (const [, onEnd] of left) onEnd();
	}
	async #follow(): Promise<void> {
		const receiving = new Set<Promise<void>>();
		try {
			for await (const group of (await this.upstream).groups) {
				if (this.#over) return group.stop(WIRE_ERROR_CODES.cancelled);
				const work: Promise<void> = this.#receive(group).finally(() => receiving.delete(work));
				receiving.add(work);
			}
			// The publisher ended the track; what is on its way still belongs to it.
			await Promise.all(receiving);
		} catch {
			// Refused: whoever holds a lease hears it from the promise.
		}
		this.end();
	}
	#isNew(sequence: number): boolean {
		if (this.#recent.has(sequence) || sequence < this.#newest - REMEMBERED) return false;
		this.#newest = Math.max(this.#newest, sequence);
		this.#recent.add(sequence);
		// By number and not by age: what is forgotten is refused as too old, so nothing comes twice.
		for (const old of this.#recent) if (old < this.#newest - REMEMBERED) this.#recent.delete(old);
		return true;
	}
	async #receive(incoming: UpstreamGroup): Promise<void> {
		const { sequence } = incoming;
		if (!this.#isNew(sequence)) return incoming.stop(WIRE_ERROR_CODES["protocol-violation"]);
		const group = new RelayGroup(sequence, this.#shared.budget);
		if (!this.#current || sequence > this.#current.sequence) {
			this.#current?.drop();
			this.#current = group;
		}
		this.#open.push(incoming);
		if (this.#open.length > MAX_OPEN_GROUPS) this.#open.shift()?.stop(WIRE_ERROR_CODES.lagging);
		for (const subscriber of this.#subscribers.keys()) subscriber.begin(sequence);
		const arrived = this.#shared.arriving.follow(incoming);
		try {
			for (let payload = await incoming.next(); payload; payload = await incoming.next()) {
				// Once for everybody: all queues share this buffer.
				const frame = encodeFrame(payload);
				this.#shared.meter.bytesIn += frame.length;
				this.#shared.meter.framesIn += 1;
				// An older one that is still arriving goes out, but nobody new will start in it.
				if (group === this.#current) group.push(frame);
				for (const subscriber of this.#subscribers.keys()) subscriber.push(sequence, frame);
			}
			group.finish();
			for (const subscriber of this.#subscribers.keys()) subscriber.end(sequence);
		} catch (error) {
			// Reset by the publisher, or not allowed by the wire: this group is lost for everybody, the next one is not.
			group.drop();
			const code = error instanceof WireError ? error.code : WIRE_ERROR_CODES.lagging;
			incoming.stop(code);
			for (const subscriber of this.#subscribers.keys()) subscriber.abandon(sequence, code);
		}
		arrived();
		this.#open = this.#open.filter((other) => other !== incoming);
	}
}

/** A broadcast that somebody publishes now. Its tracks flow only while somebody subscribes. */
export class Broadcast {
	readonly root: string;
	readonly name: string;
	#subscribe: SubscribeUpstream;
	#shared: Shared;
	#runs = new Map<string, Run>();
	#over = false;

	constructor(root: string, name: string, subscribe: SubscribeUpstream, shared: Partial<Shared> = {}) {
		this.#shared = { ...unlimited(), ...shared };
		this.root = root;
		this.name = name;
		this.#subscribe = subscribe;
	}
	/** Tracks that flow now. */
	get flowing(): readonly string[] {
		return [...this.#runs.keys()];
	}
	/** A place at `track`; the first subscribes upstream. Rejects as the publisher refused. Release it in any case. */
	async lease(track: string, priority: number): Promise<Lease> {
		if (this.#over) throw new WireError("not-found", "the broadcast ended");
		const run = this.#runs.get(track) ?? this.#begin(track, priority);
		run.leases += 1;
		let attached: Subscriber | undefined;
		let released = false;
		const lease: Lease = {
			attach: (subscriber, onEnd) => {
				if (released) return;
				attached = subscriber;
				run.attach(subscriber, onEnd);
			},
			release: () => {
				if (released) return;
				released = true;
				if (attached) run.detach(attached);
				run.leases -= 1;
				if (run.leases === 0) run.end();
			},
		};
		try {
			await run.upstream;
			return lease;
		} catch (error) {
			lease.release();
			throw error;
		}
	}
	/** Gives up what is kept for those who come late. */
	forget(): void {
		for (const run of this.#runs.values()) run.forget();
	}
	/** The publisher is gone, or a newer one took its place. */
	end(): void {
		this.#over = true;
		for (const run of [...this.#runs.values()]) run.end();
	}
	#begin(track: string, priority: number): Run {
		this.#shared.meter.upstreamSubscriptions += 1;
		const upstream = this.#subscribe(this.name, track, priority);
		const run: Run = new Run(upstream, this.#shared, () => {
			if (this.#runs.get(track) === run) this.#runs.delete(track);
		});
		this.#runs.set(track, run);
		return run;
	}
}
