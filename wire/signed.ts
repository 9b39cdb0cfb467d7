import { z } from "zod";
import { bytesText, fromBase64Url, Id, toBase64Url } from "./ids.ts";
import type { CryptoKey } from "./keys.ts";
import { MAX_STATEMENT_BYTES } from "./limits.ts";

/**
 * Signed statements: `base64url(JSON) . base64url(Ed25519 signature over domain, newline, JSON)`. The domain keeps a
 * signature made for one use from being accepted for another.
 */
export const Domain = { assertion: "mivisus-assertion-v1", command: "mivisus-command-v1" } as const;
export type Domain = (typeof Domain)[keyof typeof Domain];

/** An agent's proof of who it is, for one HTTP request. */
export const Assertion = z.strictObject({
	agent: Id,
	/** The origin that the agent was configured with: an assertion for one service is worthless at another. */
	aud: z.string().max(300),
	/** Given by the worker shortly before, because clocks in homes drift. */
	nonce: z.string().min(16).max(200),
	method: z.string().max(10),
	path: z.string().max(300),
	bodySha256: bytesText(32),
	jti: Id,
	/** Agent clock, s since 1970: for the log only. */
	iat: z.number().int().nonnegative(),
});
export type Assertion = z.infer<typeof Assertion>;

/** An owner device's order to an agent. The worker only carries it. */
export const Command = z.strictObject({
	v: z.literal(1),
	id: Id,
	type: z.enum(["camera.set", "camera.remove", "camera.sound"]),
	agent: Id,
	camera: Id,
	device: Id,
	/** Grows with each command of a device; the agent refuses one at or below the highest it has seen. */
	counter: z.number().int().positive(),
	/** Device clock, s since 1970. */
	iat: z.number().int().nonnegative(),
	/** `camera.set`: {@link CameraAccess} sealed to the agent, base64url. */
	sealed: z.base64url().max(8192).optional(),
	/** `camera.sound`: on or off. */
	on: z.boolean().optional(),
});
export type Command = z.infer<typeof Command>;

export const StreamAddress = z.strictObject({
	scheme: z.enum(["rtsp", "rtsps"]),
	host: z.string().min(1).max(253),
	port: z.number().int().min(1).max(65535),
	/** With leading slash and query, as the camera wants it. */
	path: z.string().max(1024),
});
export type StreamAddress = z.infer<typeof StreamAddress>;

/** How to reach a camera. Exists in clear in the owner's page and in the agent's memory, nowhere else. */
export const CameraAccess = z.strictObject({
	v: z.literal(1),
	/** The main stream: what is seen when the camera's picture is enlarged. */
	url: StreamAddress,
	/** The second, smaller stream, where the camera has one; signed in to as the first. */
	sub: StreamAddress.optional(),
	user: z.string().max(256).optional(),
	password: z.string().max(256).optional(),
	/** `rtsps`: SHA-256 of the camera's certificate in DER, hexadecimal, as its owner accepted it. Then no other counts. */
	certificate: z
		.string()
		.regex(/^[0-9a-f]{64}$/)
		.optional(),
	/** What the camera calls itself in ONVIF's discovery (endpoint reference): by it it is found at a new address. */
	device: z.string().max(200).optional(),
});
export type CameraAccess = z.infer<typeof CameraAccess>;

/** Raw Ed25519 public key (32 bytes) for verifying. */
export const importSignKey = (raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> =>
	crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, true, ["verify"]);

function signedBytes(domain: Domain, json: Uint8Array): Uint8Array<ArrayBuffer> {
	const prefix = new TextEncoder().encode(`${domain}\n`);
	const out = new Uint8Array(prefix.length + json.length);
	out.set(prefix);
	out.set(json, prefix.length);
	return out;
}

/** Signs `value`, which should already fit its schema. */
export async function signStatement(privateKey: CryptoKey, domain: Domain, value: unknown): Promise<string> {
	const json = new TextEncoder().encode(JSON.stringify(value));
	const signature = await crypto.subtle.sign({ name: "Ed25519" }, privateKey, signedBytes(domain, json));
	return `${toBase64Url(json)}.${toBase64Url(new Uint8Array(signature))}`;
}

/** Why a statement was not accepted. */
export type StatementRefusal = "too-large" | "malformed" | "bad-signature";
type Opened<T> = { ok: true; value: T } | { ok: false; refusal: StatementRefusal };

function split(
	statement: string,
): { json: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer> } | StatementRefusal {
	if (statement.length > MAX_STATEMENT_BYTES) return "too-large";
	const [body, mark, ...rest] = statement.split(".");
	if (!body || !mark || rest.length > 0) return "malformed";
	try {
		return { json: fromBase64Url(body), signature: fromBase64Url(mark) };
	} catch {
		return "malformed";
	}
}

function parse<T>(json: Uint8Array, schema: z.ZodType<T>): Opened<T> {
	try {
		const parsed = schema.safeParse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)));
		return parsed.success ? { ok: true, value: parsed.data } : { ok: false, refusal: "malformed" };
	} catch {
		return { ok: false, refusal: "malformed" };
	}
}

/** Checks the signature, then the schema. */
export async function openStatement<T>(
	publicKey: CryptoKey,
	domain: Domain,
	schema: z.ZodType<T>,
	statement: string,
): Promise<Opened<T>> {
	const parts = split(statement);
	if (typeof parts === "string") return { ok: false, refusal: parts };
	const valid = await crypto.subtle.verify(
		{ name: "Ed25519" },
		publicKey,
		parts.signature,
		signedBytes(domain, parts.json),
	);
	return valid ? parse(parts.json, schema) : { ok: false, refusal: "bad-signature" };
}

/**
 * Reads without checking the signature: to find out whose key to check it with, and for the worker, which carries
 * commands it cannot vouch for. Nothing read so may be acted on.
 */
export function peekStatement<T>(schema: z.ZodType<T>, statement: string): Opened<T> {
	const parts = split(statement);
	return typeof parts === "string" ? { ok: false, refusal: parts } : parse(parts.json, schema);
}
