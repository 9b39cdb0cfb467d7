import { toBase64Url } from "./ids.ts";

/** WebCrypto's key types under one name: Node 20 declares them in a module, browsers as globals. */
export type CryptoKey = Parameters<typeof crypto.subtle.exportKey>[1];
export interface CryptoKeyPair {
	publicKey: CryptoKey;
	privateKey: CryptoKey;
}

/** A fresh Ed25519 pair. `extractable` concerns the private half; the public one can always be exported. */
export const newSignKeys = async (extractable: boolean): Promise<CryptoKeyPair> =>
	(await crypto.subtle.generateKey({ name: "Ed25519" }, extractable, ["sign", "verify"])) as CryptoKeyPair;

/** A key as base64url: a public one `raw`, a private one `pkcs8`. */
export const exportKey = async (format: "raw" | "pkcs8", key: CryptoKey): Promise<string> =>
	toBase64Url(new Uint8Array(await crypto.subtle.exportKey(format, key)));
