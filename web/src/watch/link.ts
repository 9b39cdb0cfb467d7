import { RENEW_BEFORE_MS, RETRY_BASE_MS, RETRY_CAP_MS, SPARE_MS } from "./limits.ts";

/** What a link needs of a relay session. */
export interface LinkSession {
	/** Local wall clock, ms: when the relay will end it. */
	readonly untilMs: number;
	/** Whether its relay is about to end. */
	readonly leaving: boolean;
	/** Whether it is over. */
	readonly ended: boolean;
	/** Whether the relay's clock is missing although it was heard before. */
	silent(): boolean;
	close(): void;
}

/** A session could not be opened. `final`: trying again by itself is pointless. */
export class LinkRefused extends Error {
	override name = "LinkRefused";
	readonly final: boolean;
	constructor(message: string, final: boolean) {
		super(message);
		this.final = final;
	}
}

/**
 * Keeps one relay session, make-before-break: when the clock goes missing or the session's time runs out, a second one
 * is opened beside it, and the first is closed once the second carries. Driven by `tick`; has no timers of its own.
 */
export class Link<S extends LinkSession> {
	main: S | undefined;
	spare: S | undefined;
	everUp = false;
	failures = 0;
	/** Since when there is no session, local wall clock. */
	lostMs: number | undefined;
	/** Set when the service refuses for good; cleared by `retry`. */
	refusal: LinkRefused | undefined;
	#spareSinceMs = 0;
	/** A session that was opened for other rights than those wanted now. */
	#outdated: S | undefined;
	#opening: { abandoned: boolean } | undefined;
	#nextTryMs = 0;
	#open: () => Promise<S>;
	#changed: () => void;
	#now: () => number;
	#random: () => number;

	constructor(options: {
		open: () => Promise<S>;
		/** Main or spare is another one now. */
		changed: () => void;
		/** Local wall clock, ms. */
		now: () => number;
		random?: () => number;
	}) {
		this.#open = options.open;
		this.#changed = options.changed;
		this.#now = options.now;
		this.#random = options.random ?? Math.random;
	}
	tick(): void {
		const now = this.#now();
		if (this.spare?.ended) this.#set(this.main, undefined);
		if (this.main?.ended) this.#lose(now);
		const { main, spare } = this;
		const shaky =
			main !== undefined &&
			(main.silent() || main.leaving || main.untilMs - now < RENEW_BEFORE_MS || main === this.#outdated);
		if (main && spare && !shaky) {
			// The first one came back before the second was needed.
			this.#set(main, undefined);
			spare.close();
		} else if (spare && now - this.#spareSinceMs > SPARE_MS) this.carried(spare);
		if ((!main || (shaky && !spare)) && !this.#opening && !this.refusal && now >= this.#nextTryMs) void this.#try();
	}
	/** Media came through `session`: if it is the spare one, it takes over. */
	carried(session: S): void {
		if (session !== this.spare) return;
		const old = this.main;
		this.#set(session, undefined);
		old?.close();
	}
	/** Tries at once: the network is back, or the person asks. */
	retry(): void {
		this.refusal = undefined;
		this.#nextTryMs = 0;
		this.tick();
	}
	/** The rights asked for changed: what is open goes on until a new session carries. */
	renew(): void {
		if (this.#opening) this.#opening.abandoned = true;
		this.#opening = undefined;
		this.refusal = undefined;
		this.#outdated = this.main;
		const half = this.spare;
		if (half) this.#set(this.main, undefined);
		half?.close();
		this.retry();
	}
	close(): void {
		if (this.#opening) this.#opening.abandoned = true;
		this.main?.close();
		this.spare?.close();
		this.main = undefined;
		this.spare = undefined;
		this.refusal = new LinkRefused("closed", true);
	}
	async #try(): Promise<void> {
		const attempt = { abandoned: false };
		this.#opening = attempt;
		try {
			const session = await this.#open();
			if (attempt.abandoned) return session.close();
			this.#opening = undefined;
			this.failures = 0;
			this.everUp = true;
			this.lostMs = undefined;
			if (!this.main || this.main.ended) return this.#set(session, undefined);
			this.#spareSinceMs = this.#now();
			this.#set(this.main, session);
		} catch (error) {
			if (attempt.abandoned) return;
			this.#opening = undefined;
			this.failures += 1;
			const backoff = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (this.failures - 1));
			this.#nextTryMs = this.#now() + backoff * (0.5 + this.#random() / 2);
			if (error instanceof LinkRefused && error.final) this.refusal = error;
		}
	}
	#lose(now: number): void {
		const next = this.spare;
		if (!next) this.lostMs = now;
		this.#set(next, undefined);
	}
	#set(main: S | undefined, spare: S | undefined): void {
		this.main = main;
		this.spare = spare;
		this.#changed();
	}
}
