import { setTimeout as pause } from "node:timers/promises";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { GroupReader, OutgoingSubscription } from "@mivisus/transport/moq/incoming";
import { AnnounceWriter, GroupWriter, IncomingSubscription } from "@mivisus/transport/moq/outgoing";
import { MoqPeer } from "@mivisus/transport/moq/peer";
import { StreamReader } from "@mivisus/transport/moq/reader";
import { RecvHalf, SendHalf } from "@mivisus/transport/tcp/halves";
import { QmuxSession } from "@mivisus/transport/tcp/session";
import { Broadcast } from "../broadcast.ts";
import { RelayGroup } from "../group.ts";
import { Liveness } from "../liveness.ts";
import { RelaySession } from "../session.ts";
import { Subscriber } from "../subscriber.ts";

const KINDS = {
	AnnounceWriter,
	Broadcast,
	GroupReader,
	GroupWriter,
	IncomingSubscription,
	Liveness,
	MoqPeer,
	OutgoingSubscription,
	QmuxSession,
	RecvHalf,
	RelayGroup,
	RelaySession,
	SendHalf,
	StreamReader,
	Subscriber,
} as const;

/** Stands above all of them, so that they are counted at once: each count walks the whole heap. */
class Held {}
for (const kind of Object.values(KINDS)) Object.setPrototypeOf(kind.prototype, Held.prototype);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const count = (kind: { prototype: object }) => queryObjects(kind as never, { format: "count" }) as unknown as number;

/** How many of the relay's and the transports' objects are alive in this process, wherever they are held. Collects first. */
export const held = (): number => count(Held);
/** The same by kind, to say what stayed behind. */
export const heldByKind = (): Record<string, number> =>
	Object.fromEntries(Object.entries(KINDS).map(([name, kind]) => [name, count(kind)]));

/**
 * Memory after collections, bytes: what JavaScript holds, and what the system counts as the process's. Buffers are given
 * back some time after their collection, so the least of several looks counts.
 */
export async function memory(): Promise<{ heapBytes: number; rssBytes: number }> {
	const least = { heapBytes: Number.POSITIVE_INFINITY, rssBytes: Number.POSITIVE_INFINITY };
	for (let look = 0; look < 4; look++) {
		collect();
		await pause(100);
		const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
		least.heapBytes = Math.min(least.heapBytes, heapUsed + arrayBuffers);
		least.rssBytes = Math.min(least.rssBytes, rss);
	}
	return least;
}
