import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../test/graph/imports.ts";

/** What a camera of a benchmark sends: 1280x720, 25 pictures a second, a key frame every 2 s. */
export const CLIP_SECONDS = 20;
const MBITS = 4;

/** Path of a clip of 4 Mbit/s, encoded once and kept, so that no encoder disturbs a measurement; and its real rate. */
export function clip(): { path: string; mbits: number } {
	const folder = join(ROOT, "node_modules/.cache/mivisus-bench");
	const path = join(folder, "clip-720p-4mbit.h264");
	if (!existsSync(path)) {
		mkdirSync(folder, { recursive: true });
		const { status, stderr, error } = spawnSync("ffmpeg", [
			..."-y -loglevel error -f lavfi -i".split(" "),
			`testsrc2=size=1280x720:rate=25:duration=${CLIP_SECONDS},noise=alls=12:allf=t`,
			..."-pix_fmt yuv420p -c:v libx264 -preset veryfast -tune zerolatency -profile:v main".split(" "),
			..."-x264-params keyint=50:scenecut=0:slices=1:sliced-threads=0:bframes=0".split(" "),
			...`-b:v ${MBITS}M -maxrate ${MBITS}M -bufsize ${MBITS}M -f h264`.split(" "),
			`${path}.new`,
		]);
		if (status !== 0) throw new Error(`ffmpeg (a Debian package) could not make the clip: ${error ?? stderr}`);
		renameSync(`${path}.new`, path);
	}
	return { path, mbits: (statSync(path).size * 8) / CLIP_SECONDS / 1e6 };
}
