import { newId } from "@mivisus/wire/ids";
import { type Revocation, type SigningKey, signControlToken } from "@mivisus/wire/token";
import { z } from "zod";
import type { After, Clock } from "../clock.ts";

export interface RevocationStore {
	/** In order, from `seq` on, exclusive. */
	after(seq: number, limit: number): Promise<Revocation[]>;
	/** Forgets those older than `iat` (s). */
	prune(iat: number): Promise<void>;
}
/** Longer than any session that could rest on a token. */
const KEPT_SECONDS = 2 * 3600;
const BATCH = 500;
const RETRY_MS = [200, 500, 1000, 2000];
const Answer = z.object({ seq: z.number().int().nonnegative() });

/**
 * Tells the relay which rights were taken back. The relay answers with the last number it holds; a relay that restarted
 * holds none and is sent what still matters. Pushed at each change, tried again until it is taken.
 */
export class RevocationPusher {
	#store: RevocationStore;
	#clock: Clock;
	#key: SigningKey;
	#relay: { url: string; instance: string };
	#fetch: typeof fetch;
	#after: After;
	/** The last number that this process knows to have sent; a new process sends everything that still matters again. */
	#sent = 0;
	#running = false;
	#again = false;
	#cancel: (() => void) | undefined;
	#failures = 0;

	constructor(options: {
		store: RevocationStore;
		clock: Clock;
		key: SigningKey;
		relay: { url: string; instance: string };
		fetch: typeof fetch;
		after: After;
	}) {
		this.#store = options.store;
		this.#clock = options.clock;
		this.#key = options.key;
		this.#relay = options.relay;
		this.#fetch = options.fetch;
		this.#after = options.after;
	}
	/** Something was revoked, or the relay may have restarted: push soon. Never throws. */
	poke(): void {
		this.#cancel?.();
		this.#cancel = undefined;
		if (this.#running) this.#again = true;
		else void this.#run();
	}
	close(): void {
		this.#cancel?.();
	}
	async #run(): Promise<void> {
		this.#running = true;
		try {
			do {
				this.#again = false;
				await this.push();
			} while (this.#again);
			this.#failures = 0;
		} catch {
			const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 2000;
			this.#failures += 1;
			this.#cancel = this.#after(wait, () => this.poke());
		} finally {
			this.#running = false;
		}
	}
	/** Pushes once; rejects when the relay does not take it. Several at the same time do no harm. */
	async push(): Promise<void> {
		await this.#store.prune(Math.floor(this.#clock.now() / 1000) - KEPT_SECONDS);
		// An empty push first: the relay says what it holds. It may have restarted (less than we sent), and our database may
		// have been restored (more than we have); the smaller of the two is the safe place to go on from.
		const held = await this.#send([]);
		let from = Math.min(held, this.#sent);
		for (;;) {
			const revocations = await this.#store.after(from, BATCH);
			const last = revocations.at(-1);
			if (!last) return;
			await this.#send(revocations);
			from = last.seq;
			this.#sent = last.seq;
			if (revocations.length < BATCH) return;
		}
	}
	async #send(revocations: Revocation[]): Promise<number> {
		const token = await signControlToken(
			{ audience: this.#relay.instance, jti: newId(), nowMs: this.#clock.now() },
			this.#key,
		);
		const response = await this.#fetch(`${this.#relay.url}/revocations`, {
			method: "POST",
			headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
			body: JSON.stringify({ revocations }),
			// Not followed: an answer that leads elsewhere is not `ok`. (Workers know no "error" here.)
			redirect: "manual",
			signal: AbortSignal.timeout(3000),
		});
		if (!response.ok) throw new Error(`the relay answered ${response.status}`);
		return Answer.parse(await response.json()).seq;
	}
}
