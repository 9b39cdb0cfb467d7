import type { CameraState } from "@mivisus/wire/catalog";
import { Backoff, pause } from "../backoff.ts";
import { MAX_STREAM_REPORTS } from "../limits.ts";

/** What the service keeps of a stream (policy 02.4): when it changed state, and into which; nothing else. */
export interface StreamReport {
	camera: string;
	/** ms since 1970. */
	atMs: number;
	status: "live" | "idle" | "lost" | "refused";
}

/** `waiting` is on the way to another state and no news. */
const STATUS: Record<CameraState["code"] | "idle", StreamReport["status"] | undefined> = {
	live: "live",
	waiting: undefined,
	"camera-unreachable": "lost",
	"camera-refused": "refused",
	"stream-unsupported": "refused",
	off: "idle",
	idle: "idle",
};

/**
 * Tells the service when streams change state. A service that is away is told later, of the last changes only; one that
 * refuses is told nothing of those again: no picture ever waits for this.
 */
export class StreamReports {
	#send: (reports: StreamReport[], signal: AbortSignal) => Promise<unknown>;
	#isPassing: (error: unknown) => boolean;
	#now: () => number;
	#waiting: StreamReport[] = [];
	#last = new Map<string, StreamReport["status"]>();
	#wake: () => void = () => {};

	/** `isPassing`: whether a failed `send` may well succeed later. */
	constructor(options: {
		send(reports: StreamReport[], signal: AbortSignal): Promise<unknown>;
		isPassing(error: unknown): boolean;
		now(): number;
	}) {
		this.#send = options.send;
		this.#isPassing = options.isPassing;
		this.#now = options.now;
	}
	/** A camera's stream is in this state now. */
	changed(camera: string, state: CameraState["code"] | "idle"): void {
		const status = STATUS[state];
		// A camera is idle before anybody asked for it: that is no change.
		if (!status || status === (this.#last.get(camera) ?? "idle")) return;
		this.#last.set(camera, status);
		this.#waiting.push({ camera, atMs: this.#now(), status });
		if (this.#waiting.length > MAX_STREAM_REPORTS) this.#waiting.shift();
		this.#wake();
	}
	/** The camera is gone: nothing is told of it any more. */
	forget(camera: string): void {
		this.#last.delete(camera);
		this.#waiting = this.#waiting.filter((report) => report.camera !== camera);
	}
	/** Sends until `signal` aborts. */
	async run(signal: AbortSignal): Promise<void> {
		const backoff = new Backoff({ baseMs: 1000, capMs: 60_000, random: Math.random });
		const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
		while (!signal.aborted) {
			if (this.#waiting.length === 0) {
				const news = new Promise<void>((resolve) => {
					this.#wake = resolve;
				});
				await Promise.race([news, over]);
				continue;
			}
			const reports = this.#waiting.splice(0);
			try {
				await this.#send(reports, signal);
				backoff.reset();
			} catch (error) {
				if (!this.#isPassing(error)) continue;
				this.#waiting = [...reports, ...this.#waiting].slice(-MAX_STREAM_REPORTS);
				await pause(backoff.next(), signal);
			}
		}
	}
}
