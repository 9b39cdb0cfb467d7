import { AudioRendition } from "@mivisus/wire/catalog";
import { type SdpMedia, soundName } from "../rtsp/sdp.ts";
import { AacDepacketizer } from "./aac.ts";
import type { AudioConfig, AudioDepacketizer } from "./audio.ts";
import { LatmDepacketizer } from "./latm.ts";
import { PlainAudioDepacketizer } from "./plain-audio.ts";

/** One number that no catalog may hold would cost the viewer the whole catalog, and with it the picture (S02). */
export const isPublishable = (config: AudioConfig) =>
	AudioRendition.safeParse({ ...config, description: undefined }).success;

/** What reads this sound, or in words why it cannot be heard. */
export function audioDepacketizer(media: SdpMedia): AudioDepacketizer | { problem: string } {
	const name = soundName(media);
	const unreadable = { problem: `The camera's description of its sound (${name}) cannot be read.` };
	let depacketizer: AudioDepacketizer | undefined;
	if (media.encoding === "MPEG4-GENERIC") depacketizer = AacDepacketizer.create(media);
	else if (media.encoding === "MP4A-LATM") depacketizer = LatmDepacketizer.create(media);
	else {
		depacketizer = PlainAudioDepacketizer.create(media);
		const advice = "Choose AAC or G.711 in the camera's settings.";
		if (!depacketizer)
			return { problem: `The camera sends its sound as ${name}, which browsers do not play. ${advice}` };
	}
	return !depacketizer || (depacketizer.config && !isPublishable(depacketizer.config)) ? unreadable : depacketizer;
}
