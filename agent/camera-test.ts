import type { CameraAccess } from "@mivisus/wire/signed";
import { CameraSource } from "./camera.ts";
import type { Unit } from "./publish/gop.ts";
import type { BroadcastClock, MediaTracks } from "./publish/media.ts";
import type { CameraFaultCode } from "./rtsp/errors.ts";
import { hiding } from "./typed-access.ts";

/** How long a camera may take to its first whole picture, ms. */
const PATIENCE_MS = 15_000;
/** Steps of one dialogue that are kept, and the length of one in characters: a camera may say anything, for ever. */
const MAX_STEPS = 200;
const MAX_STEP = 300;

/** One line of the dialogue, safe to show: the password is struck out, nothing in it is more than a letter. */
export interface TestStep {
	who: "agent" | "camera" | "note";
	text: string;
}
/** How a test of a camera ended; `reason` in words. */
export type TestEnd =
	| { ok: true; found: MediaTracks; picture: Unit }
	| { ok: false; code: CameraFaultCode | "no-picture"; reason: string };

/**
 * Opens a camera as the agent would, until its first whole picture. `onStep` hears what was said meanwhile. Never rejects;
 * an abort ends it as unreachable.
 */
export async function testCamera(options: {
	access: CameraAccess;
	transport: "auto" | "tcp" | "udp";
	clock: BroadcastClock;
	onStep(step: TestStep): void;
	signal: AbortSignal;
}): Promise<TestEnd> {
	const { access, transport, clock, onStep, signal } = options;
	const hide = hiding(access);
	let steps = 0;
	const tell = (who: TestStep["who"], text: string | undefined) => {
		steps += 1;
		if (text === undefined || steps > MAX_STEPS) return;
		onStep({ who, text: hide(text).replace(/\p{C}/gu, " ").slice(0, MAX_STEP) });
	};
	const source = new CameraSource({
		access,
		transport,
		clock,
		log: { info: (fields) => tell("note", transportNote(fields)), warn: () => {} },
		trace: ({ sent, received, note }) => {
			tell("agent", sent);
			tell("camera", received);
			tell("note", note);
		},
	});
	let found: MediaTracks | undefined;
	let cancel = () => {};
	try {
		return await new Promise<TestEnd>((resolve) => {
			const fail = (code: Extract<TestEnd, { ok: false }>["code"], reason: string) =>
				resolve({ ok: false, code, reason: hide(reason) });
			cancel = clock.after(PATIENCE_MS, () =>
				fail("no-picture", "The camera answers, but no whole picture came in time."),
			);
			const stopped = () => fail("camera-unreachable", "Stopped.");
			signal.addEventListener("abort", stopped, { once: true });
			if (signal.aborted) return stopped();
			source.start({
				tracks: (tracks) => {
					found = tracks;
				},
				unit: (kind, picture) => {
					if (kind === "video" && picture.key && found) resolve({ ok: true, found, picture });
				},
				state: ({ code, detail }) => {
					if (code === "live" || code === "waiting" || code === "off") return;
					fail(code, detail ?? "The camera gives no picture.");
				},
			});
		});
	} finally {
		cancel();
		await source.stop();
	}
}

const transportNote = ({ transport }: Record<string, unknown>): string | undefined =>
	transport === "udp" || transport === "tcp" ? `The camera agreed to send over ${transport.toUpperCase()}.` : undefined;

const VIDEO: readonly [RegExp, string][] = [
	[/^avc[13]\b/i, "H.264"],
	[/^h(vc|ev)1\b/i, "H.265"],
	[/^m?jpe?g\b/i, "MJPEG"],
];
const AUDIO: readonly [RegExp, string][] = [
	[/^mp4a\b/i, "AAC"],
	[/^opus\b/i, "Opus"],
	[/^(alaw|ulaw|pcm[au])\b/i, "G.711"],
];
const spoken = (table: readonly [RegExp, string][], codec: string) =>
	table.find(([pattern]) => pattern.test(codec))?.[1] ?? codec;

/** Whether the pictures are JPEG files, which every browser shows. */
export const isJpeg = ({ video }: MediaTracks): boolean => spoken(VIDEO, video.codec) === "MJPEG";

/** e.g. `H.264, 1280x720, sound AAC 48 kHz`. */
export function describeTracks({ video, audio }: MediaTracks): string {
	const picture = `${spoken(VIDEO, video.codec)}, ${video.width}x${video.height}`;
	if (!audio) return `${picture}, no sound that a browser plays`;
	return `${picture}, sound ${spoken(AUDIO, audio.codec)} ${audio.sampleRate / 1000} kHz`;
}

/** What to do about a camera that gave no picture, for the command line; the page has words of its own. */
export function adviceFor({ code, reason }: Extract<TestEnd, { ok: false }>): string {
	return reason.includes("SHA-256: ")
		? "If it is your camera's, try again with --certificate and that fingerprint."
		: ADVICE[code];
}
const ADVICE: Record<Extract<TestEnd, { ok: false }>["code"], string> = {
	"camera-refused":
		"Check the user and the password. Some cameras have a user of their own for RTSP, and lock out for minutes whoever tries often: wait before the next try.",
	"camera-unreachable":
		"Check the address and the port (usually 554), that the camera has power and is in the same network as this computer, and that RTSP is switched on in its settings.",
	"stream-unsupported":
		"Check the path in the camera's manual, and choose H.264 in the camera's settings. Another transport can be tried with --transport.",
	"no-picture": "Set a key frame (I frame) every 2 seconds in the camera's settings.",
};
