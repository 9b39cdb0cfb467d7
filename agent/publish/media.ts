import type { CameraState } from "@mivisus/wire/catalog";
import type { Unit } from "./gop.ts";

/** What a camera turned out to send, in the words of WebCodecs' decoder configurations. Descriptions are raw bytes. */
export interface MediaTracks {
	video: { codec: string; description?: Uint8Array | undefined; width: number; height: number };
	audio?:
		| { codec: string; description?: Uint8Array | undefined; sampleRate: number; numberOfChannels: number }
		| undefined;
	/** In words, why there is sound that cannot be heard. */
	soundProblem?: string;
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
/** Time, handed in so that tests own it. */
export interface BroadcastClock {
	/** ms since 1970. */
	now(): number;
	/** Calls back once after `ms`; returns how to cancel. */
	after(ms: number, callback: () => void): () => void;
}
