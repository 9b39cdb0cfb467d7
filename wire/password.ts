/** Rules for a new password, one for page and service: CNIL deliberation 2022-100 counts entropy, not kinds of characters. */

/** Characters (code points, after NFC) that suffice for one that is not easily guessed. */
export const MIN_PASSWORD = 12;
/** A shorter one passes when the estimator finds it hard to guess; below this none does. */
export const MIN_STRONG_PASSWORD = 8;
export const MAX_PASSWORD = 256;
/** The estimator looks at no more than so many characters: its work grows much faster than the length. */
export const ESTIMATED_CHARACTERS = 64;
/** Scores of the estimator, 0 to 4: up to here a long one is guessed quickly, and from there a short one is not. */
const GUESSED_QUICKLY = 2;
const HARD_TO_GUESS = 4;
/** What must be left of a password without the person's own name and address, letters and digits. */
const MIN_IMPERSONAL = 6;

export type PasswordProblem = "password-too-short" | "password-too-long" | "password-guessable";

/** The same password typed on two keyboards must be one: NFC before anything (field fault A02). */
export const normalizePassword = (password: string): string => password.normalize("NFC");

/** Words of the person's name and address that a password must not be made of, lower case. */
export function personalWords(...texts: readonly string[]): string[] {
	const words = texts.flatMap((text) =>
		text
			.toLowerCase()
			.normalize("NFC")
			.split(/[^\p{L}\p{N}]+/u),
	);
	return [...new Set(words.filter((word) => word.length >= 3))].sort((a, b) => b.length - a.length);
}

/**
 * Why a new password is not taken, or `undefined`. `score`: what the estimator says of its first ESTIMATED_CHARACTERS,
 * 0 to 4; asked only when the length leaves it open.
 */
export function judgePassword(
	password: string,
	personal: readonly string[],
	score: (password: string, personal: readonly string[]) => number,
): PasswordProblem | undefined {
	const characters = [...normalizePassword(password)];
	if (characters.length > MAX_PASSWORD) return "password-too-long";
	if (characters.length < MIN_STRONG_PASSWORD) return "password-too-short";
	let rest = normalizePassword(password).toLowerCase();
	for (const word of personal) rest = rest.replaceAll(word, "");
	if (rest.replace(/[^\p{L}\p{N}]/gu, "").length < MIN_IMPERSONAL && personal.length > 0) return "password-guessable";
	const found = score(characters.slice(0, ESTIMATED_CHARACTERS).join(""), personal);
	if (characters.length < MIN_PASSWORD && found < HARD_TO_GUESS) return "password-too-short";
	return found <= GUESSED_QUICKLY ? "password-guessable" : undefined;
}
