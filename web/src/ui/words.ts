import type { Problem, Result } from "../api/client.ts";
import { type Key, language, t } from "../i18n/index.ts";

const KNOWN: Record<string, Key> = {
	offline: "problem.offline",
	"unexpected-answer": "problem.unexpected-answer",
	"wrong-credentials": "problem.wrong-credentials",
	"rate-limited": "problem.rate-limited",
	"too-many-requests": "problem.rate-limited",
	"not-found": "problem.not-found",
	unauthorized: "problem.signed-out",
	"code-unusable": "problem.code-unusable",
	restricted: "problem.restricted",
	"password-too-short": "problem.password-too-short",
	"password-too-long": "problem.password-too-long",
	"password-guessable": "problem.password-guessable",
	"proof-required": "problem.proof-required",
	"link-unusable": "problem.link-unusable",
	"passkey-refused": "problem.passkey-refused",
	"terms-outdated": "problem.terms-outdated",
	"export-running": "problem.export-running",
	"passkey-failed": "passkey.failed",
	"passkey-exists": "passkey.exists",
	"not-an-address": "problem.not-an-address",
	"too-many": "problem.too-many",
	busy: "problem.busy",
	unavailable: "problem.unavailable",
	"relay-away": "problem.relay-away",
	// Its detail is a validator's, in English: it helps whoever writes pages, not who reads them.
	malformed: "problem.malformed",
	"already-exists": "problem.already-exists",
};

/** A problem as a sentence: ours where we know it, the service's own otherwise. */
export function problemText(problem: Problem): string {
	const minutes = Math.ceil((problem.retryAfterS ?? 0) / 60);
	if (problem.status === 429 && problem.code !== "too-many" && minutes > 1) return t("problem.wait", { minutes });
	const key = KNOWN[problem.code];
	if (key) return t(key);
	if (problem.status === 401) return t("problem.signed-out");
	if (problem.status === 429) return t("problem.rate-limited");
	if (problem.status >= 500) return t("problem.server");
	// The service speaks English only.
	const detail = language() === "en" ? problem.detail : "";
	return detail ? t("problem.other", { detail }) : t("problem.bare", { code: problem.code });
}

/** The problem of a result, if it is one. */
export const problemOf = (result: Result<unknown>): Problem | undefined =>
	result.kind === "problem" ? result.problem : undefined;
