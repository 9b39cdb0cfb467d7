import { decodeJwt } from "jose";
import { z } from "zod";

/**
 * Liveness and reports as ordinary tracks, because moq-lite-02 has no ping (design: section 3). `.relay/clock` is
 * unannounced; a foreign relay resets it or stays silent, which switches liveness off.
 */
export const CLOCK = { broadcast: ".relay", track: "clock" } as const;
/** Track of a peer's own broadcast `.peer/<random>`. */
export const REPORT_TRACK = "report";
/** Prefix under which peers announce themselves. */
export const PEER_PREFIX = ".peer";
/** A clock missing for longer means that the way to the relay is broken. */
export const CLOCK_MISSING_MS = 2500;

/** One a second. */
export const ClockFrame = z.object({
	v: z.literal(1),
	seq: z.number().int().nonnegative(),
	/** Relay wall clock, ms since 1970. */
	wallMs: z.number(),
	/** The relay is about to end: take a fresh token and another session, then leave this one. */
	leaving: z.literal(true).optional(),
	/** Answers the peer's last report: when it says it was sent, when it came here. */
	echo: z.object({ sentMs: z.number(), receivedMs: z.number() }).optional(),
});
export type ClockFrame = z.infer<typeof ClockFrame>;

/** One for each clock frame received, so that no timer is needed where timers are throttled. */
export const ReportFrame = z.object({
	v: z.literal(1),
	/** Peer wall clock, ms since 1970. */
	sentMs: z.number(),
	clockSeq: z.number().int().nonnegative(),
	tracks: z.record(z.string().max(200), z.object({ latenessMs: z.number(), dropped: z.number().int().nonnegative() })),
});
export type ReportFrame = z.infer<typeof ReportFrame>;

/** JSON as one frame's payload. */
export const encodeJson = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

/** A frame's payload by `schema`, or `undefined` for anything else: a peer's odd report is ignored, not fatal. */
export function decodeJson<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
	try {
		const parsed = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
		return parsed.success ? parsed.data : undefined;
	} catch {
		return undefined;
	}
}

/**
 * Peer clock minus relay clock in ms, from a clock frame with an echo (NTP's offset, RFC 5905 section 8, with the
 * relay's receive and send instants and ours).
 */
export function clockOffset(frame: ClockFrame, receivedMs: number): number | undefined {
	if (!frame.echo) return undefined;
	return (frame.echo.sentMs - frame.echo.receivedMs + (receivedMs - frame.wallMs)) / 2;
}

/**
 * The broadcast on which the bearer of a relay token may report: the one entry of `put` under `.peer`. Read without
 * checking the signature, which is the relay's business; `undefined` where the token offers none.
 */
export function peerBroadcastOf(token: string): string | undefined {
	try {
		const parsed = z.object({ put: z.array(z.string()) }).safeParse(decodeJwt(token));
		return parsed.data?.put.find((path) => path.startsWith(`${PEER_PREFIX}/`));
	} catch {
		return undefined;
	}
}
