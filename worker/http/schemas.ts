import { displayPath } from "@mivisus/wire/address";
import { bytesText, Id } from "@mivisus/wire/ids";
import { MAX_STATEMENT_BYTES } from "@mivisus/wire/limits";
import { z } from "zod";
import { OBJECTABLE } from "../rights/rights.ts";

/** Bodies and answers of the HTTP interface; the OpenAPI document is made from these. */
/** What people type: no control characters, which lists and logs stumble over and the database's engine cuts texts at. */
const words = z
	.string()
	.trim()
	.regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters");
const name = words.min(1).max(80);
const Key = bytesText(32).meta({ description: "a raw public key of 32 bytes, base64url" });
const statement = z.string().min(1).max(MAX_STATEMENT_BYTES);
const ms = z.number().int().nonnegative();

const email = z.string().max(320);
/** Longer than any that is taken, so that the answer can say why. */
const password = z.string().max(1024);
const language = z.enum(["en", "fr"]);
const fullName = words.min(1).max(200);
/** What its owner knows the browser by. */
const label = words.max(80).default("");
/** Of a mailed link: 256 bits. */
const linkToken = bytesText(32);

export const SignUpBody = z.strictObject({
	email,
	fullName,
	password,
	language: language.default("en"),
	terms: z.string().max(40).meta({ description: "version of the terms that the person accepts" }),
	agreement: z.string().max(40).meta({ description: "version of the agreement on processing (GDPR, art. 28)" }),
});
export const SignInBody = z.strictObject({ email, password, label });
export const EmailBody = z.strictObject({ email });
export const ConfirmLinkBody = z.strictObject({ token: linkToken, password, label });
export const ResetBody = z.strictObject({ token: linkToken, password });
export const LinkBody = z.strictObject({ token: linkToken });
/** Of several lines. */
const longText = z
	.string()
	.trim()
	.min(1)
	.max(4000)
	.regex(/^(?:[^\p{Cc}\p{Cs}]|\n)*$/u, "no control characters but line ends");
const RequestRow = z.object({
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
const Words = z.object({ en: z.string(), fr: z.string() });
export const PrivacyAnswer = z.object({
	kinds: z.array(
		z.object({
			kind: z.string(),
			data: Words,
			why: Words,
			basis: z.enum(["contract", "legitimate-interest", "legal-obligation"]),
			kept: Words,
			objection: Words.nullable(),
			anonymous: z.boolean(),
			inMemory: z.boolean(),
			entries: z.number(),
		}),
	),
	objections: z.array(z.object({ purpose: z.string(), createdAtMs: z.number() })),
	directives: z.object({ words: z.string(), createdAtMs: z.number() }).nullable(),
	requests: z.array(RequestRow),
});
export const RenameBody = z.strictObject({ name });
export const ObjectionBody = z.strictObject({ purpose: z.enum(OBJECTABLE) });
export const DirectivesBody = z.strictObject({ words: longText });
export const LeavingAnswer = z.object({ eraseAtMs: z.number(), number: z.string() });
export const ReceiptAnswer = z.object({ document: z.string(), signature: z.string() });
export const ExportLink = z.object({ path: z.string(), expiresAtMs: z.number() });
/** A JWK set (RFC 7517) of public Ed25519 keys. */
export const SigningKeys = z.object({
	keys: z.array(z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), kid: z.string(), x: z.string() })),
});
export const SessionAnswer = z.object({
	account: z.object({ id: Id, email: z.string(), fullName: z.string(), state: z.string(), language }),
});
export const ChangeAccountBody = z
	.strictObject({ fullName: fullName.optional(), language: language.optional() })
	.refine((change) => Object.keys(change).length > 0, { error: "name at least one thing to change" });
export const ChangePasswordBody = z.strictObject({ current: password, password });
export const SessionsAnswer = z.object({
	sessions: z.array(
		z.object({
			id: Id,
			label: z.string(),
			createdAtMs: ms,
			lastUsedDay: z.string().nullable(),
			current: z.boolean().meta({ description: "whether it is the one that asks" }),
		}),
	),
});

/** WebAuthn level 3, the JSON forms; what is inside is checked by the library, against our challenge. */
const webAuthnText = z.base64url().max(16_384);
const credential = { id: webAuthnText, rawId: webAuthnText, type: z.literal("public-key") };
const attachment = z.enum(["platform", "cross-platform"]).nullish();
const RegistrationResponse = z.object({
	...credential,
	authenticatorAttachment: attachment,
	clientExtensionResults: z.looseObject({}),
	response: z.object({
		clientDataJSON: webAuthnText,
		attestationObject: webAuthnText,
		transports: z.array(z.string().max(40)).max(10).optional(),
	}),
});
const AuthenticationResponse = z.object({
	...credential,
	authenticatorAttachment: attachment,
	clientExtensionResults: z.looseObject({}),
	response: z.object({
		clientDataJSON: webAuthnText,
		authenticatorData: webAuthnText,
		signature: webAuthnText,
		userHandle: webAuthnText.nullish(),
	}),
});
export const PasskeyOptions = z.object({
	options: z.looseObject({ challenge: z.string() }).meta({ description: "for navigator.credentials, in JSON form" }),
});
export const AddPasskeyBody = z.strictObject({ label: name, response: RegistrationResponse });
export const PasskeySignInBody = z.strictObject({ response: AuthenticationResponse, label });
export const ProofBody = z.union([z.strictObject({ password }), z.strictObject({ passkey: AuthenticationResponse })]);
const Passkey = z.object({ id: Id, label: z.string(), createdAtMs: ms, lastUsedDay: z.string().nullable() });
export const PasskeyAnswer = Passkey;
export const PasskeysAnswer = z.object({ passkeys: z.array(Passkey) });

