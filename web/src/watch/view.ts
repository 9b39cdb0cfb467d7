import type { Catalog } from "@mivisus/wire/catalog";
import type { ChosenAudio, ChosenVideo } from "./catalog.ts";
import { BROWSER_DECODERS, openFrame } from "./decoding.ts";
import { Drops } from "./drops.ts";
import { Feed } from "./feed.ts";
import { Pacer } from "./pacing.ts";
import { Presenter } from "./presenter.ts";
import type { Figures, ViewState } from "./protocol.ts";
import { Rates } from "./rates.ts";
import type { RelaySession } from "./relay-session.ts";
import { Screen } from "./screen.ts";
import { SoundMeter } from "./sound-meter.ts";
import { VideoPipe } from "./video-pipe.ts";
import { judge, type Known } from "./view-state.ts";

/** A catch-up skips pictures that are later than this while more wait in the decoder … */
const CATCH_UP_MS = 100;
/** … but shows one at least this often. */
const CATCH_UP_SHOW_MS = 250;
const RESTART_MS = 1000;
const RESTART_CAP_MS = 8000;

/** One camera as one session brings it. */
interface Slot {
	feed: Feed;
	announced?: boolean;
	catalog?: Catalog;
	catalogFault?: string;
	video?: ChosenVideo | undefined;
	audio?: ChosenAudio | undefined;
}
/** What the engine knows and the view does not. */
export type Surroundings = Pick<Known, "capable" | "signedOut" | "denied" | "gone" | "link">;

export interface ViewEvents {
	/** Media came through this session. */
	carried(session: RelaySession): void;
	sound(timestampUs: number, data: Uint8Array): void;
	soundConfig(config: AudioDecoderConfig): void;
}

/** One tile: feeds of one camera (two while a session is replaced), one decoder, one canvas. */
export class View {
	readonly camera: string;
	#small: boolean;
	#events: ViewEvents;
	#slots = new Map<RelaySession, Slot>();
	/** The session whose pictures are decoded. */
	#active: RelaySession | undefined;
	#shown = true;
	#hidden = false;
	#allowed = true;
	#listening = false;
	#pacer = new Pacer();
	#screen: Screen;
	#presenter: Presenter<VideoFrame>;
	#pipe: VideoPipe<VideoFrame>;
	#drops = new Drops();
	#badCodec: string | undefined;
	#decoderFault = false;
	#restartMs = RESTART_MS;
	#nextRestartMs = 0;
	#rates = new Rates();
	#sound = new SoundMeter(() => performance.now());

