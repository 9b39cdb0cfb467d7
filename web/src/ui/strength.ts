import { judgePassword, MIN_PASSWORD, normalizePassword, personalWords } from "@mivisus/wire/password";
import type { Key } from "../i18n/en.ts";

/** What is said of a new password while it is typed. */
export interface Strength {
	key: Key;
	/** Characters still missing, where that is what is wrong. */
	missing?: number;
	/** Whether the service would take it. */
	taken: boolean;
}
/** So many characters and the estimator's best score: nothing more to wish for. */
const STRONG_CHARACTERS = 18;
const BEST_SCORE = 4;

/** A new password in words, by the rules that the service goes by. `own`: the person's name and address. */
export function strengthOf(
	password: string,
	own: readonly string[],
	score: (password: string, personal: readonly string[]) => number,
): Strength {
	if (password === "") return { key: "password.hint", taken: false };
	const length = [...normalizePassword(password)].length;
	let found = 0;
	const problem = judgePassword(password, personalWords(...own), (text, personal) => {
		found = score(text, personal);
		return found;
	});
	if (problem === "password-too-short") return { key: "password.short", missing: MIN_PASSWORD - length, taken: false };
	if (problem === "password-too-long") return { key: "password.long", taken: false };
	if (problem) return { key: "password.guessable", taken: false };
	const strong = length >= STRONG_CHARACTERS && found >= BEST_SCORE;
	return { key: strong ? "password.strong" : "password.fair", taken: true };
}
