/** What every service file sets: Bun's crash reports stay off, see decision 0005. */
export const SERVICE_ENVIRONMENT: Readonly<Record<string, string>> = {
	BUN_ENABLE_CRASH_REPORTING: "0",
	DO_NOT_TRACK: "1",
};

/** Exit codes after which starting anew helps nobody: wrong configuration, and unlinked by the owner. */
export const FINAL_EXIT_CODES = [2, 3] as const;

/** Text as it may stand between two XML tags. */
export const xml = (text: string) =>
	text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
