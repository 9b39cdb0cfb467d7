import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Debian's own Python: another one may come first in PATH, and has no GStreamer. */
const PYTHON = "/usr/bin/python3";
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface GstCameraOptions {
	user: string;
	password: string;
	/** With leading slash; `/live` unless given. */
	path?: string;
	/** `aac` unless given. */
	audio?: "aac" | "pcma" | "none";
	/** A free one unless given. */
	port?: number;
}
export interface GstCamera {
	/** On 127.0.0.1. */
	port: number;
	path: string;
	/** The next receiver report that the server's own RTP session took in. */
	report(): Promise<{ lost: number; highest: number; lastReport: number }>;
	/** Ends it at once, without a word to its visitors. */
	stop(): Promise<void>;
}

/**
 * Starts a real RTSP camera (gst-rtsp-server): H.264 baseline 640x360, 25 pictures a second, a key frame every 50, with a
 * time code; digest sign-in; over TCP and UDP. The caller stops it.
 */
export async function startGstCamera({
	user,
	password,
	path = "/live",
	audio = "aac",
	port = 0,
}: GstCameraOptions): Promise<GstCamera> {
	const args = [script("gst.py"), `--user=${user}`, `--port=${port}`, `--path=${path}`, `--audio=${audio}`];
	// Not an argument: tests search the list of processes for the password.
	const env = { ...process.env, MIVISUS_CAMERA_PASSWORD: password };
	const child = spawn(PYTHON, args, { stdio: ["pipe", "pipe", "pipe"], env });
	const ended = once(child, "exit");
	const complaint = text(child.stderr);
	const lines = createInterface({ input: child.stdout });
	const first = once(lines, "line");
	const failed = ended.then(async () => Promise.reject(new Error(`the camera did not start: ${await complaint}`)));
	const [line] = await Promise.race([first, failed]);
	failed.catch(() => {});
	const bound = (JSON.parse(line) as { port: number }).port;
	return {
		port: bound,
		path,
		report: async () => JSON.parse((await once(lines, "line"))[0]).report,
		stop: async () => {
			child.kill("SIGKILL");
			await ended;
		},
	};
}

/** What a picture says of itself. */
export interface TimeCode {
	/** When it was made: ms since 1970, exact to 0.1 ms. */
	madeMs: number;
	/** Frame number modulo 65536. */
	number: number;
}

/** Decodes an H.264 byte stream (Annex B) and reads each picture's time code; undefined where there is none. */
export async function readTimeCodes(stream: Uint8Array): Promise<(TimeCode | undefined)[]> {
	const child = spawn(PYTHON, [script("decode.py")], { stdio: ["pipe", "pipe", "pipe"] });
	// A decoder that gave up closes its input; its exit says why.
	child.stdin.on("error", () => {});
	child.stdin.end(stream);
	const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
	if (code !== 0) throw new Error(`the decoder failed: ${complaint}`);
	const nowTicks = Date.now() * 10;
	return output
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => {
			const read = JSON.parse(line) as { ticks: number; number: number } | null;
			// The code wraps every five days: the time nearest before now is meant.
			return read
				? { madeMs: (nowTicks - ((((nowTicks - read.ticks) % 2 ** 32) + 2 ** 32) % 2 ** 32)) / 10, number: read.number }
				: undefined;
		});
}
