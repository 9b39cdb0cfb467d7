import { z } from "zod";
import { MAX_CATALOG_BYTES } from "./limits.ts";

/**
 * The catalog of a broadcast, track `catalog.json`: the field's "hang" catalog. Renditions mirror WebCodecs'
 * `VideoDecoderConfig` and `AudioDecoderConfig`; the key of a rendition is its track's name. Unknown fields and
 * containers pass, so that a newer publisher does not blind an older viewer.
 */

/** Lower or upper case hexadecimal bytes, as descriptions travel. */
const hex = z
	.string()
	.regex(/^([0-9a-fA-F]{2})*$/, "hexadecimal bytes")
	.max(8192);
/** `legacy` = varint timestamp in µs, then the codec payload. Others may come. */
const container = z.looseObject({ kind: z.string().max(40) });

/** MJPEG's name as a rendition's `codec`: each frame one JPEG picture. It is no codec of WebCodecs. */
export const JPEG_CODEC = "jpeg";

export const VideoRendition = z.looseObject({
	codec: z.string().max(80),
	container: container.optional(),
	/** avcC or hvcC: then access units are length-prefixed. Absent: Annex B. */
	description: hex.optional(),
	codedWidth: z.number().int().positive().max(16384).optional(),
	codedHeight: z.number().int().positive().max(16384).optional(),
	framerate: z.number().positive().max(1000).optional(),
	bitrate: z.number().nonnegative().optional(),
});
export const AudioRendition = z.looseObject({
	codec: z.string().max(80),
	container: container.optional(),
	description: hex.optional(),
	sampleRate: z.number().int().positive().max(768_000),
	numberOfChannels: z.number().int().positive().max(32),
});

/** What a camera's stream is doing, as the agent sees it. The viewer turns it into words. */
export const CameraState = z.object({
	code: z.enum(["live", "waiting", "camera-unreachable", "camera-refused", "stream-unsupported", "off"]),
	/** Agent clock, milliseconds since 1970: since when. */
	sinceMs: z.number().nonnegative(),
	/** In words, safe to show; never an address with credentials. */
	detail: z.string().max(300).optional(),
});

/** Our own root section; foreign players ignore it. */
export const MivisusSection = z.looseObject({
	v: z.literal(1),
	state: CameraState,
	/** Agent wall clock minus relay wall clock in ms, where the agent knows it: makes the picture's age honest. */
	clock: z.object({ offsetMs: z.number() }).optional(),
	sound: z.enum(["off", "on", "unsupported"]),
	/** The state of each stream of a camera that has more than one, by track. */
	streams: z.record(z.string().max(200), CameraState).optional(),
	/** The house's line does not keep up: pictures are left out, whole groups at a time. */
	uplink: z.literal("slow").optional(),
	/** In words, why sound that the camera sends cannot be heard; absent where it sends none. */
	soundDetail: z.string().max(300).optional(),
});

export const Catalog = z.looseObject({
	video: z.looseObject({ renditions: z.record(z.string().max(200), VideoRendition) }).optional(),
	audio: z.looseObject({ renditions: z.record(z.string().max(200), AudioRendition) }).optional(),
	mivisus: MivisusSection.optional(),
});
export type Catalog = z.infer<typeof Catalog>;
export type CameraState = z.infer<typeof CameraState>;
export type VideoRendition = z.infer<typeof VideoRendition>;
export type AudioRendition = z.infer<typeof AudioRendition>;

/** Track names inside a camera's broadcast. */
export const Track = {
	catalog: "catalog.json",
	video: "video/main",
	videoSub: "video/sub",
	audio: "audio/main",
} as const;

/** As one frame's payload. */
export function encodeCatalog(catalog: Catalog): Uint8Array<ArrayBuffer> {
	const bytes = new TextEncoder().encode(JSON.stringify(catalog));
	if (bytes.length > MAX_CATALOG_BYTES)
		throw new RangeError(`catalog of ${bytes.length} bytes, at most ${MAX_CATALOG_BYTES}`);
	return bytes;
}

/** A frame's payload as a catalog, or in words what is wrong with it. */
export function decodeCatalog(bytes: Uint8Array): { ok: true; catalog: Catalog } | { ok: false; problem: string } {
	if (bytes.length > MAX_CATALOG_BYTES) return { ok: false, problem: `longer than ${MAX_CATALOG_BYTES} bytes` };
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch {
		return { ok: false, problem: "not JSON in UTF-8" };
	}
	const parsed = Catalog.safeParse(json);
	return parsed.success ? { ok: true, catalog: parsed.data } : { ok: false, problem: z.prettifyError(parsed.error) };
}
