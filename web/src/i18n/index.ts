import { createSignal } from "solid-js";
import { en, type Key } from "./en.ts";
import { fr } from "./fr.ts";

export type { Key } from "./en.ts";
export type Language = "en" | "fr";
const DICTIONARIES: Record<Language, Record<Key, string>> = { en, fr };
const STORED = "mivisus.language";

/** The first of `wished` that we speak; English otherwise. */
export function chooseLanguage(stored: string | null, wished: readonly string[]): Language {
	for (const tag of stored ? [stored, ...wished] : wished) {
		const language = tag.slice(0, 2).toLowerCase();
		if (language === "en" || language === "fr") return language;
	}
	return "en";
}

/** `text` with its `{holes}` filled; a hole without a value stays visible. */
export function fill(text: string, values: Record<string, string | number>): string {
	return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

const inBrowser = typeof document !== "undefined";
const [language, setSignal] = createSignal<Language>(
	inBrowser ? chooseLanguage(localStorage.getItem(STORED), navigator.languages) : "en",
);

export { language };

export function setLanguage(next: Language): void {
	setSignal(next);
	localStorage.setItem(STORED, next);
	document.documentElement.lang = next;
}
if (inBrowser) document.documentElement.lang = language();

/** The sentence `key` in the current language. */
export const t = (key: Key, values: Record<string, string | number> = {}): string =>
	fill(DICTIONARIES[language()][key], values);

/** The person's own variety of the language: hours and commas as they write them. */
const locale = () => (inBrowser ? navigator.languages : []).find((tag) => tag.startsWith(language())) ?? language();

/** A time of day, with the day when it is not today. */
export function clockTime(ms: number, nowMs = Date.now()): string {
	const sameDay = new Date(ms).toDateString() === new Date(nowMs).toDateString();
	return new Intl.DateTimeFormat(locale(), {
		hour: "2-digit",
		minute: "2-digit",
		...(!sameDay && { day: "numeric", month: "short" }),
	}).format(ms);
}
/** A day of the service's, `2026-11-25`, as people write it. */
export const dayText = (day: string): string =>
	new Intl.DateTimeFormat(locale(), { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(
		new Date(day),
	);
/** The viewer's own day of an instant. */
export const dayOf = (ms: number): string =>
	new Intl.DateTimeFormat(locale(), { day: "numeric", month: "long", year: "numeric" }).format(ms);
/** How many entries, in words. */
export const entries = (count: number): string =>
	count === 1 ? t("data.entry") : t("data.entries", { count: figure(count) });
/** A number with `digits` decimals, as the language writes it. */
export const figure = (value: number, digits = 0): string =>
	new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits })
		.format(value)
		// A minus sign is as wide as the digits; what Intl gives in most languages is a hyphen.
		.replace("-", "−");
