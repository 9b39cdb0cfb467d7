import {
	type AudioRendition,
	type CameraState,
	type Catalog,
	encodeCatalog,
	Track,
	type VideoRendition,
} from "@mivisus/wire/catalog";
import { encodeLegacy } from "@mivisus/wire/container";
import { AUDIO_GROUP_US, MAX_TRACK_SUBSCRIPTIONS, UPLINK_SLOW_MS } from "../limits.ts";
import { Feed, type GroupSink } from "./feed.ts";
import type { Unit } from "./gop.ts";
import { Lane } from "./lane.ts";
import type { BroadcastClock, MediaSource, MediaTracks } from "./media.ts";

/** One subscription of the relay, as the MoQ peer hands it over. */
export interface Subscription {
	readonly track: string;
	openGroup(sequence: number): Promise<GroupSink>;
	/** Resolves when the subscriber left, we ended it, or the session is over. */
	readonly closed: Promise<unknown>;
	/** The track is over. */
	end(): Promise<void>;
}
const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const container = { kind: "legacy" };

export interface BroadcastOptions {
	/** The camera's streams; `sub` is the smaller one, where it has one. Sound comes from the main one. */
	sources: { main: MediaSource; sub?: MediaSource | undefined };
	sound: boolean;
	/** Keeps the sessions open while nobody looks. */
	ready: boolean;
	/** The privacy switch as it stands. */
	off?: boolean;
	clock: BroadcastClock;
	/** Hears of media bytes (video and audio, not the catalog) that the uplink took. */
	sent(bytes: number, kind: "video" | "audio"): void;
	/** The camera's stream changed state; `idle`: nobody looks, nothing is read. */
	stateChanged(state: CameraState["code"] | "idle"): void;
}

/**
 * One camera as a broadcast: catalog, video in one or two renditions, audio. Media flows only while somebody subscribes to
 * it; a stream that nobody needs is not read from the camera either.
 */
export class CameraBroadcast {
	#options: BroadcastOptions;
	#main: Lane;
	#sub: Lane | undefined;
	#catalogs = new Set<Feed>();
	#sounds = new Set<Feed>();
	#subscriptions = new Set<Subscription>();
	#sound: boolean;
	#offsetMs: number | undefined;
	#catalogSequence: number;
	#audioSequence: number;
	#audioGroupStartUs: number | undefined;
	#told: CameraState["code"] | "idle" = "idle";
	/** Set while the uplink loses groups: cancels the end of saying so. */
	#cancelSlow: (() => void) | undefined;

