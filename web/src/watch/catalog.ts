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

/** The largest readable video rendition; H.264 before others, because it plays everywhere. */
export function chooseVideo(catalog: Catalog): ChosenVideo | undefined {
	const h264 = ({ codec }: VideoRendition) => (/^avc[13]\./i.test(codec) ? 1 : 0);
	const [best] = Object.entries(catalog.video?.renditions ?? {})
		.filter(([, rendition]) => readable(rendition))
		.sort(([, a], [, b]) => h264(b) - h264(a) || area(b) - area(a));
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
