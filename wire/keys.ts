/** WebCrypto's key types under one name: Node 20 declares them in a module, browsers as globals. */
export type CryptoKey = Parameters<typeof crypto.subtle.exportKey>[1];
export interface CryptoKeyPair {
	publicKey: CryptoKey;
	privateKey: CryptoKey;
}
