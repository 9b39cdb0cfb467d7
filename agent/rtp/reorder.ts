/** Signed distance from `b` to `a` in 16-bit serial arithmetic (RFC 1982): 0 is one after 65535. */
export function serialDistance(a: number, b: number): number {
	return ((a - b) << 16) >> 16;
}

/** A packet in its place, and how many before it never came. */
export interface Ordered<T> {
	packet: T;
	lost: number;
}
export interface ReorderOptions {
	/** Packets held back at most while one is missing; 0 for TCP, which keeps order by itself. */
	maxPackets: number;
	/** ms that a packet is held back at most. */
	maxWaitMs: number;
}

/** A packet so far behind is late; one still further away begins a new numbering, if the next one follows it. */
const MAX_LATE = 1000;
const MAX_AHEAD = 3000;

/** Puts packets back into order by their 16-bit sequence numbers, within small bounds; duplicates vanish (P04). */
export class ReorderWindow<T extends { sequence: number }> {
	#options: ReorderOptions;
	#expected: number | undefined;
	#held = new Map<number, { packet: T; sinceMs: number }>();
	/** Where a far away packet would go on, if it began a new numbering. */
	#elsewhere: number | undefined;

	constructor(options: ReorderOptions) {
		this.#options = options;
	}
	/** Packets held back now. */
	get held(): number {
		return this.#held.size;
	}
	/** Takes a packet that arrived at `nowMs`; returns what is due. */
	push(packet: T, nowMs: number): Ordered<T>[] {
		const out: Ordered<T>[] = [];
		this.#expected ??= packet.sequence;
		const distance = serialDistance(packet.sequence, this.#expected);
		if (distance < -MAX_LATE || distance > MAX_AHEAD) {
			if (this.#elsewhere !== packet.sequence) {
				this.#elsewhere = (packet.sequence + 1) & 0xffff;
				return this.expire(nowMs);
			}
			// Two in a row: the camera began to number anew.
			for (const { packet: rest } of this.#inOrder()) out.push({ packet: rest, lost: 0 });
			this.#held.clear();
			out.push({ packet, lost: 1 });
			this.#expected = (packet.sequence + 1) & 0xffff;
			this.#elsewhere = undefined;
			return out;
		}
		this.#elsewhere = undefined;
		if (distance < 0 || this.#held.has(packet.sequence)) return this.expire(nowMs);
		this.#held.set(packet.sequence, { packet, sinceMs: nowMs });
		this.#release(out);
		out.push(...this.expire(nowMs));
		return out;
	}
	/** What is due because of time or number, without a new packet. */
	expire(nowMs: number): Ordered<T>[] {
		const out: Ordered<T>[] = [];
		const { maxPackets, maxWaitMs } = this.#options;
		while (this.#held.size > 0) {
			const next = this.#inOrder()[0]!;
			let oldestMs = next.sinceMs;
			for (const { sinceMs } of this.#held.values()) oldestMs = Math.min(oldestMs, sinceMs);
			if (this.#held.size <= maxPackets && nowMs - oldestMs < maxWaitMs) break;
			const lost = serialDistance(next.packet.sequence, this.#expected!);
			this.#expected = next.packet.sequence;
			this.#release(out, lost);
		}
		return out;
	}
	#release(out: Ordered<T>[], lostBefore = 0): void {
		let lost = lostBefore;
		for (;;) {
			const next = this.#held.get(this.#expected!);
			if (!next) return;
			this.#held.delete(this.#expected!);
			this.#expected = (this.#expected! + 1) & 0xffff;
			out.push({ packet: next.packet, lost });
			lost = 0;
		}
	}
	#inOrder() {
		return [...this.#held.values()].sort(
			(a, b) => serialDistance(a.packet.sequence, this.#expected!) - serialDistance(b.packet.sequence, this.#expected!),
		);
	}
}
