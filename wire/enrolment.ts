import { bytesText, fromBase64Url, toBase64Url } from "./ids.ts";
import type { CryptoKey } from "./keys.ts";

/**
 * Enrolment: how an owner's browser and an agent come to know each other's keys although the cloud between them may lie
 * (design: section 5). The link's fragment never leaves the browser.
 */
export interface EnrolmentLink {
	origin: string;
	/** One use, 16 bytes, base64url: the cloud knows it. */
	code: string;
	/** SHA-256 of the agent's public keys, base64url: the browser pins the agent by it. */
	fingerprint: string;
	/** 32 bytes, base64url: the cloud never learns it; it authenticates the browser's keys to the agent. */
	secret: string;
}

const Code = bytesText(16);
const Bytes32 = bytesText(32);
/** Ten minutes: how long a link can be used. */
export const ENROLMENT_MS = 10 * 60 * 1000;

export const formatEnrolmentLink = ({ origin, code, fingerprint, secret }: EnrolmentLink): string =>
	`${origin}/enrol#${code}.${fingerprint}.${secret}`;

/** The parts of a link's fragment (without `#`), or `undefined` for anything that is not one. */
export function parseEnrolmentFragment(fragment: string): Omit<EnrolmentLink, "origin"> | undefined {
	const [code, fingerprint, secret, ...rest] = fragment.split(".");
	if (rest.length > 0 || !Code.safeParse(code).success) return undefined;
	if (!Bytes32.safeParse(fingerprint).success || !Bytes32.safeParse(secret).success) return undefined;
	return { code: code!, fingerprint: fingerprint!, secret: secret! };
}

/** Code and secret of a new link. */
export function newEnrolmentSecrets(): { code: string; secret: string } {
	return {
		code: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
		secret: toBase64Url(crypto.getRandomValues(new Uint8Array(32))),
	};
}

/** Fingerprint of an agent: SHA-256 over its raw Ed25519 and X25519 public keys (both base64url). Throws RangeError. */
export async function agentFingerprint(signKey: string, sealKey: string): Promise<string> {
	const [sign, seal] = [fromBase64Url(signKey), fromBase64Url(sealKey)];
	if (sign.length !== 32 || seal.length !== 32) throw new RangeError("a public key is 32 bytes");
	const both = new Uint8Array(64);
	both.set(sign);
	both.set(seal, 32);
	return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", both)));
}

/** A fingerprint in groups of four, to be compared by eye. */
export const inGroups = (fingerprint: string): string => fingerprint.match(/.{1,4}/g)?.join(" ") ?? fingerprint;

/** What the browser claims, under the link's secret. */
export interface EnrolmentClaim {
	account: string;
	fingerprint: string;
	deviceSignKey: string;
	deviceSealKey: string;
}

async function macKey(secret: string, usage: "sign" | "verify"): Promise<CryptoKey> {
	return crypto.subtle.importKey("raw", fromBase64Url(secret), { name: "HMAC", hash: "SHA-256" }, false, [usage]);
}
const macBytes = ({ account, fingerprint, deviceSignKey, deviceSealKey }: EnrolmentClaim) =>
	new TextEncoder().encode(JSON.stringify(["mivisus-enrol-v1", account, fingerprint, deviceSignKey, deviceSealKey]));

/** The MAC as base64url. */
export async function makeEnrolmentMac(secret: string, claim: EnrolmentClaim): Promise<string> {
	return toBase64Url(new Uint8Array(await crypto.subtle.sign("HMAC", await macKey(secret, "sign"), macBytes(claim))));
}

/** In constant time; false for anything malformed. */
export async function verifyEnrolmentMac(secret: string, claim: EnrolmentClaim, mac: string): Promise<boolean> {
	try {
		return await crypto.subtle.verify("HMAC", await macKey(secret, "verify"), fromBase64Url(mac), macBytes(claim));
	} catch {
		return false;
	}
}
