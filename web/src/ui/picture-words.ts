import { clockTime, figure, type Key, t } from "../i18n/index.ts";
import { agentSays } from "../i18n/says.ts";
import type { Why } from "../watch/protocol.ts";

/** "0,12 s" while it is fine; words when it matters. */
export function ageText(ageMs: number): string {
	const seconds = ageMs / 1000;
	if (seconds < 2) return t("age.seconds", { s: figure(seconds, 2) });
	return t("age.old", { words: ageWords(ageMs) });
}
function ageWords(ageMs: number): string {
	const seconds = Math.round(ageMs / 1000);
	if (seconds < 120) return t("age.secondsWord", { n: figure(seconds) });
	return t("age.minutesWord", { n: figure(Math.round(seconds / 60)) });
}
const CODECS: [RegExp, string][] = [
	[/^(hvc1|hev1)/, "H.265"],
	[/^avc[13]/, "H.264"],
	[/^av01/, "AV1"],
	[/^vp09/, "VP9"],
	[/^(mjpeg|jpeg)/i, "MJPEG"],
	[/^mp4a\.40/, "AAC"],
	[/^[au]law$/, "G.711"],
	[/^opus$/i, "Opus"],
];
/** A codec string as people know it. */
export const codecName = (codec: string) => CODECS.find(([form]) => form.test(codec))?.[1] ?? codec;

/** For so long a change is news: a time of day would make people look at the clock. */
const JUST_NOW_MS = 60_000;
const JUST_NOW: Partial<Record<Why["code"], Key>> = {
	reconnecting: "whyNow.reconnecting",
	noPictures: "whyNow.noPictures",
	"camera-unreachable": "whyNow.camera-unreachable",
	"camera-refused": "whyNow.camera-refused",
	off: "whyNow.off",
};
/** What only the camera's own words explain. */
const WITH_DETAIL: readonly Why["code"][] = ["stream-unsupported", "camera-unreachable", "camera-refused", "waiting"];
/** The reason as a sentence. */
export function whyText(why: Why, nowMs = Date.now()): string {
	const isNews = why.sinceMs !== undefined && nowMs - why.sinceMs < JUST_NOW_MS;
	const sentence = t((isNews && JUST_NOW[why.code]) || (`why.${why.code}` as Key), {
		time: why.sinceMs === undefined ? "" : clockTime(why.sinceMs),
		age: why.ageMs === undefined ? "" : ageWords(why.ageMs),
		detail: why.detail ?? "",
		codec: codecName(why.detail ?? ""),
	});
	// What exactly the camera said helps where the sentence alone does not say what to do.
	const more = WITH_DETAIL.includes(why.code) ? why.detail : undefined;
	return more ? `${sentence} ${agentSays(more)}` : sentence;
}

/** Of the loudest that can be: 0 dB; half of it: −6 dB. */
export const decibels = (peak: number): string => `${figure(20 * Math.log10(peak), 1)}\u00a0dB`;