	constructor(options: BroadcastOptions) {
		this.#options = options;
		this.#sound = options.sound;
		// Numbers that grow over restarts keep a relay that still knows the last run from taking new groups for old.
		const first = options.clock.now();
		this.#catalogSequence = first;
		this.#audioSequence = first;
		const { sources, clock, ready, off = false } = options;
		const common = { clock, off, changed: () => this.#changed() };
		this.#main = new Lane({ ...common, source: sources.main, audio: (unit) => this.#audio(unit) });
		if (sources.sub) this.#sub = new Lane({ ...common, source: sources.sub, audio: () => {} });
		// Now that there is somebody to be told: a source speaks as soon as it is started.
		this.setReady(ready);
	}
	/**
	 * The privacy switch, cutting at the source: off, the camera's sessions are closed, and nothing of it is kept or sent to
	 * anybody until it is on again. Who watches stays, is told so, and sees it again then.
	 */
	setOff(off: boolean): void {
		if (off) for (const feed of this.#sounds) feed.cut();
		for (const lane of [this.#main, this.#sub]) lane?.setOff(off);
	}
	/** Whether the camera is read while nobody looks, too. Nothing leaves the house for that. */
	setReady(ready: boolean): void {
		for (const lane of [this.#main, this.#sub]) lane?.setReady(ready);
	}
	/** Whether somebody sees or hears it; the agent may read it all the same. */
	get watched(): boolean {
		return this.#main.feeds.size + (this.#sub?.feeds.size ?? 0) + this.#sounds.size > 0;
	}
	/** What the camera does. */
	get state(): CameraState {
		return this.#best().state;
	}
	/** What it last turned out to send. */
	get tracks(): MediaTracks | undefined {
		return this.#main.tracks ?? this.#sub?.tracks;
	}
	/**
	 * Switches sound; off ends it at once for everyone, because it is the owner's word. The subscriptions end too: who kept
	 * one would hear again, unasked, when sound is switched on the next time.
	 */
	setSound(on: boolean): void {
		if (this.#sound === on) return;
		this.#sound = on;
		if (!on) {
			for (const feed of this.#sounds) feed.cut();
			for (const listener of this.#subscriptionsTo(Track.audio)) void listener.end();
		}
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
		return this.#main.running || this.#sub?.running === true;
	}
	/** Serves a subscription until it ends. Returns false, and touches nothing, for a track that does not exist. */
	serve(subscription: Subscription): boolean {
		const { track } = subscription;
		if (this.#subscriptionsTo(track).length >= MAX_TRACK_SUBSCRIPTIONS) return false;
		if (track === Track.catalog) this.#serveCatalog(subscription);
		else if (track === Track.video) this.#serveVideo(this.#main, subscription);
		else if (track === Track.videoSub && this.#sub) this.#serveVideo(this.#sub, subscription);
		else if (track === Track.audio && this.#sound) this.#serveSound(subscription);
		else return false;
		return true;
	}
	#subscriptionsTo(track: string): Subscription[] {
		return [...this.#subscriptions].filter((other) => other.track === track);
	}
	/** Ends everything: the camera was removed, has another address now, or the agent stops. Who subscribed is told. */
	async close(): Promise<void> {
		this.#cancelSlow?.();
		for (const feed of [...this.#catalogs, ...this.#sounds]) feed.close();
		this.#catalogs.clear();
		this.#sounds.clear();
		for (const subscription of this.#subscriptions) void subscription.end();
		await Promise.all([this.#main.close(), this.#sub?.close()]);
	}
	#serveCatalog(subscription: Subscription): void {
		const feed = new Feed((sequence) => subscription.openGroup(sequence), {});
		this.#until(subscription, this.#catalogs, feed);
		this.#catalogs.add(feed);
		const before = this.#catalogSequence;
		this.#judge();
		// A source that was woken has spoken already, and it was told.
		if (this.#catalogSequence === before) this.#writeCatalog(feed);
	}
	#serveVideo(lane: Lane, subscription: Subscription): void {
		const feed = this.#mediaFeed(subscription, "video");
		this.#until(subscription, lane.feeds, feed);
		lane.attach(feed);
		this.#judge();
	}
	#serveSound(subscription: Subscription): void {
		const feed = this.#mediaFeed(subscription, "audio");
		this.#until(subscription, this.#sounds, feed);
		this.#sounds.add(feed);
		this.#judge();
	}
	#mediaFeed(subscription: Subscription, kind: "video" | "audio"): Feed {
		return new Feed((sequence) => subscription.openGroup(sequence), {
			sent: (bytes) => this.#options.sent(bytes, kind),
			dropped: () => this.#uplinkSlow(),
		});
	}
	#until(subscription: Subscription, feeds: Set<Feed>, feed: Feed): void {
		this.#subscriptions.add(subscription);
		void subscription.closed.then(() => {
			feed.close();
			feeds.delete(feed);
			this.#subscriptions.delete(subscription);
			this.#judge();
		});
	}
	/**
	 * Says to each stream whether it is needed: by who sees or hears it; by who reads the catalog as long as it is not known
	 * what the stream is, or when nobody sees any other: the camera's state must be true then, too.
	 */
	#judge(): void {
		const [main, sub] = [this.#main, this.#sub];
		const asked = this.#catalogs.size > 0;
		const seen = main.feeds.size > 0 || this.#sounds.size > 0;
		sub?.want(sub.feeds.size > 0 || (asked && sub.tracks === undefined));
		main.want(seen || (asked && (main.tracks === undefined || !sub || sub.feeds.size === 0)));
		this.#tellState();
	}
	#changed(): void {
		this.#judge();
		this.#announceCatalog();
	}
	/** Whose state is the camera's: the stream that is better off, because somebody sees that one. */
	#best(): Lane {
		const running = [this.#main, this.#sub].filter((lane) => lane?.running);
		return running.find((lane) => lane?.state.code === "live") ?? running[0] ?? this.#main;
	}
	#tellState(): void {
		const state = this.running ? this.#best().state.code : "idle";
		if (state === this.#told) return;
		this.#told = state;
		this.#options.stateChanged(state);
	}
	/** Whole groups were left out; said until none was for a while. */
	#uplinkSlow(): void {
		const known = this.#cancelSlow !== undefined;
		this.#cancelSlow?.();
		this.#cancelSlow = this.#options.clock.after(UPLINK_SLOW_MS, () => {
			this.#cancelSlow = undefined;
			this.#announceCatalog();
		});
		if (!known) this.#announceCatalog();
	}
	#audio(unit: Unit): void {
		if (!this.#sound || this.#sounds.size === 0) return;
		const start = this.#audioGroupStartUs;
		if (start === undefined || unit.timestampUs - start >= AUDIO_GROUP_US) {
			this.#audioGroupStartUs = unit.timestampUs;
			this.#audioSequence += 1;
			for (const feed of this.#sounds) feed.begin(this.#audioSequence);
		}
		const frame = encodeLegacy(unit.timestampUs, unit.data);
		for (const feed of this.#sounds) feed.write(frame);
	}
	#announceCatalog(): void {
		this.#catalogSequence += 1;
		for (const feed of this.#catalogs) this.#writeCatalog(feed);
	}
	#writeCatalog(feed: Feed): void {
		feed.begin(this.#catalogSequence);
		feed.write(encodeCatalog(this.#catalog()));
		feed.end();
	}
	#catalog(): Catalog {
		const [main, sub] = [this.#main, this.#sub];
		const audio: Record<string, AudioRendition> = {};
		const heard = main.tracks?.audio;
		if (heard && this.#sound) {
			const { codec, description, sampleRate, numberOfChannels } = heard;
			audio[Track.audio] = {
				codec,
				container,
				sampleRate,
				numberOfChannels,
				...(description && { description: hex(description) }),
			};
		}
		const sound = !this.#sound ? "off" : main.tracks && !main.tracks.audio ? "unsupported" : "on";
		const streams = { [Track.video]: main.shown, ...(sub && { [Track.videoSub]: sub.shown }) };
		return {
			video: { renditions: { ...rendition(Track.video, main), ...(sub && rendition(Track.videoSub, sub)) } },
			audio: { renditions: audio },
			mivisus: {
				v: 1,
				state: this.#best().shown,
				sound,
				...(sound === "unsupported" &&
					main.tracks?.soundProblem !== undefined && { soundDetail: main.tracks.soundProblem }),
				...(sub && { streams }),
				...(this.#cancelSlow && { uplink: "slow" as const }),
				...(this.#offsetMs !== undefined && { clock: { offsetMs: this.#offsetMs } }),
			},
		};
	}
}

/** A stream's entry in the catalog, once it is known what it is. */
function rendition(track: string, { tracks }: Lane): Record<string, VideoRendition> {
	if (!tracks) return {};
	const { codec, description, width, height } = tracks.video;
	return {
		[track]: {
			codec,
			container,
			codedWidth: width,
			codedHeight: height,
			...(description && { description: hex(description) }),
		},
	};
}
