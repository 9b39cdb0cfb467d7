/** What the processes of the fan-out benchmarks say to each other. */
import { z } from "zod";

/** How a session reaches its server, and what it speaks. `relay-…` is ours; the others only copy. */
export const Way = z.enum(["relay-http3", "relay-tcp", "bare-http3", "bare-wss", "bare-tcp"]);
export type Way = z.infer<typeof Way>;

/** A time on the system's monotonic clock, ms. */
const monotonic = z.number().nonnegative();
const Server = z.object({
	way: Way,
	/** PEM; clients over TCP trust it. */
	certPem: z.string(),
	/** Clients over HTTP/3 pin it: SHA-256 of the certificate, base64url. */
	certificateHash: z.string(),
});
/** Where one session connects, with its token where the server asks for one, and which camera it is about. */
const Place = z.object({ url: z.url(), broadcast: z.string() });
export type Place = z.infer<typeof Place>;
export type Server = z.infer<typeof Server>;

/** The first message to a bare server. It answers {@link Listening}. */
export const BareJob = z.object({ certPem: z.string(), keyPem: z.string() });
/** What the relay's own process says, too. */
export const Listening = z.object({ port: z.number().int() });

/** The first message to a publisher: one session for each camera. It answers {@link Ready} once all are connected. */
export const PublisherJob = z.object({
	server: Server,
	gopSeconds: z.number().int().positive(),
	/** `afterMs`: when its groups begin, later than those of a camera with 0. */
	cameras: z.array(Place.extend({ afterMs: z.number().nonnegative() })),
});
export type PublisherJob = z.infer<typeof PublisherJob>;

/** The first message to viewers, who connect one after the other, `spacingMs` apart. They answer {@link Ready} when each had a picture. */
export const ViewersJob = z.object({
	server: Server,
	spacingMs: z.number().nonnegative(),
	viewers: z.array(Place),
});
export type ViewersJob = z.infer<typeof ViewersJob>;

export const Ready = z.object({ ready: z.literal(true) });
/** Says what to count: frames that were sent in this time. Said before it begins. */
export const Window = z.object({ fromMs: monotonic, toMs: monotonic });
export type Window = z.infer<typeof Window>;
/** Asks for the report on the window. */
export const Count = z.object({ count: z.literal(true) });
/** A publisher's: frames sent, of each broadcast. */
export const PublisherReport = z.object({ sent: z.record(z.string(), z.number().int()) });
export const ViewersReport = z.object({
	/** For each viewer, in the job's order: whole frames of the window that came. */
	frames: z.array(z.number().int()),
	/** Sessions and groups that ended early, in the server's or the transport's words. */
	lost: z.array(z.string()),
	/** Payload that arrived while the window was open. */
	bytes: z.number().nonnegative(),
	/** From the publisher's write to the whole frame at the viewer: pairs of a histogram. */
	latency: z.array(z.tuple([z.number().int(), z.number().int()])),
});

/** Tells viewers of the join benchmark to come, each at its time. They answer {@link Joined} when all had a picture, and leave. */
export const Join = z.object({
	server: Server,
	gopSeconds: z.number().int().positive(),
	viewers: z.array(Place.extend({ atMs: monotonic })),
});
export type Join = z.infer<typeof Join>;
export const Joined = z.object({
	/** From the beginning of each connection to its session, and to its first whole frame, ms. */
	connectMs: z.array(z.number()),
	firstMs: z.array(z.number()),
});
