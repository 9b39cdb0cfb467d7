import { toBase64Url } from "@mivisus/wire/ids";
import { importSigningKey, type SigningKey } from "@mivisus/wire/token";
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import type { SessionKeys } from "../sessions/sessions.ts";
import { nodeRandom } from "./node.ts";

const Secret = z.base64url().min(43);
const PrivateJwk = z.looseObject({
	kty: z.literal("OKP"),
	crv: z.literal("Ed25519"),
	kid: z.string(),
	x: z.string(),
	d: z.string(),
});
const Secrets = z.object({
	/** Newest first; older ones verify what they signed until it runs out. */
	sessionKeys: z.array(z.object({ id: z.string(), secret: Secret })).min(1),
	nonceKey: Secret,
	tokenKey: PrivateJwk,
	controlKey: PrivateJwk,
	/** Signs copies of data and receipts. Keys from before there were any have none: `npm run keys` adds it. */
	documentKey: PrivateJwk.optional(),
	/** Public halves of earlier document keys: what they signed is checked for as long as people keep it. */
	olderDocumentKeys: z.array(PrivateJwk.omit({ d: true })).default([]),
});
/** The worker's keys as they are kept: `worker.json`, or the secret MIVISUS_KEYS. */
export type KeptSecrets = z.infer<typeof Secrets>;

/** The worker's keys, ready for use. */
export interface WorkerSecrets {
	sessionKeys: SessionKeys;
	nonceKey: Uint8Array;
	tokenKey: SigningKey;
	controlKey: SigningKey;
	documentKey: SigningKey;
	/** By which others check what `documentKey` and its predecessors signed: a JWK set. */
	documentKeys: { keys: PublicJwk[] };
}
export interface PublicJwk {
	kty: "OKP";
	crv: "Ed25519";
	kid: string;
	x: string;
}
/** The half of a key that may be published. */
export const publicOf = ({ kty, crv, kid, x }: PublicJwk): PublicJwk => ({ kty, crv, kid, x });

async function newJwk(name: string) {
	const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
	return { ...(await exportJWK(privateKey)), kid: `${name}-${toBase64Url(nodeRandom(6))}` };
}
/** Keys that nobody had before. */
export const newSecrets = async (): Promise<KeptSecrets> =>
	Secrets.parse({
		sessionKeys: [{ id: toBase64Url(nodeRandom(6)), secret: toBase64Url(nodeRandom(32)) }],
		nonceKey: toBase64Url(nodeRandom(32)),
		tokenKey: await newJwk("token"),
		controlKey: await newJwk("control"),
		documentKey: await newJwk("document"),
	});
/** With the keys that were added since these were made. */
export const completed = async (kept: KeptSecrets): Promise<KeptSecrets> =>
	kept.documentKey ? kept : Secrets.parse({ ...kept, documentKey: await newJwk("document") });

/** Reads kept keys; `where` they are stands in the error, and never a value. */
export function parseSecrets(text: string, where: string): KeptSecrets {
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch {
		throw new Error(`${where} cannot be read as JSON.`);
	}
	const parsed = Secrets.safeParse(json);
	if (parsed.success) return parsed.data;
	throw new Error(`${where} is damaged: ${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}`);
}

export async function useSecrets({
	sessionKeys: [first, ...older],
	nonceKey,
	tokenKey,
	controlKey,
	documentKey,
	olderDocumentKeys,
}: KeptSecrets): Promise<WorkerSecrets> {
	if (!first) throw new Error("there is no session key");
	if (!documentKey)
		throw new Error("there is no document key: run npm run keys on the folder, and set the secret anew");
	const bytes = (secret: string) => new Uint8Array(Buffer.from(secret, "base64url"));
	const ready = ({ id, secret }: typeof first) => ({ id, secret: bytes(secret) });
	return {
		sessionKeys: [ready(first), ...older.map(ready)],
		nonceKey: bytes(nonceKey),
		tokenKey: await importSigningKey(tokenKey as never),
		controlKey: await importSigningKey(controlKey as never),
		documentKey: await importSigningKey(documentKey as never),
		documentKeys: { keys: [documentKey, ...olderDocumentKeys].map(publicOf) },
	};
}