/** A host as a camera has it: a name, an IPv4 or an IPv6 address. A user or password in it is refused, not stored. */
const host = z
	.string()
	.min(1)
	.max(253)
	.regex(/^[^\s/@?#\\]+$/, "a host name or address, without user or password");
export const Address = z.strictObject({
	scheme: z.enum(["rtsp", "rtsps"]),
	host,
	port: z.number().int().min(1).max(65535),
	/** Its secrets are struck out; the agent has them in the sealed access (policy 02.3). */
	path: z
		.string()
		.max(1024)
		.refine((path) => displayPath(path) === path, { error: "a path with its user and password struck out" }),
});
export const Camera = z.object({ id: Id, name, agentId: Id, address: Address, sound: z.boolean(), createdAtMs: ms });
export const CamerasAnswer = z.object({ cameras: z.array(Camera) });
export const CameraBody = z.strictObject({ id: Id, name, agentId: Id, address: Address, command: statement });
export const ChangeBody = z.union([z.strictObject({ name }), z.strictObject({ address: Address, command: statement })]);
export const RemoveBody = z.strictObject({ command: statement.optional() });
export const CommandBody = z.strictObject({ command: statement });
export const CommandAccepted = z.object({ id: Id });
export const CommandAnswer = z.object({
	id: Id,
	state: z.enum(["waiting", "done", "refused"]),
	code: z.string().nullable(),
	detail: z.string().nullable(),
});

export const AgentsAnswer = z.object({
	agents: z.array(
		z.object({
			id: Id,
			name,
			state: z.string(),
			signKey: Key,
			sealKey: Key,
			lastSeenDay: z.string().nullable(),
			createdAtMs: ms,
		}),
	),
});
export const DevicesAnswer = z.object({
	devices: z.array(
		z.object({
			id: Id,
			agentId: Id,
			label: z.string(),
			signKey: Key,
			sealKey: Key,
			createdAtMs: ms,
			confirmed: z.boolean(),
		}),
	),
});
const Code = bytesText(16);
export const CodeBody = z.strictObject({ code: Code });
export const LookupAnswer = z.object({ signKey: Key, sealKey: Key, name });
export const ClaimBody = z.strictObject({
	code: Code,
	deviceSignKey: Key,
	deviceSealKey: Key,
	deviceLabel: name,
	mac: bytesText(32),
});
export const ClaimAnswer = z.object({ agentId: Id, deviceId: Id });
/** Cameras in one viewer's token: as many as fit into it (wire/limits MAX_TOKEN_BYTES). */
const MAX_VIEWED = 40;
export const RelayBody = z.strictObject({ cameras: z.array(Id).min(1).max(MAX_VIEWED) });
export const RelayAnswer = z.object({
	token: z.string(),
	url: z.url(),
	/** Where to go with the same token where UDP is blocked. */
	tcpUrl: z.url().optional(),
	certificateHashes: z.array(z.string()),
	untilMs: ms,
});

export const AnnounceBody = z.strictObject({ code: Code, signKey: Key, sealKey: Key, name });
export const AnnounceAnswer = z.object({ expiresAtMs: ms });
export const PollAnswer = z.discriminatedUnion("state", [
	z.object({ state: z.literal("waiting") }),
	z.object({
		state: z.literal("claimed"),
		agentId: Id,
		accountId: Id,
		device: z.object({ id: Id, signKey: Key, sealKey: Key, label: z.string() }),
		mac: z.string(),
	}),
]);
export const Empty = z.strictObject({});
export const ConfirmBody = z.strictObject({
	device: Id,
	accepted: z.boolean(),
	reason: z.string().max(300).optional(),
});
export const StreamsBody = z.strictObject({
	events: z
		.array(z.strictObject({ camera: Id, atMs: ms, status: z.enum(["live", "idle", "lost", "refused"]) }))
		.min(1)
		.max(100),
});
export const StateBody = z.strictObject({
	after: z.number().int().nonnegative(),
	waitMs: z.number().int().min(0).max(25_000),
});
export const StateAnswer = z.object({
	revision: z.number().int(),
	accountId: Id,
	cameras: z.array(z.object({ id: Id, name })),
	commands: z.array(z.object({ id: Id, command: z.string() })),
});
/** A camera that was added at the agent itself: what is shown of it, no credentials and no sealed access. */
export const AgentCameraBody = z.strictObject({ id: Id, name, address: Address });
export const AckBody = z.strictObject({
	id: Id,
	state: z.enum(["done", "refused"]),
	code: z.string().max(60).optional(),
	detail: z.string().max(300).optional(),
});
