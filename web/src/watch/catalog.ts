import type { AudioRendition, Catalog, VideoRendition } from "@mivisus/wire/catalog";
import type { VideoConfig } from "./video-pipe.ts";

/** A rendition that this viewer can read, and its track. */
export interface ChosenVideo {
	track: string;
	config: VideoConfig;
}
export interface ChosenAudio {
	track: string;
	config: AudioDecoderConfig;
}

/** Absent means `legacy`: the field's catalogs are older than the word. */
const readable = ({ container }: { container?: { kind: string } | undefined }) =>
	container === undefined || container.kind === "legacy";

function bytes(hex: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
const area = ({ codedWidth = 0, codedHeight = 0 }: VideoRendition) => codedWidth * codedHeight;

/** Whether the agent says that nothing comes of this stream. */
function failed(catalog: Catalog, track: string): boolean {
	const code = catalog.mivisus?.streams?.[track]?.code;
	return code !== undefined && code !== "live" && code !== "waiting";
}

/**
 * The rendition to see: one that works before one that does not; H.264 before others, because it plays everywhere; then the
 * largest, or the smallest where the picture is `small` or the house's line does not carry more.
 */
export function chooseVideo(catalog: Catalog, small = false): ChosenVideo | undefined {
	const h264 = ({ codec }: VideoRendition) => (/^avc[13]\./i.test(codec) ? 1 : 0);
	const sign = small || catalog.mivisus?.uplink === "slow" ? -1 : 1;
	const [best] = Object.entries(catalog.video?.renditions ?? {})
		.filter(([, rendition]) => readable(rendition))
		.sort(
			([a, one], [b, other]) =>
				Number(failed(catalog, a)) - Number(failed(catalog, b)) ||
				h264(other) - h264(one) ||
				sign * (area(other) - area(one)),
		);
	if (!best) return undefined;
	const [track, { codec, description, codedWidth, codedHeight }] = best;
	return {
		track,
		config: {
			codec,
			...(description !== undefined && { description: bytes(description) }),
			...(codedWidth !== undefined && { codedWidth }),
			...(codedHeight !== undefined && { codedHeight }),
		},
	};
}

export function chooseAudio(catalog: Catalog): ChosenAudio | undefined {
	const best = Object.entries(catalog.audio?.renditions ?? {}).find(([, rendition]) => readable(rendition));
	if (!best) return undefined;
	const [track, { codec, description, sampleRate, numberOfChannels }]: [string, AudioRendition] = best;
	return {
		track,
		config: {
			codec,
			sampleRate,
			numberOfChannels,
			...(description !== undefined && { description: bytes(description) }),
		},
	};
}
