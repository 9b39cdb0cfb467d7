import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import {
	type AuthenticationResponseJSON,
	generateAuthenticationOptions,
	generateRegistrationOptions,
	type PublicKeyCredentialCreationOptionsJSON,
	type PublicKeyCredentialRequestOptionsJSON,
	type RegistrationResponseJSON,
	verifyAuthenticationResponse,
	verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { Account, Proof } from "../accounts/accounts.ts";
import { type Clock, day } from "../clock.ts";
import type { Posting } from "../mail/outbox.ts";
import { Problem } from "../problems.ts";

/** A passkey as its owner sees it. */
export interface Passkey {
	id: string;
	label: string;
	createdAt: number;
	lastUsedDay: string | null;
}
export interface StoredPasskey extends Passkey {
	accountId: string;
	/** The authenticator's name for it, base64url. */
	credentialId: string;
	/** COSE key, base64url. */
	publicKey: string;
	counter: number;
	transports: string[];
}
/** What the room asks of the store. */
export interface PasskeyStore {
	list(accountId: string): Promise<StoredPasskey[]>;
	find(credentialId: string): Promise<StoredPasskey | undefined>;
	/** False when the challenge was used before, or the credential is known. */
	add(passkey: StoredPasskey, challenge: UsedChallenge, posting: Posting): Promise<boolean>;
	/** Records the use; false when the challenge was used before, or the passkey is gone. */
	used(id: string, counter: number, day: string, challenge: UsedChallenge): Promise<boolean>;
	remove(accountId: string, id: string, posting: Posting): Promise<boolean>;
}
export interface UsedChallenge {
	hash: string;
	expiresAt: number;
}
/** An account has at most so many. */
export const MAX_PASSKEYS = 20;
const CHALLENGE_MS = 5 * 60_000;
/** What an answer is for; an answer to one question is none to another. */
type Purpose = "add" | "sign-in" | "prove";

/**
 * Passkeys (WebAuthn level 3), beside the password: discoverable, with the authenticator's own check of the person, so that
 * one proves as much as the other. Challenges carry their purpose, their account and their end under a MAC, so that asking
 * for one stores nothing; each is answered once.
 */
export class Passkeys {
	#store: PasskeyStore;
	#clock: Clock;
	#mac: { make(text: string): string; check(text: string, mark: string): boolean };
	#hash: (text: string) => string;
	#random: (bytes: number) => Uint8Array;
	#origins: string[];
	#domain: string;
	#posted: () => void;

	constructor(options: {
		store: PasskeyStore;
		clock: Clock;
		mac: { make(text: string): string; check(text: string, mark: string): boolean };
		hash: (text: string) => string;
		random: (bytes: number) => Uint8Array;
		/** The service's origin, and what else people type for it on this machine. */
		origins: readonly string[];
		/** The domain that passkeys belong to. */
		domain: string;
		/** There is a mail to send. */
		posted: () => void;
	}) {
		this.#store = options.store;
		this.#clock = options.clock;
		this.#mac = options.mac;
		this.#hash = options.hash;
		this.#random = options.random;
		this.#origins = [...options.origins];
		this.#domain = options.domain;
		this.#posted = options.posted;
	}
	/** What the browser needs to make one. */
	async askToAdd(account: Account): Promise<PublicKeyCredentialCreationOptionsJSON> {
		const known = await this.#store.list(account.id);
		if (known.length >= MAX_PASSKEYS)
			throw new Problem("too-many", `An account has at most ${MAX_PASSKEYS} passkeys. Remove one first.`);
		return generateRegistrationOptions({
			rpName: "Mivisus",
			rpID: this.#domain,
			userName: account.email,
			userDisplayName: account.fullName,
			// Not the address: the authenticator keeps it, and an address may change.
			userID: new Uint8Array(fromBase64Url(account.id)),
			challenge: new Uint8Array(fromBase64Url(this.#challenge("add", account.id))),
			excludeCredentials: known.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
			authenticatorSelection: { residentKey: "required", userVerification: "required" },
			attestationType: "none",
		});
	}
	/** Keeps the passkey that the browser made. */
	async add(account: Account, label: string, response: unknown, posting: Posting): Promise<Passkey> {
		const challenge = this.#opened(response, "add", account.id);
		const verified = await verifyRegistrationResponse({
			response: response as RegistrationResponseJSON,
			expectedChallenge: challenge.text,
			expectedOrigin: this.#origins,
			expectedRPID: this.#domain,
			requireUserVerification: true,
		}).catch(() => undefined);
		if (!verified?.verified) throw new Problem("passkey-refused");
		const { credential } = verified.registrationInfo;
		const passkey: StoredPasskey = {
			id: newId(),
			accountId: account.id,
			label,
			createdAt: this.#clock.now(),
			lastUsedDay: null,
			credentialId: credential.id,
			publicKey: toBase64Url(credential.publicKey),
			counter: credential.counter,
			transports: [...(credential.transports ?? [])],
		};
		if (!(await this.#store.add(passkey, challenge.used, posting))) throw new Problem("passkey-refused");
		this.#posted();
		return passkey;
	}
	/** What the browser needs to sign anybody in who has one. Names nobody's passkeys. */
	askToSignIn(): Promise<PublicKeyCredentialRequestOptionsJSON> {
		return this.#ask(this.#challenge("sign-in", ""), []);
	}
	/** The account whose passkey answered. */
	async signIn(response: unknown): Promise<{ accountId: string; proof: Proof }> {
		const { id, accountId } = await this.#answered(response, "sign-in", "");
		return { accountId, proof: { passkeyId: id } };
	}
	/** What the browser needs for the signed-in person to prove themselves anew. */
	async askToProve(account: Account): Promise<PublicKeyCredentialRequestOptionsJSON> {
		return this.#ask(this.#challenge("prove", account.id), await this.#store.list(account.id));
	}
	/** Rejects unless a passkey of `account` answered. */
	async prove(account: Account, response: unknown): Promise<void> {
		if ((await this.#answered(response, "prove", account.id)).accountId !== account.id)
			throw new Problem("passkey-refused");
	}
	async list(accountId: string): Promise<Passkey[]> {
		return this.#store.list(accountId);
	}
	async remove(account: Account, id: string, posting: Posting): Promise<void> {
		if (!(await this.#store.remove(account.id, id, posting))) throw new Problem("not-found");
		this.#posted();
	}

	#ask(challenge: string, allowed: readonly StoredPasskey[]): Promise<PublicKeyCredentialRequestOptionsJSON> {
		return generateAuthenticationOptions({
			rpID: this.#domain,
			challenge: new Uint8Array(fromBase64Url(challenge)),
			userVerification: "required",
			allowCredentials: allowed.map(({ credentialId, transports }) => ({ id: credentialId, transports })),
		});
	}
	async #answered(response: unknown, purpose: Purpose, accountId: string): Promise<{ id: string; accountId: string }> {
		const challenge = this.#opened(response, purpose, accountId);
		const answer = response as AuthenticationResponseJSON;
		const passkey = await this.#store.find(answer.id);
		if (!passkey) throw new Problem("passkey-refused");
		const verified = await verifyAuthenticationResponse({
			response: answer,
			expectedChallenge: challenge.text,
			expectedOrigin: this.#origins,
			expectedRPID: this.#domain,
			credential: {
				id: passkey.credentialId,
				publicKey: new Uint8Array(fromBase64Url(passkey.publicKey)),
				counter: passkey.counter,
			},
			requireUserVerification: true,
		}).catch(() => undefined);
		if (!verified?.verified) throw new Problem("passkey-refused");
		const { newCounter } = verified.authenticationInfo;
		if (!(await this.#store.used(passkey.id, newCounter, day(this.#clock.now()), challenge.used)))
			throw new Problem("passkey-refused");
		return { id: passkey.id, accountId: passkey.accountId };
	}
	/** 8 bytes of end, 16 of chance, 32 of MAC, base64url. */
	#challenge(purpose: Purpose, accountId: string): string {
		const bytes = new Uint8Array(56);
		new DataView(bytes.buffer).setBigUint64(0, BigInt(this.#clock.now() + CHALLENGE_MS));
		bytes.set(this.#random(16), 8);
		bytes.set(fromBase64Url(this.#mac.make(this.#marked(bytes, purpose, accountId))), 24);
		return toBase64Url(bytes);
	}
	#marked(bytes: Uint8Array, purpose: Purpose, accountId: string): string {
		return `challenge.${purpose}.${accountId}.${toBase64Url(bytes.slice(0, 24))}`;
	}
	/** The challenge inside an answer, if we made it for this and it still runs. */
	#opened(response: unknown, purpose: Purpose, accountId: string): { text: string; used: UsedChallenge } {
		const text = challengeOf(response);
		const bytes = text && /^[\w-]{75}$/.test(text) ? fromBase64Url(text) : undefined;
		if (!text || bytes?.length !== 56) throw new Problem("passkey-refused");
		const expiresAt = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
		const holds = this.#mac.check(this.#marked(bytes, purpose, accountId), toBase64Url(bytes.slice(24)));
		if (!holds || expiresAt <= this.#clock.now()) throw new Problem("passkey-refused");
		return { text, used: { hash: this.#hash(text), expiresAt } };
	}
}

/** `challenge` of the client data in an answer; what the signature covers is checked by the library afterwards. */
function challengeOf(response: unknown): string | undefined {
	try {
		const data = (response as { response: { clientDataJSON: string } }).response.clientDataJSON;
		const { challenge } = JSON.parse(new TextDecoder().decode(fromBase64Url(data))) as { challenge?: unknown };
		return typeof challenge === "string" ? challenge : undefined;
	} catch {
		return undefined;
	}
}
