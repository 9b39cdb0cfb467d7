import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
});

/** The worker's keys, ready for use. */
export interface WorkerSecrets {
	sessionKeys: SessionKeys;
	nonceKey: Uint8Array;
	tokenKey: SigningKey;
	controlKey: SigningKey;
}

async function newJwk(name: string) {
	const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
	return { ...(await exportJWK(privateKey)), kid: `${name}-${toBase64Url(nodeRandom(6))}` };
}

function writePrivate(path: string, value: unknown, mode: number): void {
	const temporary = `${path}.${process.pid}.tmp`;
	writeFileSync(temporary, `${JSON.stringify(value, null, "\t")}\n`, { mode, flush: true });
	renameSync(temporary, path);
}

/**
 * Reads `<folder>/worker.json` (0600), or makes it. Beside it stand `relay-token-keys.json` and `relay-control-keys.json`:
 * the public halves as JWK sets, all that a relay needs.
 */
export async function openSecrets(folder: string): Promise<WorkerSecrets> {
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const path = join(folder, "worker.json");
	let json: unknown;
	try {
		json = JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw new Error(`${path} cannot be read as JSON.`);
		json = {
			sessionKeys: [{ id: toBase64Url(nodeRandom(6)), secret: toBase64Url(nodeRandom(32)) }],
			nonceKey: toBase64Url(nodeRandom(32)),
			tokenKey: await newJwk("token"),
			controlKey: await newJwk("control"),
		};
		writePrivate(path, json, 0o600);
	}
	const parsed = Secrets.safeParse(json);
	// Names only: the values are secrets.
	if (!parsed.success)
		throw new Error(`${path} is damaged: ${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}`);
	const { sessionKeys, nonceKey, tokenKey, controlKey } = parsed.data;
	for (const [name, { kty, crv, kid, x }] of Object.entries({
		"relay-token-keys": tokenKey,
		"relay-control-keys": controlKey,
	})) {
		writePrivate(join(folder, `${name}.json`), { keys: [{ kty, crv, kid, x }] }, 0o644);
	}
	const [first, ...older] = sessionKeys.map(({ id, secret }) => ({
		id,
		secret: new Uint8Array(Buffer.from(secret, "base64url")),
	}));
	if (!first) throw new Error(`${path} names no session key`);
	return {
		sessionKeys: [first, ...older],
		nonceKey: new Uint8Array(Buffer.from(nonceKey, "base64url")),
		tokenKey: await importSigningKey(tokenKey as never),
		controlKey: await importSigningKey(controlKey as never),
	};
}
