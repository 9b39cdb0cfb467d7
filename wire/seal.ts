import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";

/**
 * Sealed boxes: HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. A box is
 * `encapsulated key (32) ‖ ciphertext`. Its context binds it to one place: moved elsewhere it does not open.
 */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const ENC_BYTES = 32;

/** Where a camera's access belongs. */
export interface CameraContext {
	account: string;
	agent: string;
	camera: string;
}
const info = ({ account, agent, camera }: CameraContext) =>
	new TextEncoder().encode(`mivisus-camera-v1\n${account}\n${agent}\n${camera}`);

/** `publicKey`: raw X25519, 32 bytes. */
export async function sealCamera(
	publicKey: Uint8Array<ArrayBuffer>,
	context: CameraContext,
	plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
	const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
	const { enc, ct } = await suite.seal({ recipientPublicKey, info: info(context) }, plaintext);
	const out = new Uint8Array(enc.byteLength + ct.byteLength);
	out.set(new Uint8Array(enc));
	out.set(new Uint8Array(ct), enc.byteLength);
	return out;
}

/** The plaintext, or `undefined` when the box was not made for this key and context or was changed. */
export async function openCamera(
	privateKey: Uint8Array<ArrayBuffer>,
	context: CameraContext,
	box: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
	try {
		const recipientKey = await suite.kem.deserializePrivateKey(privateKey);
		const enc = box.slice(0, ENC_BYTES);
		return new Uint8Array(await suite.open({ recipientKey, enc, info: info(context) }, box.slice(ENC_BYTES)));
	} catch {
		return undefined;
	}
}

/** A fresh X25519 pair as raw bytes (32 each). */
export async function newSealKeys(): Promise<{
	privateKey: Uint8Array<ArrayBuffer>;
	publicKey: Uint8Array<ArrayBuffer>;
}> {
	const pair = await suite.kem.generateKeyPair();
	return {
		privateKey: new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey)),
		publicKey: new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)),
	};
}
