import { t } from "../i18n/index.ts";
import type { Mark } from "../watch/protocol.ts";

/** One mark and one sentence for all cameras of the grid. */
export function summarize(all: readonly Mark[]): { mark: Mark; text: string } | undefined {
	// A tile out of sight is not watched: it is neither well nor unwell.
	const seen = all.filter((mark) => mark !== "paused");
	const count = seen.length;
	const [first] = seen;
	if (first === undefined) return undefined;
	const live = seen.filter((mark) => mark === "live").length;
	if (live < count) {
		// Of one there is nothing to count: it says how it is.
		if (count === 1) return { mark: first, text: t(`state.${first}`) };
		const mark: Mark = seen.some((it) => it === "stale" || it === "refused") ? "stale" : "waiting";
		return { mark, text: live === 0 ? t("home.noneLive", { count }) : t("home.someLive", { live, count }) };
	}
	const whole = count === all.length;
	if (count === 1) return { mark: "live", text: t(whole ? "state.live" : "home.oneInView") };
	if (count === 2) return { mark: "live", text: t(whole ? "home.bothLive" : "home.bothInView") };
	return { mark: "live", text: t(whole ? "home.allLive" : "home.allInView", { count }) };
}
