import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import type { After } from "../clock.ts";
import type { Kdf } from "../passwords/passwords.ts";

/** scrypt asks for 128·N·r bytes and a little; the default limit of 32 MiB makes it fail on every runtime. */
const MAX_MEMORY = 64 * 1024 * 1024;

/** node:crypto's scrypt: native on Node, Deno and Workers (nodejs_compat). */
export const nodeKdf: Kdf = (password, salt, { ln, r, p }, bytes) =>
	new Promise((resolve, reject) => {
		scrypt(password, salt, bytes, { N: 2 ** ln, r, p, maxmem: MAX_MEMORY }, (error, key) =>
			error ? reject(error) : resolve(key),
		);
	});

/** The runtime's own timers. */
export const after: After = (ms, run) => {
	const timer = setTimeout(run, ms);
	return () => clearTimeout(timer);
};

export const nodeRandom = (bytes: number): Uint8Array => randomBytes(bytes);

/** SHA-256 as base64url. */
export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("base64url");

/** SHA-256 piece by piece, as base64url. */
export function sha256Stream(): { update(bytes: Uint8Array): void; digest(): string } {
	const hash = createHash("sha256");
	return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("base64url") };
}

/** HMAC-SHA-256 as base64url, and its check in constant time. */
export const hmac = (key: Uint8Array, text: string): string =>
	createHmac("sha256", key).update(text).digest("base64url");
export function hmacEquals(key: Uint8Array, text: string, mark: string): boolean {
	const [expected, given] = [Buffer.from(hmac(key, text)), Buffer.from(mark)];
	return expected.length === given.length && timingSafeEqual(expected, given);
}
