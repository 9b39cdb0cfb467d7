import type { Revocation } from "@mivisus/wire/token";
import { DRAIN_AFTER_MS, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, RENEW_BEFORE_MS, STOP_GRACE_MS, WELL_MS } from "./limits.ts";
import type { Log } from "./log.ts";
import { MISCONFIGURED, type Slot } from "./messages.ts";
import { PlaneProcess } from "./plane-process.ts";
import { Revocations } from "./revocations.ts";

/** What a supervisor needs of a plane's process. */
export type SupervisedPlane = Pick<
	PlaneProcess,
	"slot" | "startedAtMs" | "ready" | "ended" | "said" | "status" | "revoke" | "metrics" | "drain" | "stop"
>;
/** How a plane is started; for tests, another one. */
export type StartPlane = (slot: Slot, revocations: Revocation[]) => SupervisedPlane;

/**
 * Keeps one data plane serving. A crash is followed by a new process after a pause that grows; a new certificate or version
 * by a second process on the other ports, which is entered from then on, while the first is left and ends. What was taken
 * back is kept here, so that no new process lets anybody in again.
 */
export class Supervisor {
	/** Resolves when it gives up, or has stopped: the exit status for the whole. */
	readonly over: Promise<number>;
	#revocations = new Revocations();
	#log: Log;
	#now: () => number;
	#start: StartPlane;
	#current: SupervisedPlane | undefined;
	/** Started to follow the current one. */
	#next: SupervisedPlane | undefined;
	/** From the wish for a next one until it serves or cannot: its place may still be taken. */
	#swapping = false;
	/** Told to end, or about to be. */
	#leaving = new Set<SupervisedPlane>();
	#pauseMs = FIRST_PAUSE_MS;
	#timers = new Set<ReturnType<typeof setTimeout>>();
	#ending = false;
	#served = false;
	#resolveOver: (code: number) => void = () => {};

	constructor({ log, now, start }: { log: Log; now: () => number; start?: StartPlane }) {
		this.#log = log;
		this.#now = now;
		this.#start = start ?? ((slot, revocations) => new PlaneProcess(slot, revocations, now));
		this.over = new Promise((resolve) => {
			this.#resolveOver = resolve;
		});
		this.#enter(this.#launch(0));
	}
	/** The state of the plane that is to be entered; `undefined` while none serves. */
	health() {
		const plane = this.#current;
		const { said, status } = plane ?? {};
		if (!plane || !said || !status) return undefined;
		const { instance, port, tcpPort, transports, certificateNotAfterMs } = said;
		// Both while one is left: a page may have been told of either.
		const hashes = [plane, ...this.#leaving].flatMap((each) => each.said?.certificateHash ?? []);
		return {
			status: "ok",
			instance,
			slot: plane.slot,
			port,
			tcpPort,
			transports,
			startedAtMs: plane.startedAtMs,
			sessions: status.sessions,
			broadcasts: status.broadcasts,
			revocationSeq: this.#revocations.lastSeq,
			certificateHashes: hashes,
			certificateNotAfterMs,
		};
	}
	/** Whether somebody new may come in. */
	get ready(): boolean {
		return this.#current?.said !== undefined && this.#current.status?.ready === true;
	}
	/** What the plane that is to be entered counted, as Prometheus reads it; empty while there is none. */
	metrics(): Promise<string> {
		return this.#current?.said ? this.#current.metrics() : Promise.resolve("");
	}
	/** Applies a push everywhere; resolves with the highest number once every session that rests on it is over. */
	async revoke(revocations: Revocation[]): Promise<number> {
		this.#revocations.apply(revocations, this.#now());
		await Promise.all(this.#all().map((plane) => plane.revoke(revocations)));
		return this.#revocations.lastSeq;
	}
	/** Brings a new process in beside the one that serves, and lets that one go without a picture lost. */
	swap(why: string): void {
		const current = this.#current;
		// A new one is on its way: it has read, or will read, what this one would.
		if (!current?.said || this.#swapping || this.#ending) return;
		this.#swapping = true;
		const slot = current.slot === 0 ? 1 : 0;
		const before = [...this.#leaving].find((plane) => plane.slot === slot);
		this.#log.info({ why }, "a new process follows");
		const follow = async () => {
			await before?.ended;
			if (!this.#ending) await this.#follow(current, slot);
		};
		follow()
			.catch((error: Error) => this.#log.error({ error: error.message }, "the new process cannot serve"))
			.finally(() => {
				this.#swapping = false;
			});
	}
	async stop(): Promise<void> {
		this.#ending = true;
		for (const timer of this.#timers) clearTimeout(timer);
		await Promise.all(this.#all().map((plane) => plane.stop(STOP_GRACE_MS)));
		this.#resolveOver(0);
	}
	#all(): SupervisedPlane[] {
		return [this.#current, this.#next, ...this.#leaving].filter((plane) => plane !== undefined);
	}
	#later(ms: number, run: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			run();
		}, ms);
		this.#timers.add(timer);
	}
	#launch(slot: Slot): SupervisedPlane {
		return this.#start(slot, this.#revocations.all());
	}
	/** Sends everybody to `plane` from now on, and starts another one when it ends by itself. */
	#enter(plane: SupervisedPlane): void {
		this.#current = plane;
		this.#watch(plane);
		void plane.ended.then((code) => {
			if (plane !== this.#current || this.#ending) return;
			this.#current = undefined;
			// One that served before may again, once its certificate is renewed: only at the first start is it given up.
			if (code === MISCONFIGURED && !this.#served) this.#resolveOver(1);
			else this.#again(plane, code);
		});
	}
	/** The plane that served ended by itself. */
	#again(plane: SupervisedPlane, code: number | null): void {
		if (this.#now() - plane.startedAtMs >= WELL_MS) this.#pauseMs = FIRST_PAUSE_MS;
		this.#log.error({ code: code ?? "killed", pauseMs: this.#pauseMs }, "the relay's process ended");
		this.#later(this.#pauseMs, () => this.#enter(this.#launch(plane.slot)));
		this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
	}
	async #follow(current: SupervisedPlane, slot: Slot): Promise<void> {
		const plane = this.#launch(slot);
		this.#next = plane;
		try {
			await plane.ready;
		} finally {
			this.#next = undefined;
		}
		if (this.#ending) return;
		// Where the one that served crashed meanwhile, this is its successor: no third is to come after a pause, and one that
		// came already goes.
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
		const before = this.#current ?? current;
		this.#enter(plane);
		this.#leave(before);
	}
	/** Lets `plane` go once nobody is sent there any more. */
	#leave(plane: SupervisedPlane): void {
		this.#leaving.add(plane);
		void plane.ended.then(() => this.#leaving.delete(plane));
		this.#later(DRAIN_AFTER_MS, () => plane.drain());
	}
	/** A certificate of the plane's own making is renewed in time. */
	#watch(plane: SupervisedPlane): void {
		plane.ready.then(
			({ certificateHash, certificateNotAfterMs }) => {
				this.#served = true;
				if (certificateHash === undefined || plane !== this.#current) return;
				const ms = certificateNotAfterMs - RENEW_BEFORE_MS - this.#now();
				this.#later(Math.max(0, ms), () => plane === this.#current && this.swap("the certificate ends soon"));
			},
			() => {},
		);
	}
}
