import { agentFingerprint } from "@mivisus/wire/enrolment";
import { fromBase64Url, toBase64Url } from "@mivisus/wire/ids";
import { type CryptoKey, exportKey, newSignKeys } from "@mivisus/wire/keys";
import { newSealKeys } from "@mivisus/wire/seal";
import type { AgentState } from "../secrets/state.ts";

type StoredIdentity = AgentState["identity"];

/** The agent's keys, ready for use. Private halves never leave the process but for the state file. */
export interface Identity {
	/** Raw public keys, base64url: Ed25519 and X25519. */
	signPublic: string;
	sealPublic: string;
	/** What an owner's browser pins. */
	fingerprint: string;
	signKey: CryptoKey;
	sealKey: Uint8Array<ArrayBuffer>;
}

/** Fresh keys for the state file. */
export async function createIdentity(): Promise<StoredIdentity> {
	const sign = await newSignKeys(true);
	const seal = await newSealKeys();
	return {
		signPrivate: await exportKey("pkcs8", sign.privateKey),
		signPublic: await exportKey("raw", sign.publicKey),
		sealPrivate: toBase64Url(seal.privateKey),
		sealPublic: toBase64Url(seal.publicKey),
	};
}

/** Keys from the state file. */
export async function loadIdentity(stored: StoredIdentity): Promise<Identity> {
	const pkcs8 = fromBase64Url(stored.signPrivate);
	return {
		signPublic: stored.signPublic,
		sealPublic: stored.sealPublic,
		fingerprint: await agentFingerprint(stored.signPublic, stored.sealPublic),
		signKey: await crypto.subtle.importKey("pkcs8", pkcs8, { name: "Ed25519" }, false, ["sign"]),
		sealKey: fromBase64Url(stored.sealPrivate),
	};
}
