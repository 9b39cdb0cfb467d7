import { Revocation } from "@mivisus/wire/token";
import { z } from "zod";
import { TRANSPORTS } from "./meter.ts";

/** What supervisor and data plane tell each other over their process channel, and by how the plane ends. */

/** Exit status of a plane that says what is wrong with its configuration: trying again changes nothing. */
export const MISCONFIGURED = 78;

/** Which of the two sets of ports a plane has: while one is left, the other is entered. */
export const Slot = z.union([z.literal(0), z.literal(1)]);
export type Slot = z.infer<typeof Slot>;

export const ToPlane = z.discriminatedUnion("type", [
	/** First: where to listen, and what was taken back before this process began. */
	z.object({ type: z.literal("begin"), slot: Slot, revocations: z.array(Revocation) }),
	z.object({ type: z.literal("revoke"), id: z.number(), revocations: z.array(Revocation) }),
	z.object({ type: z.literal("metrics"), id: z.number() }),
	/** Take nobody in any more, tell everybody to go, and end when they went. */
	z.object({ type: z.literal("drain") }),
]);
export type ToPlane = z.infer<typeof ToPlane>;

const count = z.number().int().nonnegative();
export const FromPlane = z.discriminatedUnion("type", [
	/** It listens. `certificateHash`: SHA-256, base64url, of a certificate that must be pinned; one of its own making. */
	z.object({
		type: z.literal("ready"),
		instance: z.string(),
		/** None where it serves TCP alone. */
		port: count.optional(),
		tcpPort: count,
		transports: z.array(z.enum(TRANSPORTS)),
		certificateHash: z.string().optional(),
		certificateNotAfterMs: z.number(),
	}),
	/** Every half second, also as a sign of life. */
	z.object({ type: z.literal("status"), sessions: count, broadcasts: count, ready: z.boolean() }),
	/** Answers to what has a number; `text`: the metrics. */
	z.object({ type: z.literal("done"), id: z.number(), text: z.string().optional() }),
]);
export type FromPlane = z.infer<typeof FromPlane>;
export type Ready = Extract<FromPlane, { type: "ready" }>;
export type Status = Extract<FromPlane, { type: "status" }>;
