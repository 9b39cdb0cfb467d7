import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isoCBOR } from "@simplewebauthn/server/helpers";

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString("base64url");
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest();

/** What a test may get wrong on purpose. */
export interface Lies {
	origin?: string;
	domain?: string;
	/** Whether the authenticator checked the person; it does unless a test says otherwise. */
	verified?: boolean;
	challenge?: string;
	counter?: number;
}

/** A platform authenticator with one ES256 credential, as the WebAuthn specification (level 3) has it. */
export class Authenticator {
	readonly id = randomBytes(16);
	counter = 0;
	#private: KeyObject;
	#public: KeyObject;
	#origin: string;
	constructor(origin: string) {
		this.#origin = origin;
		const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
		this.#private = pair.privateKey;
		this.#public = pair.publicKey;
	}
	/** The answer to `options` of an "add a passkey". */
	make(options: { challenge: string }, lies: Lies = {}) {
		const { x = "", y = "" } = this.#public.export({ format: "jwk" });
		const key = new Map<number, number | Uint8Array>([
			[1, 2],
			[3, -7],
			[-1, 1],
			[-2, new Uint8Array(Buffer.from(x, "base64url"))],
			[-3, new Uint8Array(Buffer.from(y, "base64url"))],
		]);
		const length = Buffer.alloc(2);
		length.writeUInt16BE(this.id.length);
		const credential = Buffer.concat([Buffer.alloc(16), length, this.id, isoCBOR.encode(key)]);
		const authData = Buffer.concat([this.#data(0x40, lies), credential]);
		const attestation = new Map<string, unknown>([
			["fmt", "none"],
			["attStmt", new Map()],
			["authData", new Uint8Array(authData)],
		]);
		return this.#answer({
			clientDataJSON: this.#client("webauthn.create", options, lies),
			attestationObject: base64url(isoCBOR.encode(attestation as never)),
			transports: ["internal"],
		});
	}
	/** The answer to `options` of a "sign in" or "prove". */
	answer(options: { challenge: string }, lies: Lies = {}) {
		this.counter = lies.counter ?? this.counter + 1;
		const data = this.#data(0, lies);
		const clientDataJSON = this.#client("webauthn.get", options, lies);
		const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, "base64url"))]);
		return this.#answer({
			clientDataJSON,
			authenticatorData: base64url(data),
			signature: base64url(sign("sha256", signed, this.#private)),
		});
	}
	#answer<T>(response: T) {
		const id = base64url(this.id);
		return { id, rawId: id, type: "public-key", clientExtensionResults: {}, response };
	}
	#client(type: string, { challenge }: { challenge: string }, lies: Lies): string {
		const client = { type, challenge: lies.challenge ?? challenge, origin: lies.origin ?? this.#origin };
		return base64url(JSON.stringify({ ...client, crossOrigin: false }));
	}
	#data(flags: number, { domain = new URL(this.#origin).hostname, verified = true }: Lies): Buffer {
		const counter = Buffer.alloc(4);
		counter.writeUInt32BE(this.counter);
		return Buffer.concat([sha256(domain), Buffer.from([flags | 0x01 | (verified ? 0x04 : 0)]), counter]);
	}
}
