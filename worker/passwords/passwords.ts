import { fromBase64Url, toBase64Url } from "@mivisus/wire/ids";
import { normalizePassword } from "@mivisus/wire/password";

/** Derives `bytes` key bytes; scrypt on every runtime, because it is native on all three (trust: section 1.2). */
export type Kdf = (password: string, salt: Uint8Array, cost: ScryptCost, bytes: number) => Promise<Uint8Array>;
export interface ScryptCost {
	/** log2 of N. */
	ln: number;
	r: number;
	p: number;
}
/** OWASP's 32 MiB setting: N = 2^15, r = 8, p = 3. */
export const COST: ScryptCost = { ln: 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Derivations at once, and waiting: each takes 32 MiB and a third of a second. */
const MAX_RUNNING = 2;
const MAX_WAITING = 20;

/** More people are signing in than this machine can check: answer 503 and say when to come again. */
export class PasswordsBusy extends Error {
	override name = "PasswordsBusy";
}

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

const phc = ({ ln, r, p }: ScryptCost, salt: Uint8Array, key: Uint8Array) =>
	`$scrypt$ln=${ln},r=${r},p=${p}$${toBase64Url(salt)}$${toBase64Url(key)}`;

/** Hashes and verifies, few at a time. */
export class Passwords {
	#kdf: Kdf;
	#random: (bytes: number) => Uint8Array;
	#cost: ScryptCost;
	#running = 0;
	#waiting: (() => void)[] = [];
	/** What no password gives. Made without the hash: that one may be busy, and its refusal must not outlive the moment. */
	#dummy: string;

	constructor(kdf: Kdf, random: (bytes: number) => Uint8Array, cost: ScryptCost = COST) {
		this.#kdf = kdf;
		this.#random = random;
		this.#cost = cost;
		this.#dummy = phc(cost, random(SALT_BYTES), random(KEY_BYTES));
	}
	/** A PHC string with its parameters. Rejects with PasswordsBusy. */
	async hash(password: string): Promise<string> {
		const salt = this.#random(SALT_BYTES);
		return phc(this.#cost, salt, await this.#derive(password, salt, this.#cost));
	}
	/**
	 * Whether `password` is the one behind `hash`. Without a hash (no such account) the same work is done and the answer is
	 * false, so that time does not tell who has an account. `outdated` asks for a new hash with today's parameters.
	 */
	async verify(password: string, hash: string | undefined): Promise<{ valid: boolean; outdated: boolean }> {
		const match = PHC.exec(hash ?? this.#dummy);
		if (!match) throw new Error("a stored password hash is damaged");
		const [, ln, r, p, salt = "", expected = ""] = match;
		const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
		const key = await this.#derive(password, fromBase64Url(salt), cost);
		const valid = equal(key, fromBase64Url(expected));
		const outdated = cost.ln !== this.#cost.ln || cost.r !== this.#cost.r || cost.p !== this.#cost.p;
		return { valid, outdated };
	}
	async #derive(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
		if (this.#running < MAX_RUNNING) this.#running += 1;
		else {
			if (this.#waiting.length >= MAX_WAITING) throw new PasswordsBusy();
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
		try {
			return await this.#kdf(normalizePassword(password), salt, cost, KEY_BYTES);
		} finally {
			// The place is handed over, not given back: who comes in between would make one too many.
			const next = this.#waiting.shift();
			if (next) next();
			else this.#running -= 1;
		}
	}
}

/** In constant time for equal lengths. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	let difference = 0;
	for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
	return difference === 0;
}
