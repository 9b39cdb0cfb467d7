import {
	type AudioRendition,
	type CameraState,
	type Catalog,
	encodeCatalog,
	Track,
	type VideoRendition,
} from "@mivisus/wire/catalog";
import { encodeLegacy } from "@mivisus/wire/container";
import { AUDIO_GROUP_US, IDLE_MS } from "../limits.ts";
import { Feed, type GroupSink } from "./feed.ts";
import { GopCache, type Unit } from "./gop.ts";

/** What a camera turned out to send, in the words of WebCodecs' decoder configurations. Descriptions are raw bytes. */
export interface MediaTracks {
	video: { codec: string; description?: Uint8Array | undefined; width: number; height: number };
	audio?:
		| { codec: string; description?: Uint8Array | undefined; sampleRate: number; numberOfChannels: number }
		| undefined;
}
/** What a source tells its broadcast. */
export interface MediaListener {
	tracks(tracks: MediaTracks): void;
	unit(kind: "video" | "audio", unit: Unit): void;
	state(state: CameraState): void;
}
/** A camera that can be asked for media; it reconnects by itself until stopped. Stopping ends its session cleanly. */
export interface MediaSource {
	start(listener: MediaListener): void;
	stop(): Promise<void>;
}
/** One subscription of the relay, as the MoQ peer hands it over. */
export interface Subscription {
	readonly track: string;
	openGroup(sequence: number): Promise<GroupSink>;
	/** Resolves when the subscriber left, we ended it, or the session is over. */
	readonly closed: Promise<unknown>;
	/** The track is over. */
	end(): Promise<void>;
}
/** Time, handed in so that tests own it. */
export interface BroadcastClock {
	/** ms since 1970. */
	now(): number;
	/** Calls back once after `ms`; returns how to cancel. */
	after(ms: number, callback: () => void): () => void;
}

type TrackKind = "catalog" | "video" | "audio";

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * One camera as a broadcast: catalog, video, audio. Media flows only while somebody subscribes to it; without any
 * subscription the camera's own session ends after {@link IDLE_MS}, and the GOP that was kept at home goes with it.
 */
export class CameraBroadcast {
	#source: MediaSource;
	#clock: BroadcastClock;
	#sent: (bytes: number, kind: "video" | "audio") => void;
	#feeds: Record<TrackKind, Set<Feed>> = { catalog: new Set(), video: new Set(), audio: new Set() };
	/** Who subscribed to the sound. */
	#listeners = new Set<Subscription>();
	#gop: GopCache;
	#tracks: MediaTracks | undefined;
	#state: CameraState;
	#sound: boolean;
	#offsetMs: number | undefined;
	#catalogSequence: number;
	#audioSequence: number;
	#audioGroupStartUs: number | undefined;
	#running = false;
	#off: boolean;
	#cancelIdle: (() => void) | undefined;

