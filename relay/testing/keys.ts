import { newId } from "@mivisus/wire/ids";
import {
	importSigningKey,
	importVerificationKeys,
	type RelayClaims,
	type SigningKey,
	signControlToken,
	signRelayToken,
} from "@mivisus/wire/token";
import { exportJWK, generateKeyPair } from "jose";

/** What a worker has: keys that sign, and tokens made with them. For tests. */
export class TestWorker {
	readonly audience: string;
	readonly signing: SigningKey;
	/** What a verifier is given, as it stands in a file. */
	readonly jwks: object;

	private constructor(audience: string, signing: SigningKey, jwks: object) {
		this.audience = audience;
		this.signing = signing;
		this.jwks = jwks;
	}
	static async create(audience = "relay-1"): Promise<TestWorker> {
		const pair = await generateKeyPair("EdDSA", { extractable: true });
		const signing = await importSigningKey({ ...(await exportJWK(pair.privateKey)), kid: "test" });
		return new TestWorker(audience, signing, { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "test" }] });
	}
	keys() {
		return importVerificationKeys(this.jwks);
	}
	/** Claims of an account's peer that may do nothing yet. */
	claims(change: Partial<RelayClaims> & { root: string }, nowMs = Date.now()): RelayClaims {
		const iat = Math.floor(nowMs / 1000);
		return {
			put: [],
			get: [],
			iat,
			exp: iat + 60,
			aud: this.audience,
			jti: newId(),
			mivisus: { until: iat + 600, ref: [`account:${change.root}`] },
			...change,
		};
	}
	token(change: Partial<RelayClaims> & { root: string }, nowMs = Date.now()): Promise<string> {
		return signRelayToken(this.claims(change, nowMs), this.signing);
	}
	controlToken(nowMs = Date.now()): Promise<string> {
		return signControlToken({ audience: this.audience, jti: newId(), nowMs }, this.signing);
	}
}