	/** `small`: one of many in a grid. */
	constructor({ camera, small }: { camera: string; small: boolean }, canvas: OffscreenCanvas, events: ViewEvents) {
		this.camera = camera;
		this.#small = small;
		this.#events = events;
		this.#screen = new Screen(canvas);
		this.#presenter = new Presenter((frame) => this.#screen.paint(frame));
		this.#pipe = new VideoPipe<VideoFrame>({
			...BROWSER_DECODERS,
			output: (frame) => this.#decoded(frame),
			fault: (fault) => this.#fault(fault),
			now: () => performance.now(),
		});
	}
	/** Whether it wants anything from a relay now. */
	get wanted(): boolean {
		return this.#shown && !this.#hidden && this.#allowed;
	}
	/** Whether its pictures come through `session`, and would be missed without it. */
	isSeenThrough(session: RelaySession): boolean {
		return this.wanted && this.#active === session && this.#slot?.announced === true;
	}
	show(shown: boolean, hidden: boolean): void {
		const before = this.wanted;
		this.#shown = shown;
		this.#hidden = hidden;
		if (before && !this.wanted) this.#rest();
	}
	/** When the right to see the camera is over, the last picture goes too: a still one is seen as well. */
	allow(allowed: boolean): void {
		if (allowed === this.#allowed) return;
		this.#allowed = allowed;
		if (allowed) return;
		this.#rest();
		this.#screen.wipe();
	}
	listen(on: boolean): void {
		this.#listening = on;
		const slot = this.#slot;
		if (on && slot?.audio) this.#events.soundConfig(slot.audio.config);
		for (const { feed } of this.#slots.values()) feed.listen(on);
	}
	/** A piece of its sound came out of the decoder. */
	heard(planes: readonly Float32Array[]): void {
		this.#sound.heard(planes);
	}
	/** Fits the feeds to the sessions there are. */
	sync(main: RelaySession | undefined, spare: RelaySession | undefined): void {
		const sessions = this.wanted ? [main, spare].filter((session) => session !== undefined) : [];
		for (const [session, { feed }] of this.#slots) {
			if (sessions.includes(session)) continue;
			feed.close();
			this.#slots.delete(session);
		}
		for (const session of sessions) {
			if (this.#slots.has(session)) continue;
			this.#slots.set(session, this.#attach(session));
		}
		if (!this.#active || !this.#slots.has(this.#active)) this.#activate(main);
	}
	/** Once per refresh. */
	refresh(): void {
		if (this.#presenter.refresh(performance.now())) this.#decoderFault = false;
	}
	/** A few times a second. */
	tick(): void {
		this.#pipe.watch();
		this.#drops.count(this.#unshown, performance.now());
		for (const { feed } of this.#slots.values()) feed.tick();
	}
	state(around: Surroundings): ViewState {
		const slot = this.#slot;
		const { ageMs, exact } = this.#age();
		const section = slot?.catalog?.mivisus;
		const toLocal = (ms: number) => ms - (section?.clock?.offsetMs ?? 0) + (this.#active?.offsetMs ?? 0);
		const verdict = judge({
			...around,
			nowMs: Date.now(),
			hidden: !this.wanted,
			announced: slot?.announced,
			catalogFault: slot?.catalogFault,
			camera: section && { ...section.state, sinceMs: toLocal(section.state.sinceMs) },
			uplinkSlow: section?.uplink === "slow",
			badCodec: this.#badCodec,
			decoderFault: this.#decoderFault,
			paintedMs: this.#screen.paintedMs,
			ageMs,
			ageExact: exact,
		});
		return {
			...verdict,
			painted: this.#screen.paintedMs !== undefined,
			...(ageMs !== undefined && { ageMs }),
			ageExact: exact,
			sound: section?.sound ?? (slot?.catalog ? (slot.audio ? "on" : "unsupported") : "unknown"),
			...(section?.soundDetail !== undefined && { soundDetail: section.soundDetail }),
			...(slot?.video && this.#screen.paintedMs !== undefined && { figures: this.#figures(slot.video, slot.audio) }),
		};
	}
	/** For the report to the relay. */
	report(): { track: string; latenessMs: number; dropped: number } | undefined {
		const video = this.#slot?.video;
		if (!video) return undefined;
		const latenessMs = Math.max(0, Math.round(this.#pacer.behindMs));
		return { track: `${this.camera}/${video.track}`, latenessMs, dropped: this.#dropped };
	}
	close(): void {
		this.#shown = false;
		this.#rest();
	}
	get #slot(): Slot | undefined {
		return this.#active && this.#slots.get(this.#active);
	}
	get #unshown(): number {
		return this.#presenter.dropped + this.#pipe.dropped;
	}
	get #dropped(): number {
		return this.#drops.count(this.#unshown, performance.now());
	}
	#rest(): void {
		for (const { feed } of this.#slots.values()) feed.close();
		this.#slots.clear();
		this.#active = undefined;
		this.#pipe.stop();
		this.#presenter.clear();
		this.#pacer.reset();
		// What stands on the canvas is old when we come back: it is not shown as if it were new.
		this.#screen.paintedMs = undefined;
		this.#decoderFault = false;
	}
	#attach(session: RelaySession): Slot {
		const slot: Slot = { feed: undefined as never };
		slot.feed = new Feed(
			session,
			{ camera: this.camera, small: this.#small },
			{
				announced: (active) => {
					slot.announced = active;
				},
				catalog: (catalog, video, audio) => {
					slot.catalog = catalog;
					delete slot.catalogFault;
					slot.video = video;
					slot.audio = audio;
					if (session === this.#active) this.#configure(slot);
				},
				catalogFault: (words) => {
					slot.catalogFault = words;
				},
				video: (payload, key) => {
					if (session !== this.#active) {
						// The new session is as far as a key picture: it takes over without a gap, and for good.
						if (!key || session.leaving) return;
						this.#activate(session);
					}
					this.#video(payload, key);
					this.#events.carried(session);
				},
				audio: (payload) => {
					if (session !== this.#active || !this.#listening) return;
					const unit = openFrame(payload);
					if (unit) this.#events.sound(unit.timestampUs, unit.payload);
				},
				behindMs: () => this.#pacer.behindMs,
			},
		);
		slot.feed.listen(this.#listening);
		return slot;
	}
	#activate(session: RelaySession | undefined): void {
		this.#active = session;
		this.#drops.begin();
		this.#pacer.reset();
		this.#pipe.stop();
		const slot = this.#slot;
		if (slot) this.#configure(slot);
	}
	#configure({ video, audio }: Slot): void {
		if (video) this.#pipe.configure(video.config);
		if (video?.config.codec !== this.#badCodec) this.#badCodec = undefined;
		if (audio && this.#listening) this.#events.soundConfig(audio.config);
	}
	#video(payload: Uint8Array, key: boolean): void {
		const unit = openFrame(payload);
		if (!unit) return;
		this.#rates.arrived(payload.length);
		this.#drops.arrived(performance.now());
		this.#pacer.arrived(unit.timestampUs, performance.now());
		this.#pipe.push(unit.timestampUs, unit.payload, key);
	}
	#decoded(frame: VideoFrame): void {
		const now = performance.now();
		const due = this.#pacer.dueMs(frame.timestamp);
		const justShown = this.#screen.paintedMs !== undefined && Date.now() - this.#screen.paintedMs < CATCH_UP_SHOW_MS;
		if (now - due > CATCH_UP_MS && this.#pipe.decoding > 2 && justShown) {
			this.#presenter.dropped += 1;
			frame.close();
			return;
		}
		this.#restartMs = RESTART_MS;
		this.#presenter.give(frame, due);
	}
	#fault(fault: "unsupported" | "failed" | "silent"): void {
		const slot = this.#slot;
		if (!slot) return;
		if (fault === "unsupported") {
			this.#badCodec = slot.video?.config.codec ?? "";
			slot.feed.refuseCodec(this.#badCodec);
			return;
		}
		this.#decoderFault = true;
		// The cached group brings a key picture at once; not more often than the decoder can bear.
		const now = performance.now();
		if (now < this.#nextRestartMs) return;
		this.#nextRestartMs = now + this.#restartMs;
		this.#restartMs = Math.min(RESTART_CAP_MS, this.#restartMs * 2);
		slot.feed.restartVideo();
	}
	/** Capture to now, as far as the clocks on the way are compared. */
	#age(): { ageMs: number | undefined; exact: boolean } {
		if (this.#screen.paintedMs === undefined) return { ageMs: undefined, exact: false };
		const camera = this.#slot?.catalog?.mivisus?.clock?.offsetMs;
		const own = this.#active?.offsetMs;
		const now = Date.now();
		// Between two pictures the age at painting is the honest figure; once they stop, it grows.
		const at = now - this.#screen.paintedMs < 500 ? this.#screen.paintedMs : now;
		const ageMs = at - (own ?? 0) - (this.#screen.capturedMs - (camera ?? 0));
		return { ageMs: Math.max(0, ageMs), exact: camera !== undefined && own !== undefined };
	}
	#figures(video: ChosenVideo, audio: ChosenAudio | undefined): Figures {
		return {
			path: "HTTP/3",
			codec: video.config.codec,
			...this.#screen.size,
			...this.#rates.at(performance.now(), this.#presenter.shown),
			dropped: this.#dropped,
			decoding: this.#pipe.decoding,
			sound: { codec: audio?.config.codec, decoded: this.#sound.decoded, peak: this.#sound.peak },
		};
	}
}