	/** `sent` hears of media bytes (not the catalog) that the uplink took. `off`: the privacy switch as it stands. */
	constructor(options: {
		source: MediaSource;
		sound: boolean;
		off?: boolean;
		clock: BroadcastClock;
		sent: (bytes: number, kind: "video" | "audio") => void;
	}) {
		this.#source = options.source;
		this.#clock = options.clock;
		this.#sent = options.sent;
		this.#sound = options.sound;
		// Numbers that grow over restarts keep a relay that still knows the last run from taking new groups for old.
		const first = options.clock.now();
		this.#gop = new GopCache(first);
		this.#catalogSequence = first;
		this.#audioSequence = first;
		this.#off = options.off ?? false;
		this.#state = { code: this.#off ? "off" : "waiting", sinceMs: first };
	}
	/**
	 * The privacy switch, cutting at the source: off, the camera's session is closed, and nothing of it is kept or sent to
	 * anybody until it is on again. Who watches stays, is told so, and sees it again then.
	 */
	setOff(off: boolean): void {
		if (this.#off === off) return;
		this.#off = off;
		if (off) {
			for (const feed of [...this.#feeds.video, ...this.#feeds.audio]) feed.cut();
			void this.#stop();
		}
		this.#state = { code: off ? "off" : "waiting", sinceMs: this.#clock.now() };
		this.#announceCatalog();
		if (!off && this.#watched) this.#start();
	}
	/** What the camera does, as viewers are told. */
	get state(): CameraState {
		return this.#state;
	}
	/** What it last turned out to send. */
	get tracks(): MediaTracks | undefined {
		return this.#tracks;
	}
	/**
	 * Switches sound; off ends it at once for everyone, because it is the owner's word. The subscriptions end too: who kept
	 * one would hear again, unasked, when sound is switched on the next time.
	 */
	setSound(on: boolean): void {
		if (this.#sound === on) return;
		this.#sound = on;
		if (!on) for (const listener of this.#listeners) void listener.end();
		this.#audioGroupStartUs = undefined;
		this.#announceCatalog();
	}
	/** Agent clock minus relay clock, for the picture's honest age. */
	setClockOffset(offsetMs: number): void {
		// A catalog for each jitter of a millisecond would be noise; a tenth of a second is what a person can see.
		if (this.#offsetMs !== undefined && Math.abs(this.#offsetMs - offsetMs) < 100) return;
		this.#offsetMs = offsetMs;
		this.#announceCatalog();
	}
	/** Whether media is read from the camera now. */
	get running(): boolean {
		return this.#running;
	}
	/** Serves a subscription until it ends. Returns false, and touches nothing, for a track that does not exist. */
	serve(subscription: Subscription): boolean {
		const { track } = subscription;
		if (track === Track.catalog) this.#attach("catalog", subscription, () => {});
		else if (track === Track.video) this.#attach("video", subscription, (bytes) => this.#sent(bytes, "video"));
		else if (track === Track.audio && this.#sound)
			this.#attach("audio", subscription, (bytes) => this.#sent(bytes, "audio"));
		else return false;
		return true;
	}
	/** Ends everything: the camera was removed or the agent stops. */
	async close(): Promise<void> {
		this.#cancelIdle?.();
		for (const feeds of Object.values(this.#feeds)) {
			for (const feed of feeds) feed.close();
			feeds.clear();
		}
		await this.#stop();
	}
	#attach(kind: TrackKind, subscription: Subscription, sent: (bytes: number) => void): void {
		const feed = new Feed((sequence) => subscription.openGroup(sequence), sent);
		const feeds = this.#feeds[kind];
		feeds.add(feed);
		if (kind === "audio") this.#listeners.add(subscription);
		this.#start();
		if (kind === "catalog") this.#writeCatalog(feed);
		if (kind === "video" && this.#gop.units.length > 0) {
			feed.begin(this.#gop.sequence);
			for (const unit of this.#gop.units) feed.write(encodeLegacy(unit.timestampUs, unit.data));
		}
		void subscription.closed.then(() => {
			feed.close();
			feeds.delete(feed);
			this.#listeners.delete(subscription);
			this.#idleIfAlone();
		});
	}
	get #watched(): boolean {
		return Object.values(this.#feeds).some((feeds) => feeds.size > 0);
	}
	#idleIfAlone(): void {
		if (this.#watched) return;
		this.#cancelIdle?.();
		this.#cancelIdle = this.#clock.after(IDLE_MS, () => void this.#stop());
	}
	#start(): void {
		this.#cancelIdle?.();
		this.#cancelIdle = undefined;
		if (this.#running || this.#off) return;
		this.#running = true;
		this.#source.start({
			tracks: (tracks) => {
				this.#tracks = tracks;
				this.#announceCatalog();
			},
			unit: (kind, unit) => {
				if (this.#off) return;
				if (kind === "video") this.#video(unit);
				else this.#audio(unit);
			},
			state: (state) => {
				if (this.#off) return;
				// Pictures from before an outage are not live any more.
				if (state.code !== "live") this.#gop.clear();
				this.#state = state;
				this.#announceCatalog();
			},
		});
	}
	async #stop(): Promise<void> {
		if (!this.#running) return;
		this.#running = false;
		this.#gop.clear();
		if (!this.#off) this.#state = { code: "waiting", sinceMs: this.#clock.now() };
		await this.#source.stop();
	}
	#video(unit: Unit): void {
		if (!this.#gop.push(unit)) return;
		const frame = encodeLegacy(unit.timestampUs, unit.data);
		for (const feed of this.#feeds.video) {
			if (unit.key) feed.begin(this.#gop.sequence);
			feed.write(frame);
		}
	}
	#audio(unit: Unit): void {
		if (!this.#sound || this.#feeds.audio.size === 0) return;
		const start = this.#audioGroupStartUs;
		if (start === undefined || unit.timestampUs - start >= AUDIO_GROUP_US) {
			this.#audioGroupStartUs = unit.timestampUs;
			this.#audioSequence += 1;
			for (const feed of this.#feeds.audio) feed.begin(this.#audioSequence);
		}
		const frame = encodeLegacy(unit.timestampUs, unit.data);
		for (const feed of this.#feeds.audio) feed.write(frame);
	}
	#announceCatalog(): void {
		this.#catalogSequence += 1;
		for (const feed of this.#feeds.catalog) this.#writeCatalog(feed);
	}
	#writeCatalog(feed: Feed): void {
		feed.begin(this.#catalogSequence);
		feed.write(encodeCatalog(this.#catalog()));
		feed.end();
	}
	#catalog(): Catalog {
		const container = { kind: "legacy" };
		const tracks = this.#tracks;
		const video: Record<string, VideoRendition> = {};
		const audio: Record<string, AudioRendition> = {};
		if (tracks) {
			const { codec, description, width, height } = tracks.video;
			video[Track.video] = {
				codec,
				container,
				codedWidth: width,
				codedHeight: height,
				...(description && { description: hex(description) }),
			};
			if (tracks.audio && this.#sound) {
				const { codec, description, sampleRate, numberOfChannels } = tracks.audio;
				audio[Track.audio] = {
					codec,
					container,
					sampleRate,
					numberOfChannels,
					...(description && { description: hex(description) }),
				};
			}
		}
		const sound = !this.#sound ? "off" : tracks && !tracks.audio ? "unsupported" : "on";
		return {
			video: { renditions: video },
			audio: { renditions: audio },
			mivisus: {
				v: 1,
				state: this.#state,
				sound,
				...(this.#offsetMs !== undefined && { clock: { offsetMs: this.#offsetMs } }),
			},
		};
	}
}
