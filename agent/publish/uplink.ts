import type { Session } from "@mivisus/transport/port";
import { Backoff, pause } from "../backoff.ts";
import type { RelayAccess } from "../worker-client.ts";
import { type Published, RelayLink } from "./link.ts";

/** A session is renewed this long before its limit, ms. */
const RENEW_BEFORE_MS = 60_000;

/** A relay that is about to end still serves those who watch there; what it does not end by itself is left after this, ms. */
const LEAVE_AFTER_MS = 15_000;

/** A timer set for longer fires at once. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

export interface UplinkOptions {
	/** Asks the service for a token; called for each session. */
	access(signal: AbortSignal): Promise<RelayAccess>;
	connect(access: RelayAccess, signal: AbortSignal): Promise<Session>;
	published: Published;
	/** Says in one word what the uplink does, for log and local page. */
	onState(state: "connecting" | "connected" | "waiting", error?: Error): void;
	random?: () => number;
}

/**
 * Keeps one session to the relay, for ever: reconnects with back-off, renews before the token's limit, and replaces a
 * silent session by a new one beside it, so that viewers lose as little as possible (make before break).
 */
export class Uplink {
	#options: UplinkOptions;
	#renew: () => void = () => {};
	constructor(options: UplinkOptions) {
		this.#options = options;
	}
	/** Takes a new token and session now: the list of cameras changed. */
	renew(): void {
		this.#renew();
	}
	/** Runs until `signal` aborts. */
	async run(signal: AbortSignal): Promise<void> {
		const { onState, random = Math.random } = this.#options;
		const backoff = new Backoff({ baseMs: 250, capMs: 6_000, random });
		let current: RelayLink | undefined;
		/** Those that go on beside the current one until their relay ends them. */
		const left = new Set<RelayLink>();
		let isLeaving = false;
		while (!signal.aborted) {
			// Asked for from now on: a change that comes while connecting is not lost.
			const renewal = new Promise<"renew">((resolve) => {
				this.#renew = () => resolve("renew");
			});
			onState("connecting");
			let untilMs: number;
			try {
				const access = await this.#options.access(signal);
				untilMs = access.untilMs;
				const session = await this.#options.connect(access, signal);
				const link = await RelayLink.open(session, access.token, this.#options.published);
				if (current && isLeaving) this.#leave(current, left, signal);
				else current?.close();
				current = link;
				isLeaving = false;
			} catch (error) {
				if (signal.aborted) break;
				onState("waiting", error as Error);
				await Promise.race([pause(backoff.next(), signal), renewal]);
				continue;
			}
			backoff.reset();
			onState("connected");
			const link = current;
			const stop = new AbortController();
			const over = new Promise<void>((resolve) =>
				signal.addEventListener("abort", () => resolve(), { once: true, signal: stop.signal }),
			);
			const why = await Promise.race([
				link.ended,
				link.leaving,
				renewal,
				over,
				pause(Math.min(LONGEST_PAUSE_MS, Math.max(1000, untilMs - Date.now() - RENEW_BEFORE_MS)), stop.signal),
			]);
			stop.abort();
			isLeaving = why === "leaving";
		}
		current?.close();
		for (const link of left) link.close();
	}
	/** Lets who watches at a relay that is about to end go on there until it does. */
	#leave(link: RelayLink, left: Set<RelayLink>, signal: AbortSignal): void {
		left.add(link);
		void Promise.race([link.ended, pause(LEAVE_AFTER_MS, signal)]).then(() => {
			left.delete(link);
			link.close();
		});
	}
}
