import { agentFrench } from "@mivisus/wire/agent-words";
import { en, type Key } from "./en.ts";
import { fr } from "./fr.ts";

export type { Key };

const chosen = () => sessionStorage.getItem("language");
const preferred = () => (navigator.language.toLowerCase().startsWith("fr") ? "fr" : "en");

/** The page's language: the browser's, until somebody chose another. */
export const language = (): "en" | "fr" =>
	(chosen() === "fr" || chosen() === "en" ? chosen() : preferred()) as "en" | "fr";
export const chooseLanguage = (tag: "en" | "fr"): void => sessionStorage.setItem("language", tag);

/** A text of this page. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
	const text = (language() === "fr" ? fr : en)[key];
	return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

/** A sentence of the agent. */
export const says = (sentence: string): string =>
	language() === "fr" ? agentFrench(sentence) : sentence.replaceAll("'", "’");

/** What a camera sends, e.g. `H.264, 1280x720, sound AAC 48 kHz`. */
export const sends = (text: string): string =>
	language() === "fr"
		? text
				.replace("no sound that a browser plays", "pas de son lisible par un navigateur")
				.replace(", sound ", ", son ")
		: text;

/** A time as the house's clock shows it; with the day where that is another one. */
export function timeOf(ms: number, zone: string, seconds = false): string {
	const day = (at: number) => new Date(at).toLocaleDateString(language(), { timeZone: zone });
	const sameDay = day(ms) === day(Date.now());
	return new Date(ms).toLocaleString(language(), {
		timeZone: zone,
		hour: "2-digit",
		minute: "2-digit",
		hourCycle: "h23",
		...(seconds && { second: "2-digit" }),
		...(!sameDay && { day: "numeric", month: "short" }),
	});
}

/** A number of bytes, in the unit that people read. */
export function bytesOf(bytes: number): string {
	const units = language() === "fr" ? ["o", "ko", "Mo", "Go", "To"] : ["B", "kB", "MB", "GB", "TB"];
	const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
	const value = bytes / 1000 ** power;
	const shown = value.toLocaleString(language(), { maximumFractionDigits: value < 10 && power > 0 ? 1 : 0 });
	return `${shown} ${units[power]}`;
}
