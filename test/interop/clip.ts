import { readFileSync } from "node:fs";
import { H264Depacketizer } from "../../agent/codecs/h264.ts";
import type { MediaListener, MediaSource } from "../../agent/publish/media.ts";

/**
 * Three seconds of H.264 as Annex B, 160 × 120 at 10 pictures a second: each second a keyframe and another colour on the
 * left (red, green, blue); on the right black and white in turn, so that pictures between keyframes are told apart too.
 *
 * ffmpeg -f lavfi -i "nullsrc=s=160x120:r=10:d=3,format=gbrp,geq=r='R(0)':g='R(1)':b='R(2)'" -pix_fmt yuv420p
 *   -c:v libx264 -profile:v baseline -bf 0 -x264-params keyint=10:min-keyint=10:scenecut=0:slices=1
 *   -bsf:v filter_units=remove_types=6 clip.h264
 * with R(n) = if(gte(X\,80)\,255*mod(N\,2)\,255*eq(floor(N/10)\,n))
 */
const CLIP = readFileSync(new URL("clip.h264", import.meta.url));
const PICTURE_MS = 100;
const START_CODE = Buffer.from([0, 0, 1]);
const Nal = { slice: 1, idr: 5 } as const;

/** The clip's pictures, each as its NAL units. */
function pictures(): Uint8Array[][] {
	const found: Uint8Array[][] = [];
	let picture: Uint8Array[] = [];
	for (let at = CLIP.indexOf(START_CODE); at >= 0; ) {
		const start = at + START_CODE.length;
		at = CLIP.indexOf(START_CODE, start);
		let end = at < 0 ? CLIP.length : at;
		// A start code of four bytes begins with a zero that belongs to nobody.
		while (CLIP[end - 1] === 0) end--;
		picture.push(CLIP.subarray(start, end));
		const type = CLIP[start]! & 0x1f;
		if (type !== Nal.slice && type !== Nal.idr) continue;
		found.push(picture);
		picture = [];
	}
	return found;
}

/** A camera that plays the clip in a loop: its packets go through the agent's own depacketizer. */
export class ClipSource implements MediaSource {
	#timer: ReturnType<typeof setInterval> | undefined;

	start(listener: MediaListener): void {
		const depacketizer = new H264Depacketizer();
		const loop = pictures();
		let sequence = 0;
		let count = 0;
		listener.state({ code: "live", sinceMs: Date.now() });
		const play = () => {
			const nals = loop[count % loop.length]!;
			const timestamp = count * 90 * PICTURE_MS;
			for (const [index, payload] of nals.entries()) {
				const marker = index === nals.length - 1;
				const packet = { payloadType: 96, marker, sequence: sequence & 0xffff, timestamp, ssrc: 1, payload };
				sequence += 1;
				for (const { config, key, data } of depacketizer.push(packet, false, Date.now())) {
					if (config) listener.tracks({ video: config });
					listener.unit("video", { timestampUs: Date.now() * 1000, key, data });
				}
			}
			count += 1;
		};
		play();
		this.#timer = setInterval(play, PICTURE_MS);
	}
	async stop(): Promise<void> {
		clearInterval(this.#timer);
	}
}
