import { BEHIND_MS, GROUP_GRACE_MS, MAX_WAITING_BYTES, MAX_WAITING_GROUPS } from "./limits.ts";

/** A group on its way in, as the MoQ peer hands it out. */
export interface GroupSource {
	readonly sequence: number;
	/** The next frame; `null` at the end. Rejects when the sender dropped the group. */
	next(): Promise<Uint8Array | null>;
	stop(code: number): void;
}
interface Entry {
	source: GroupSource;
	/** Arrived and not passed on. */
	frames: Uint8Array[];
	bytes: number;
	/** How many were passed on. */
	passed: number;
	firstAtMs: number | undefined;
	end: "open" | "finished" | "failed";
}

const CANCELLED = 0;

/**
 * Puts groups that arrive side by side into one stream of frames that a decoder can take: whole groups in order, and
 * when one lags, a jump to the newest group that has its key picture. Frame 0 of a group is always a key picture.
 */
export class GroupOrder {
	#entries: Entry[] = [];
	#current: Entry | undefined;
	#lastSequence = -1;
	#onFrame: (payload: Uint8Array, key: boolean) => void;
	#now: () => number;
	#behindMs: () => number;
	#closed = false;
	/** Groups left unfinished or never seen, since the start. */
	skipped = 0;

	constructor(options: {
		onFrame: (payload: Uint8Array, key: boolean) => void;
		/** Monotonic, ms. */
		now: () => number;
		/** How late the newest frame is compared with the best, ms. */
		behindMs?: () => number;
	}) {
		this.#onFrame = options.onFrame;
		this.#now = options.now;
		this.#behindMs = options.behindMs ?? (() => 0);
	}
	/** Reads a group to its end. Resolves when it is over, in whatever way. */
	async take(source: GroupSource): Promise<void> {
		if (this.#closed || source.sequence <= this.#lastSequence) return source.stop(CANCELLED);
		const entry: Entry = { source, frames: [], bytes: 0, passed: 0, firstAtMs: undefined, end: "open" };
		this.#entries.push(entry);
		this.#entries.sort((a, b) => a.source.sequence - b.source.sequence);
		try {
			for (let frame = await source.next(); frame; frame = await source.next()) {
				if (!this.#entries.includes(entry)) return;
				entry.firstAtMs ??= this.#now();
				entry.frames.push(frame);
				entry.bytes += frame.length;
				this.advance();
			}
			entry.end = "finished";
		} catch {
			entry.end = "failed";
		}
		this.advance();
	}
	/** Passes on what can be passed on. Called on each frame, and by a clock because a lagging group makes no events. */
	advance(): void {
		if (this.#closed) return;
		for (;;) {
			this.#current ??= this.#start();
			const current = this.#current;
			if (!current) return;
			for (let frame = current.frames.shift(); frame; frame = current.frames.shift()) {
				current.bytes -= frame.length;
				this.#onFrame(frame, current.passed++ === 0);
				// The frame's consumer may have closed us.
				if (this.#closed) return;
			}
			const next = this.#next(current);
			if (!next) return;
			this.#leave(next);
		}
	}
	close(): void {
		this.#closed = true;
		for (const { source, end } of this.#entries) if (end === "open") source.stop(CANCELLED);
		this.#entries = [];
		this.#current = undefined;
	}
	/** The newest group with a key picture: what came before it is history. */
	#start(): Entry | undefined {
		const first = this.#entries.findLast(({ firstAtMs }) => firstAtMs !== undefined);
		if (first) this.#dropBefore(first);
		else this.#entries = this.#entries.filter(({ end }) => end === "open");
		return first;
	}
	/** The group to go on with, or `undefined` to stay. */
	#next(current: Entry): Entry | undefined {
		const newer = this.#entries.filter((e) => e.source.sequence > current.source.sequence);
		const ready = newer.filter(({ firstAtMs }) => firstAtMs !== undefined);
		if (current.end !== "open") return ready[0];
		const newest = ready.at(-1);
		if (!newest) return undefined;
		const waited = this.#now() - (ready[0]?.firstAtMs ?? this.#now());
		const bytes = newer.reduce((sum, entry) => sum + entry.bytes, 0);
		const tooMuch = newer.length > MAX_WAITING_GROUPS || bytes > MAX_WAITING_BYTES;
		return tooMuch || waited > GROUP_GRACE_MS || this.#behindMs() > BEHIND_MS ? newest : undefined;
	}
	#leave(next: Entry): void {
		const current = this.#current;
		if (current?.end !== "finished") this.skipped += 1;
		if (current && next.source.sequence > current.source.sequence + 1) {
			this.skipped += next.source.sequence - current.source.sequence - 1;
		}
		this.#dropBefore(next);
		this.#current = next;
	}
	#dropBefore(first: Entry): void {
		for (const entry of this.#entries) {
			if (entry.source.sequence < first.source.sequence && entry.end === "open") entry.source.stop(CANCELLED);
		}
		this.#entries = this.#entries.filter((entry) => entry.source.sequence >= first.source.sequence);
		this.#lastSequence = first.source.sequence;
	}
}
