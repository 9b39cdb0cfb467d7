import type { MoqPeer } from "@mivisus/transport/moq/peer";
import { type Catalog, decodeCatalog, Track } from "@mivisus/wire/catalog";
import { WIRE_ERROR_CODES } from "@mivisus/wire/errors";
import { Priority } from "@mivisus/wire/moq/subscribe";
import { type ChosenAudio, type ChosenVideo, chooseAudio, chooseVideo } from "./catalog.ts";
import { GroupOrder, type GroupSource } from "./group-order.ts";

/** What a feed tells its view. After `close` it says nothing more. */
export interface FeedEvents {
	announced(active: boolean): void;
	catalog(catalog: Catalog, video: ChosenVideo | undefined, audio: ChosenAudio | undefined): void;
	catalogFault(words: string): void;
	/** A frame of the legacy container. */
	video(payload: Uint8Array, key: boolean): void;
	audio(payload: Uint8Array): void;
	behindMs(): number;
}
/** What a feed needs of a session. */
export interface FeedSession {
	readonly peer: Pick<MoqPeer, "subscribe">;
	follow(camera: string, tell: (active: boolean) => void): () => void;
}
type Subscription = Awaited<ReturnType<MoqPeer["subscribe"]>>;

/** A refused or ended subscription is asked for again after this. */
const AGAIN_MS = 700;

/** What a subscription's groups go to; a new one for each subscription, because numbers may begin anew. */
interface Reader {
	take(group: GroupSource): void | Promise<void>;
	close(): void;
}

/** One camera over one session: announcements, catalog, video, and audio when somebody listens. */
export class Feed {
	#peer: FeedSession["peer"];
	#camera: string;
	#small: boolean;
	#events: FeedEvents;
	#closed = false;
	#held = new Map<string, { subscription?: Subscription; reader?: Reader }>();
	#video: ChosenVideo | undefined;
	#audio: ChosenAudio | undefined;
	#listening = false;
	#refusedCodec: string | undefined;
	#order: GroupOrder | undefined;
	#skippedBefore = 0;
	#unfollow: () => void;

	/** `small`: for a small picture the camera's smaller stream is enough. */
	constructor(session: FeedSession, { camera, small }: { camera: string; small: boolean }, events: FeedEvents) {
		this.#peer = session.peer;
		this.#camera = camera;
		this.#small = small;
		this.#events = events;
		this.#unfollow = session.follow(camera, (active) => this.#announced(active));
	}
	/** Groups that were left or lost. */
	get skipped(): number {
		return this.#skippedBefore + (this.#order?.skipped ?? 0);
	}
	close(): void {
		this.#closed = true;
		this.#unfollow();
		this.#dropAll();
	}
	/** Audio is fetched only while somebody listens. */
	listen(on: boolean): void {
		this.#listening = on;
		this.#fit();
	}
	/** Begins the video anew: the relay gives the cached group, which starts with a key picture. */
	restartVideo(): void {
		if (!this.#video) return;
		this.#drop(this.#video.track);
		this.#fit();
	}
	/** This browser cannot play the codec: nothing is fetched until the catalog names another. */
	refuseCodec(codec: string): void {
		this.#refusedCodec = codec;
		if (this.#video) this.#drop(this.#video.track);
	}
	/** Moves on past a group that lags; called by a clock. */
	tick(): void {
		this.#order?.advance();
	}
	#announced(active: boolean): void {
		if (this.#closed) return;
		this.#events.announced(active);
		if (active) this.#keep(Track.catalog, Priority.catalog, () => this.#catalogReader());
		else this.#dropAll();
	}
	#catalogReader(): Reader {
		return { take: (group) => this.#readCatalog(group), close: () => {} };
	}
	async #readCatalog(group: GroupSource): Promise<void> {
		const frame = await group.next();
		// A foreign publisher's first catalog may be empty.
		if (this.#closed || !frame || frame.length === 0) return;
		const read = decodeCatalog(frame);
		if (!read.ok) return this.#events.catalogFault(read.problem);
		const before = [this.#video?.track, this.#audio?.track];
		this.#video = chooseVideo(read.catalog, this.#small);
		this.#audio = chooseAudio(read.catalog);
		this.#events.catalog(read.catalog, this.#video, this.#audio);
		for (const track of before) {
			if (track !== undefined && track !== this.#video?.track && track !== this.#audio?.track) this.#drop(track);
		}
		this.#fit();
	}
	/** Subscribes to what is there and wanted, and to nothing else. */
	#fit(): void {
		if (this.#closed) return;
		if (this.#video && this.#video.config.codec !== this.#refusedCodec) {
			this.#keep(this.#video.track, Priority.video, () => this.#videoReader());
		}
		const audio = this.#audio?.track;
		if (audio === undefined) return;
		if (this.#listening) this.#keep(audio, Priority.audio, () => this.#audioReader());
		else this.#drop(audio);
	}
	#videoReader(): Reader {
		this.#skippedBefore += this.#order?.skipped ?? 0;
		const order = new GroupOrder({
			onFrame: (payload, key) => this.#events.video(payload, key),
			now: () => performance.now(),
			behindMs: () => this.#events.behindMs(),
		});
		this.#order = order;
		return { take: (group) => void order.take(group), close: () => order.close() };
	}
	#audioReader(): Reader {
		const order = new GroupOrder({ onFrame: (payload) => this.#events.audio(payload), now: () => performance.now() });
		return { take: (group) => void order.take(group), close: () => order.close() };
	}
	/** Holds a subscription until it is dropped, asking again when it ends by itself. */
	#keep(track: string, priority: number, begin: () => Reader): void {
		if (this.#held.has(track)) return;
		const held: { subscription?: Subscription; reader?: Reader } = {};
		this.#held.set(track, held);
		void this.#hold(track, priority, begin, held);
	}
	async #hold(
		track: string,
		priority: number,
		begin: () => Reader,
		held: { subscription?: Subscription; reader?: Reader },
	): Promise<void> {
		const current = () => !this.#closed && this.#held.get(track) === held;
		while (current()) {
			try {
				const subscription = await this.#peer.subscribe(this.#camera, track, priority);
				if (!current()) return subscription.close();
				held.subscription = subscription;
				const reader = begin();
				held.reader = reader;
				for await (const group of subscription.groups) {
					if (!current()) group.stop(WIRE_ERROR_CODES.cancelled);
					else await Promise.resolve(reader.take(group)).catch(() => {});
				}
				reader.close();
			} catch {
				// Refused: the track may come later.
			}
			if (current()) await pause(AGAIN_MS);
		}
	}
	#drop(track: string): void {
		const held = this.#held.get(track);
		this.#held.delete(track);
		held?.reader?.close();
		held?.subscription?.close();
	}
	#dropAll(): void {
		for (const track of [...this.#held.keys()]) this.#drop(track);
	}
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
