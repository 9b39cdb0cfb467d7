import type { Clock } from "../clock.ts";

/** How many attempts at once, and how many come back each minute. */
export interface Rate {
	burst: number;
	perMinute: number;
}
/** Guesses at one account from networks that it does not know: under 100 in any hour reach the hash (A3). */
export const PER_ACCOUNT: Rate = { burst: 20, perMinute: 1 };
/** Attempts from one network, at whatever account. */
export const PER_NETWORK: Rate = { burst: 60, perMinute: 12 };
/** Further calls that anybody may make: signing up, announcing an agent. */
export const PER_NETWORK_OPEN: Rate = { burst: 60, perMinute: 30 };
/** Mails to whatever addresses that one network may cause: an office opens its accounts, nobody mails a list. */
export const PER_NETWORK_MAIL: Rate = { burst: 20, perMinute: 2 };
/** Mails that anybody may cause to one address: a few at once, then one in five minutes. */
export const PER_MAILBOX: Rate = { burst: 5, perMinute: 1 / 5 };
/** Failures of one network at one account after which each further one doubles the wait, and the longest wait, s. */
const FREE_FAILURES = 5;
const MAX_DELAY_S = 60;
/** A failure is forgotten after this, ms. */
const FAILURE_MS = 3_600_000;
/** Calls of one signed-in account, or of one agent: far above what pages and agents do, far below what slows others. */
export const PER_CALLER: Rate = { burst: 600, perMinute: 600 };
/** Copies of one account's data: some at once, then one in ten minutes; each reads all there is. */
export const PER_ACCOUNT_COPIES: Rate = { burst: 6, perMinute: 1 / 10 };
/** Rights of one account that leave a record each: any number that somebody needs, and no flood. */
export const PER_ACCOUNT_RIGHTS: Rate = { burst: 30, perMinute: 1 / 2 };
/** Keys remembered at once. */
const MAX_KEYS = 20_000;
/** Among so many that were untouched for longest, the fullest bucket goes. */
const CANDIDATES = 16;

/** Token buckets in memory only: no address is written anywhere (policy 02.10). */
export class Throttle {
	#rate: Rate;
	#clock: Clock;
	#buckets = new Map<string, { tokens: number; atMs: number }>();
	constructor(rate: Rate, clock: Clock) {
		this.#rate = rate;
		this.#clock = clock;
	}
	/** Takes one attempt for `key`: 0 when it may go on, else after how many seconds it may. */
	take(key: string): number {
		const now = this.#clock.now();
		const { perMinute } = this.#rate;
		const tokens = this.#tokens(this.#buckets.get(key), now);
		// Deleted first, so that the map stays in order of use.
		this.#buckets.delete(key);
		if (this.#buckets.size >= MAX_KEYS) this.#forgetOne(now);
		const passes = tokens >= 1;
		this.#buckets.set(key, { tokens: passes ? tokens - 1 : tokens, atMs: now });
		return passes ? 0 : Math.ceil(((1 - tokens) / perMinute) * 60);
	}
	get size(): number {
		return this.#buckets.size;
	}
	#tokens(bucket: { tokens: number; atMs: number } | undefined, now: number): number {
		const { burst, perMinute } = this.#rate;
		if (!bucket) return burst;
		return Math.min(burst, bucket.tokens + Math.max(0, ((now - bucket.atMs) / 60_000) * perMinute));
	}
	/** Not simply the oldest: many new keys would push out the one bucket that an attacker has emptied. */
	#forgetOne(now: number): void {
		let fullest: { key: string; tokens: number } | undefined;
		let seen = 0;
		for (const [key, bucket] of this.#buckets) {
			const tokens = this.#tokens(bucket, now);
			if (!fullest || tokens > fullest.tokens) fullest = { key, tokens };
			seen += 1;
			if (seen === CANDIDATES) break;
		}
		if (fullest) this.#buckets.delete(fullest.key);
	}
}

/** What one household or office shares: an IPv4 address, or the /64 of an IPv6 one. */
export function networkOf(address: string): string {
	const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "").split("%")[0] ?? "";
	if (!plain.includes(":")) return plain;
	const [head = "", tail] = plain.toLowerCase().split("::");
	const left = head === "" ? [] : head.split(":");
	const right = tail ? tail.split(":") : [];
	const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
	const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
	return groups
		.slice(0, 4)
		.map((group) => group.replace(/^0+(?=.)/, ""))
		.join(":");
}

/**
 * Slows down guessing without locking anybody out: an attacker uses up the account's common bucket, while the owner,
 * from a network where the account signed in before, has another one (A3, ASVS 6.1.1).
 */
export class SignInGuard {
	#networks: Throttle;
	#accounts: Throttle;
	#familiar: Throttle;
	/** Account and network of past successes, oldest first. */
	#known = new Set<string>();
	/** Attempts of a network at an account since its last success there, oldest first. */
	#failures = new Map<string, { count: number; atMs: number }>();
	#clock: Clock;
	constructor(clock: Clock) {
		this.#clock = clock;
		this.#networks = new Throttle(PER_NETWORK, clock);
		this.#accounts = new Throttle(PER_ACCOUNT, clock);
		this.#familiar = new Throttle(PER_ACCOUNT, clock);
	}
	/** Before the password is looked at, for known and unknown accounts alike: 0, or the seconds to wait. */
	attempt(accountKey: string, network: string): number {
		const wait = this.#networks.take(network);
		if (wait > 0) return wait;
		const pair = `${accountKey} ${network}`;
		const delay = this.#delay(pair);
		if (delay > 0) return delay;
		const taken = this.#known.has(pair) ? this.#familiar.take(pair) : this.#accounts.take(accountKey);
		// Counted as a failure until it turns out to be none, so that attempts at the same instant count as well.
		if (taken === 0) this.#count(pair);
		return taken;
	}
	/** Growing from one failure to the next, never for ever: 1 s, 2 s, 4 s … after the first few. */
	#delay(pair: string): number {
		const failure = this.#failures.get(pair);
		if (!failure || failure.count < FREE_FAILURES) return 0;
		const delayS = Math.min(MAX_DELAY_S, 2 ** (failure.count - FREE_FAILURES));
		return Math.max(0, Math.ceil((failure.atMs + delayS * 1000 - this.#clock.now()) / 1000));
	}
	#count(pair: string): void {
		const atMs = this.#clock.now();
		const before = this.#failures.get(pair);
		this.#failures.delete(pair);
		for (const [oldest, { atMs: then }] of this.#failures) {
			if (this.#failures.size < MAX_KEYS && then + FAILURE_MS > atMs) break;
			this.#failures.delete(oldest);
		}
		this.#failures.set(pair, { count: (before && before.atMs + FAILURE_MS > atMs ? before.count : 0) + 1, atMs });
	}
	succeeded(accountKey: string, network: string): void {
		const pair = `${accountKey} ${network}`;
		this.#failures.delete(pair);
		this.#known.delete(pair);
		for (const oldest of this.#known) {
			if (this.#known.size < MAX_KEYS) break;
			this.#known.delete(oldest);
		}
		this.#known.add(pair);
	}
}
