import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { z } from "zod";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The state as it lies in its file. */
export const SealedState = z.strictObject({
	v: z.literal(2),
	/** Which store keeps the key. */
	store: z.enum(["file", "systemd", "keychain", "dpapi"]),
	/** Tells another key from a damaged file: a piece of the key's hash. */
	key: z.string().regex(/^[0-9a-f]{16}$/),
	/** Nonce, ciphertext and tag of AES-256-GCM, base64url. */
	box: z.base64url(),
});
export type SealedState = z.infer<typeof SealedState>;

/** A mark of a key that gives nothing of it away. */
export const markOf = (key: Uint8Array) => createHash("sha256").update("mark:").update(key).digest("hex").slice(0, 16);

/** What the box is bound to: one that was sealed as something else does not open. */
const bound = (store: SealedState["store"]) => Buffer.from(`mivisus agent state 2 ${store}`);

/** Seals text under a key of 32 bytes; each time with a nonce of its own. */
export function sealState(text: string, store: SealedState["store"], key: Uint8Array): SealedState {
	const nonce = randomBytes(NONCE_BYTES);
	const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound(store));
	const box = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
	return { v: 2, store, key: markOf(key), box: box.toString("base64url") };
}

/** Opens it again. Throws, without any of its content, where it is not what was sealed under this key. */
export function openState({ box, store }: SealedState, key: Uint8Array): string {
	const bytes = Buffer.from(box, "base64url");
	const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(-TAG_BYTES)];
	const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
	decipher.setAAD(bound(store)).setAuthTag(tag);
	const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
	return Buffer.concat([text, decipher.final()]).toString("utf8");
}
