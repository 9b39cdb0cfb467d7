import { SOCKET_BUFFER_BYTES } from "@mivisus/transport/tcp/session";
import { MAX_ACCOUNT_CACHED_BYTES, MEMORY_FREE_SHARE, MEMORY_SHORT_SHARE } from "./limits.ts";

const MIB = 1024 * 1024;

/** The program with nobody in it: Node, its code and the native part; 148 MiB were measured after start. */
const PROGRAM_BYTES = 160 * MIB;
/**
 * What has no budget of its own: memory that was given up and not collected yet, connections that are no sessions yet
 * (1 000, 16 KiB of headers each), used tokens and revocations (100 000 of each, some 200 bytes each).
 */
const RESERVE_BYTES = 96 * MIB;
/** One session's objects, its socket and its TLS. */
const SESSION_OBJECT_BYTES = 64 * 1024;
/** One account may keep so much of all caches: it must not take everybody's. */
const ACCOUNT_SHARE = 1 / 4;
/** How what is left is divided. */
const SHARES = { sessions: 0.45, cached: 0.2, queued: 0.25, arriving: 0.1 } as const;

/** What each part may hold, bytes. */
export interface MemoryPlan {
	ceilingBytes: number;
	/** Sessions: what their peers may send unread, and what waits in their sockets. */
	sessionBytes: number;
	/** Current groups, kept for those who come late: of all accounts, and of one. */
	cachedBytes: number;
	accountCachedBytes: number;
	/** What waits for all subscribers together. */
	queuedBytes: number;
	/** Frames of publishers that did not arrive whole. */
	arrivingBytes: number;
}

/**
 * The arithmetic of the setting `memoryMiB`, in this one place.
 *
 *     ceiling = program + reserve + sessions + cached + queued + arriving
 *
 * `program` and `reserve` are constants (160 and 96 MiB). The rest is divided: sessions 45 %, cached 20 %, queued 25 %,
 * arriving 10 %. Each part refuses or drops at its own budget, so the sum holds whoever attacks which part:
 *
 * - A session takes {@link sessionCost}: 256 KiB of a viewer, about 2.2 MiB of a publisher. Where the budget has no more,
 *   the next one is refused (503, `memory`). At most MAX_SESSIONS in any case.
 * - `cached`: a group that does not fit is forwarded, but not kept; who comes late waits for the next one.
 * - `queued`: the subscribers with the most waiting lose groups, down to their newest (queues.ts). Frames are shared and
 *   counted for each who waits for them, so this is an upper bound.
 * - `arriving`: the largest unfinished frame's group is given up.
 *
 * What it does not know: buffers inside the native HTTP/3 part, which cannot be set from here (a stream takes up to 1.25 MB
 * unread, a connection sends up to 10 MB unacknowledged). They are why resident memory is looked at as well: above 90 %
 * of the ceiling nobody new is let in and nothing is cached, until it is below 85 %.
 */
export function planMemory(memoryMiB: number): MemoryPlan {
	const ceilingBytes = memoryMiB * MIB;
	const left = ceilingBytes - PROGRAM_BYTES - RESERVE_BYTES;
	const cachedBytes = left * SHARES.cached;
	return {
		ceilingBytes,
		sessionBytes: left * SHARES.sessions,
		cachedBytes,
		accountCachedBytes: Math.min(MAX_ACCOUNT_CACHED_BYTES, cachedBytes * ACCOUNT_SHARE),
		queuedBytes: left * SHARES.queued,
		arrivingBytes: left * SHARES.arriving,
	};
}

/** What one session is counted as, bytes, where its peer may send `windowBytes` unread. */
export function sessionCost(windowBytes: number): number {
	return SESSION_OBJECT_BYTES + SOCKET_BUFFER_BYTES + windowBytes;
}

/** Whether memory is short, by what the process really holds. */
export class MemoryWatch {
	readonly #ceilingBytes: number;
	#resident: () => number;
	#short = false;

	constructor(ceilingBytes: number, residentBytes: () => number) {
		this.#ceilingBytes = ceilingBytes;
		this.#resident = residentBytes;
	}
	get short(): boolean {
		return this.#short;
	}
	/** Looks; tells what is held where `short` changed, and nothing otherwise. */
	look(): { residentMiB: number; ceilingMiB: number } | undefined {
		const resident = this.#resident();
		const share = resident / this.#ceilingBytes;
		const short = this.#short ? share > MEMORY_FREE_SHARE : share > MEMORY_SHORT_SHARE;
		if (short === this.#short) return undefined;
		this.#short = short;
		return { residentMiB: Math.round(resident / MIB), ceilingMiB: Math.round(this.#ceilingBytes / MIB) };
	}
}
