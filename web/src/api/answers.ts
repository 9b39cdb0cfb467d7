import { bytesText, Id } from "@mivisus/wire/ids";
import { z } from "zod";

/** What the service answers (design: contracts, HTTP). Unknown fields pass. */
export const Account = z.object({
	id: Id,
	email: z.string(),
	fullName: z.string(),
	state: z.string(),
	language: z.enum(["en", "fr"]),
});
export type Account = z.infer<typeof Account>;
export const SessionAnswer = z.object({ account: Account });

/** Coarse on purpose: a day, never an hour or a place. */
const ListedSession = z.object({
	id: Id,
	label: z.string(),
	createdAtMs: z.number(),
	lastUsedDay: z.string().nullable(),
	current: z.boolean(),
});
export type ListedSession = z.infer<typeof ListedSession>;
export const SessionsAnswer = z.object({ sessions: z.array(ListedSession) });
const Passkey = z.object({ id: Id, label: z.string(), createdAtMs: z.number(), lastUsedDay: z.string().nullable() });
export type Passkey = z.infer<typeof Passkey>;
export const PasskeysAnswer = z.object({ passkeys: z.array(Passkey) });
/** What the browser's own interface to authenticators is given; it checks it itself. */
export const PasskeyOptions = z.object({ options: z.looseObject({ challenge: z.string() }) });

export const Address = z.object({
	scheme: z.enum(["rtsp", "rtsps"]),
	host: z.string(),
	port: z.number().int(),
	path: z.string(),
});
export type Address = z.infer<typeof Address>;
export const Camera = z.object({
	id: Id,
	name: z.string(),
	agentId: Id,
	address: Address,
	sound: z.boolean(),
	createdAtMs: z.number(),
});
export type Camera = z.infer<typeof Camera>;
export const CamerasAnswer = z.object({ cameras: z.array(Camera) });

export const Agent = z.object({
	id: Id,
	name: z.string(),
	state: z.string(),
	signKey: bytesText(32),
	sealKey: bytesText(32),
	lastSeenDay: z.string().nullish(),
	createdAtMs: z.number(),
});
export type Agent = z.infer<typeof Agent>;
export const AgentsAnswer = z.object({ agents: z.array(Agent) });

/** Browsers whose orders agents obey; `confirmed` once the agent said so. */
export const DevicesAnswer = z.object({ devices: z.array(z.object({ id: Id, confirmed: z.boolean() })) });

export const LookupAnswer = z.object({ signKey: bytesText(32), sealKey: bytesText(32), name: z.string() });
export const ClaimAnswer = z.object({ agentId: Id, deviceId: Id });
export const CommandAccepted = z.object({ id: z.string() });
export const CommandState = z.object({
	id: z.string(),
	state: z.enum(["waiting", "done", "refused"]),
	code: z.string().nullish(),
	detail: z.string().nullish(),
});
export type CommandState = z.infer<typeof CommandState>;

export const RelayGrant = z.object({
	token: z.string(),
	url: z.url(),
	tcpUrl: z.url().optional(),
	certificateHashes: z.array(bytesText(32)),
	untilMs: z.number(),
});
export type RelayGrant = z.infer<typeof RelayGrant>;

const Words = z.object({ en: z.string(), fr: z.string() });
export const HeldKind = z.object({
	kind: z.string(),
	data: Words,
	why: Words,
	basis: z.enum(["contract", "legitimate-interest", "legal-obligation"]),
	kept: Words,
	objection: Words.nullable(),
	anonymous: z.boolean(),
	inMemory: z.boolean(),
	entries: z.number(),
});
export type HeldKind = z.infer<typeof HeldKind>;
export const RightsRequest = z.object({
	number: z.string(),
	kind: z.string(),
	channel: z.enum(["self", "mail"]),
	receivedAt: z.number(),
	dueAt: z.number(),
	extendedAt: z.number().nullable(),
	extension: z.string().nullable(),
	closedAt: z.number().nullable(),
	outcome: z.enum(["done", "refused", "withdrawn"]).nullable(),
	evidence: z.string().nullable(),
});
export type RightsRequest = z.infer<typeof RightsRequest>;
export const PrivacyAnswer = z.object({
	kinds: z.array(HeldKind),
	objections: z.array(z.object({ purpose: z.string(), createdAtMs: z.number() })),
	directives: z.object({ words: z.string(), createdAtMs: z.number() }).nullable(),
	requests: z.array(RightsRequest),
});
export type PrivacyAnswer = z.infer<typeof PrivacyAnswer>;
export const ExportLink = z.object({ path: z.string().regex(/^\/api\/export\//), expiresAtMs: z.number() });
export const Leaving = z.object({ eraseAtMs: z.number(), number: z.string() });
export const SignedReceipt = z.object({ document: z.string(), signature: z.string() });
/** A JWK set; checked by what imports it. */
export const SigningKeys = z.object({ keys: z.array(z.unknown()) });

/** RFC 9457. */
export const ProblemBody = z.object({
	type: z.string().default("about:blank"),
	title: z.string().default(""),
	status: z.number().optional(),
	detail: z.string().optional(),
});
