import type { BroadcastClock } from "../publish/broadcast.ts";
import type { Habits, KeepaliveMethod } from "./habits.ts";

/** Said by RFC 2326, section 12.37, for a camera that says nothing, s. */
export const DEFAULT_SESSION_TIMEOUT_S = 60;
const MAX_KEEPALIVE_MS = 25_000;
const MIN_KEEPALIVE_MS = 1000;
/** A session that lived so many of its timeouts was kept alive. */
const LONG_TIMEOUTS = 4;

/** What became of one: `refused` also when nothing was answered; `gone`: the session ended meanwhile. */
export type KeepaliveOutcome = "kept" | "refused" | "gone";

const other = (method: KeepaliveMethod): KeepaliveMethod => (method === "OPTIONS" ? "GET_PARAMETER" : "OPTIONS");

/**
 * Keeps a session alive by what the camera accepts. Public lists are wrong in both directions: GET_PARAMETER counts
 * though it is not listed (html5_rtsp_player#73), OPTIONS is answered and does not count (the same), GET_PARAMETER is
 * listed and never answered (ZLMediaKit#642). So a refused or unanswered one is followed by the other at once, and when
 * the camera ends a session after about its timeout, the next session uses the other. No answer is no fault: packets tell
 * whether the camera is there.
 */
export class Keepalive {
	#clock: BroadcastClock;
	#habits: Habits;
	#method: KeepaliveMethod;
	#timeoutMs: number;
	#send: (method: KeepaliveMethod) => Promise<KeepaliveOutcome>;
	#refused = new Set<KeepaliveMethod>();
	#cancel = () => {};
	#sinceMs: number;

	/** `listed`: the camera's `Public` header. `send` never rejects. */
	constructor(options: {
		clock: BroadcastClock;
		habits: Habits;
		listed: string | undefined;
		timeoutS: number;
		send(method: KeepaliveMethod): Promise<KeepaliveOutcome>;
	}) {
		const { clock, habits, listed, timeoutS, send } = options;
		this.#clock = clock;
		this.#habits = habits;
		this.#timeoutMs = timeoutS * 1000;
		this.#send = send;
		const unlisted = listed !== undefined && !/\bGET_PARAMETER\b/i.test(listed);
		this.#method = habits.keepalive ?? (unlisted ? "OPTIONS" : "GET_PARAMETER");
		this.#sinceMs = clock.now();
		this.#schedule();
	}
	/** The session is over. `byCamera`: the camera ended it though packets came. */
	stop(byCamera: boolean): void {
		this.#cancel();
		this.#cancel = () => {};
		const livedMs = this.#clock.now() - this.#sinceMs;
		if (byCamera && livedMs > this.#timeoutMs / 2 && livedMs < this.#timeoutMs * LONG_TIMEOUTS) {
			this.#habits.keepalive = other(this.#method);
		}
	}
	#schedule(): void {
		const everyMs = Math.min(MAX_KEEPALIVE_MS, Math.max(MIN_KEEPALIVE_MS, this.#timeoutMs / 2));
		this.#cancel = this.#clock.after(everyMs, () => {
			this.#ask();
			this.#schedule();
		});
	}
	#ask(): void {
		const method = this.#method;
		void this.#send(method).then((outcome) => {
			if (outcome !== "refused" || this.#method !== method) return;
			this.#refused.add(method);
			this.#method = other(method);
			this.#habits.keepalive = this.#method;
			// Half of the timeout is gone: the next turn may come too late.
			if (!this.#refused.has(this.#method)) this.#ask();
		});
	}
}
