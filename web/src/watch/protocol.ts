/** What the page and the watch worker say to each other. Everything here crosses `postMessage`. */

/** One mark per tile, always with a word beside it. */
export type Mark = "connecting" | "waiting" | "live" | "stale" | "refused" | "paused";

/** Why a picture is not live; the page turns it into a sentence. */
export interface Why {
	code:
		| "connecting"
		| "reconnecting"
		| "unreachable"
		| "denied"
		| "gone"
		| "signedOut"
		| "agentOffline"
		| "firstPicture"
		| "noPictures"
		| "late"
		| "uplink"
		| "camera-unreachable"
		| "camera-refused"
		| "stream-unsupported"
		| "off"
		| "waiting"
		| "codec"
		| "browser"
		| "decoder"
		| "hidden"
		| "catalog";
	/** Local wall clock, ms since 1970. */
	sinceMs?: number;
	ageMs?: number;
	detail?: string;
}

export interface Figures {
	path: string;
	codec: string;
	width: number;
	height: number;
	bitsPerSecond: number;
	framesPerSecond: number;
	/** Pictures that arrived or were due and were not shown, since the view came to the present. */
	dropped: number;
	/** Chunks handed to the decoder that have not come back. */
	decoding: number;
	sound: {
		/** Absent where no sound is sent. */
		codec: string | undefined;
		/** Pieces that came out of the decoder since the view began; none while it is muted, because none are fetched. */
		decoded: number;
		/** The loudest sample of late, 0 to 1. */
		peak: number;
	};
}

/** Everything a tile shows, a few times a second. */
export interface ViewState {
	mark: Mark;
	why?: Why;
	/** Whether any picture stands on the canvas. */
	painted: boolean;
	/** Capture to screen, ms; absent before the first picture. */
	ageMs?: number;
	/** Whether all clocks on the way are compared; otherwise the age is a guess. */
	ageExact: boolean;
	/** What the agent says of the camera's sound, once it said something. */
	sound: "off" | "on" | "unsupported" | "unknown";
	/** In its words, why sound that the camera sends cannot be heard. */
	soundDetail?: string;
	figures?: Figures;
}

export type ToWorker =
	| { type: "cameras"; ids: string[] }
	/** `small`: one of many in a grid, for which the camera's smaller stream is enough. */
	| { type: "attach"; view: number; camera: string; small: boolean; canvas: OffscreenCanvas }
	| { type: "detach"; view: number }
	/** A tile that cannot be seen fetches and decodes nothing. */
	| { type: "show"; view: number; shown: boolean }
	/** Which view is heard; one at a time. */
	| { type: "listen"; view: number | undefined }
	| { type: "hidden"; hidden: boolean }
	/** The network changed: try at once. */
	| { type: "online" };

export type FromWorker =
	| { type: "view"; view: number; state: ViewState }
	| { type: "sound"; planes: Float32Array<ArrayBuffer>[]; sampleRate: number; timestampUs: number };
