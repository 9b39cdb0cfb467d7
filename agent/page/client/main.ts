import type { AgentView } from "../../control.ts";
import { addForm } from "./adding.ts";
import { api, Refusal } from "./api.ts";
import { cameraList } from "./cameras.ts";
import { h, setText } from "./dom.ts";
import { linking } from "./linking.ts";
import "./style.css";
import { bytesOf, chooseLanguage, language, t, timeOf } from "./words.ts";

/** How often the page looks at the agent, ms. */
const LOOK_MS = 2000;

const TROUBLE = new Set(["camera-unreachable", "camera-refused", "stream-unsupported"]);

/** One word on everything: what a tired person wants to know. */
function summary({ link, connections, cameras }: AgentView): { text: string; kind: string } {
	if (link === "ended") return { text: t("live.ended"), kind: "refused" };
	if (link === "unlinked") return { text: t("live.unlinked"), kind: "waiting" };
	if (connections.service === "unreachable") return { text: t("live.service"), kind: "stale" };
	if (connections.relay === "waiting") return { text: t("live.relay"), kind: "stale" };
	if (connections.service === "connecting") return { text: t("live.connecting"), kind: "waiting" };
	const dark = cameras.filter(({ state }) => TROUBLE.has(state)).length;
	if (dark > 0) return { text: t("live.trouble", { n: dark, all: cameras.length }), kind: "stale" };
	if (cameras.length === 0) return { text: t("live.none"), kind: "live" };
	return { text: t(cameras.length === 1 ? "live.one" : "live.good", { n: cameras.length }), kind: "live" };
}

/** The log, looked at only while it is open. */
function logPart() {
	const lines = h("ol", { class: "log", tabindex: 0, "aria-label": t("log") });
	const none = h("p", { class: "hint" }, t("log.none"));
	const element = h(
		"details",
		{ class: "card" },
		h("summary", {}, h("h2", {}, t("log"))),
		h("p", { class: "hint" }, t("log.text")),
		none,
		lines,
	);
	const update = async ({ zone }: AgentView) => {
		if (!element.open) return;
		const all = await api.log();
		none.hidden = all.length > 0;
		lines.replaceChildren(
			...all.map(({ atMs, level, text }) =>
				h("li", { "data-level": level }, h("time", {}, timeOf(atMs, zone, true)), h("span", {}, text)),
			),
		);
	};
	element.addEventListener("toggle", () => void look());
	return { element, update };
}

let look = async () => {};
let timer: ReturnType<typeof setTimeout> | undefined;

function build(): void {
	document.documentElement.lang = language();
	document.title = t("title");
	const status = h("p", { class: "status", role: "status" });
	const left = h("p", { class: "hint" });
	const closed = h("div", { class: "card", hidden: true }, h("h2", {}, t("closed")), h("p", {}, t("closedHow")));
	closed.append(h("p", { class: "mono" }, "mivisus-agent page"));
	const other = h("button", { type: "button", class: "quiet", lang: language() === "fr" ? "en" : "fr" }, t("language"));
	other.addEventListener("click", () => {
		chooseLanguage(language() === "fr" ? "en" : "fr");
		build();
	});
	const title = h("h1", {}, t("title"));
	const again = () => void look();
	const parts = [linking(again), cameraList(again), addForm(again), logPart()] as const;
	const [link, cameras, add, log] = parts;
	const body = h("div", { class: "body", hidden: true });
	document.body.replaceChildren(
		h("header", {}, h("div", { class: "head" }, title, other), status, left),
		h("main", {}, closed, body),
		h("footer", {}, h("p", { class: "hint" }, t("skip"))),
	);
	let order = "";
	const show = (view: AgentView) => {
		const { text, kind } = summary(view);
		status.dataset["kind"] = kind;
		setText(status, text);
		setText(title, view.name);
		const { lastPictureMs, todayBytes } = view.left;
		const words = { time: timeOf(lastPictureMs ?? 0, view.zone), bytes: bytesOf(todayBytes) };
		setText(left, lastPictureMs ? t("left.last", words) : t("left.none"));
		// What has to be done first stands first; moved only when that changes, because moving loses the focus.
		if (order !== view.link) {
			order = view.link;
			const sections = view.link === "linked" ? [cameras, add, link, log] : [link, add, cameras, log];
			body.replaceChildren(...sections.map(({ element }) => element));
		}
		body.hidden = false;
		closed.hidden = true;
		for (const { update } of parts) void update(view);
	};
	look = async () => {
		clearTimeout(timer);
		try {
			show(await api.state());
		} catch (error) {
			const shut = error instanceof Refusal && error.code === "page-not-open";
			if (shut) {
				body.hidden = true;
				closed.hidden = false;
				setText(status, "");
			} else {
				status.dataset["kind"] = "stale";
				setText(status, t("gone"));
			}
		}
		timer = setTimeout(() => void look(), LOOK_MS);
	};
	void look();
}

async function start(): Promise<void> {
	const secret = location.hash.slice(1);
	// Out of the address bar and the history at once: it works once, and is nobody else's.
	if (secret !== "") history.replaceState(null, "", "/");
	if (secret !== "") await api.open(secret).catch(() => {});
	build();
	window.addEventListener("hashchange", () => void start());
}
void start();
