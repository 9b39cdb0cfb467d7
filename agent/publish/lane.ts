import type { CameraState } from "@mivisus/wire/catalog";
import { encodeLegacy } from "@mivisus/wire/container";
import { IDLE_MS } from "../limits.ts";
import type { Feed } from "./feed.ts";
import { GopCache, type Unit } from "./gop.ts";
import { KeyInterval } from "./key-interval.ts";
import type { BroadcastClock, MediaSource, MediaTracks } from "./media.ts";

export interface LaneOptions {
	source: MediaSource;
	clock: BroadcastClock;
	/** The privacy switch as it stands. */
	off: boolean;
	/** Tracks or state changed. */
	changed(): void;
	/** A piece of sound; of a lane whose sound nobody hears, it goes nowhere. */
	audio(unit: Unit): void;
}

/**
 * One stream of a camera on its way into the broadcast: its session, its GOP kept at home, the subscriptions that it feeds.
 * It reads while it is wanted and {@link IDLE_MS} longer; nothing is sent to nobody.
 */
export class Lane {
	readonly feeds = new Set<Feed>();
	#options: LaneOptions;
	#gop: GopCache;
	#keys = new KeyInterval();
	#tracks: MediaTracks | undefined;
	#state: CameraState;
	#running = false;
	#wanted = false;
	#off: boolean;
	#ready = false;
	#cancelIdle: (() => void) | undefined;

	constructor(options: LaneOptions) {
		this.#options = options;
		const nowMs = options.clock.now();
		// Numbers that grow over restarts keep a relay that still knows the last run from taking new groups for old.
		this.#gop = new GopCache(nowMs);
		this.#off = options.off;
		this.#state = { code: this.#off ? "off" : "waiting", sinceMs: nowMs };
	}
	/** What the camera sends, once it was asked; still known when its session is over. */
	get tracks(): MediaTracks | undefined {
		return this.#tracks;
	}
	get state(): CameraState {
		return this.#state;
	}
	/** The state for who comes now; who watches already sees that pictures come (P06). */
	get shown(): CameraState {
		if (this.#state.code !== "live" || !this.#gop.overflowed) return this.#state;
		const every = `The camera sends a key frame about every ${this.#keys.seconds} s only`;
		return { ...this.#state, code: "waiting", detail: `${every}. Choose a shorter interval in its settings.` };
	}
	/** Whether media is read from the camera now. */
	get running(): boolean {
		return this.#running;
	}
	/** Says whether anybody needs this stream now. */
	want(wanted: boolean): void {
		if (wanted) this.#start();
		else if (this.#wanted) this.#endLater();
		this.#wanted = wanted;
	}
	/** Kept ready, the camera is read while nobody looks, too: its first picture comes at once. */
	setReady(ready: boolean): void {
		if (this.#ready === ready) return;
		this.#ready = ready;
		if (ready) this.#start();
		else if (!this.#wanted) this.#endLater();
	}
	/** Off, nothing is read, kept or sent; on again, what is wanted is read anew. */
	setOff(off: boolean): void {
		if (this.#off === off) return;
		this.#off = off;
		this.#state = { code: off ? "off" : "waiting", sinceMs: this.#options.clock.now() };
		if (off) {
			for (const feed of this.feeds) feed.cut();
			void this.#stop();
		} else if (this.#wanted || this.#ready) this.#start();
		this.#options.changed();
	}
	/** Feeds a subscription from the current group's beginning on. */
	attach(feed: Feed): void {
		this.feeds.add(feed);
		if (this.#gop.units.length === 0) return;
		feed.begin(
			this.#gop.sequence,
			this.#gop.units.map(({ timestampUs, data }) => encodeLegacy(timestampUs, data)),
		);
	}
	async close(): Promise<void> {
		this.#cancelIdle?.();
		for (const feed of this.feeds) feed.close();
		this.feeds.clear();
		await this.#stop();
	}
	#start(): void {
		this.#cancelIdle?.();
		this.#cancelIdle = undefined;
		if (this.#running || this.#off) return;
		this.#running = true;
		this.#options.source.start({
			tracks: (tracks) => {
				this.#tracks = tracks;
				this.#options.changed();
			},
			unit: (kind, unit) => {
				if (this.#off) return;
				if (kind === "video") this.#picture(unit);
				else this.#options.audio(unit);
			},
			state: (state) => {
				if (this.#off) return;
				// Pictures from before an outage are not live any more.
				if (state.code !== "live") this.#gop.clear();
				this.#state = state;
				this.#options.changed();
			},
		});
	}
	#endLater(): void {
		if (this.#ready) return;
		this.#cancelIdle?.();
		this.#cancelIdle = this.#options.clock.after(IDLE_MS, () => void this.#stop());
	}
	async #stop(): Promise<void> {
		if (!this.#running) return;
		this.#running = false;
		this.#gop.clear();
		if (!this.#off) this.#state = { code: "waiting", sinceMs: this.#options.clock.now() };
		this.#options.changed();
		await this.#options.source.stop();
	}
	#picture(unit: Unit): void {
		const { overflowed } = this.#gop;
		this.#keys.push(unit);
		if (!this.#gop.push(unit)) return;
		if (this.#gop.overflowed !== overflowed) this.#options.changed();
		const frame = encodeLegacy(unit.timestampUs, unit.data);
		for (const feed of this.feeds) {
			if (unit.key) feed.begin(this.#gop.sequence);
			feed.write(frame);
		}
	}
}
