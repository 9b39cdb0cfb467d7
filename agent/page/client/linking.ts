import type { AgentView } from "../../control.ts";
import { api } from "./api.ts";
import { button, h, setText } from "./dom.ts";
import { drawCode } from "./still.ts";
import { problemText } from "./trial.ts";
import { says, t, timeOf } from "./words.ts";

/** Linking: the link with its code and fingerprint, and making a new one. */
export function linking(changed: () => void) {
	const title = h("h2", { id: "link" });
	const more = h("p", { class: "hint" }, t("link.moreText"));
	const text = h("p");
	const open = h("a", { class: "button primary", target: "_blank", rel: "noreferrer" }, t("link.open"));
	const code = h("canvas", { class: "code", role: "img", "aria-label": t("link.code") });
	const finger = h("p", { class: "mono finger" });
	const pendingPart = h("div", {}, text, h("div", { class: "row" }, open), code, h("p", {}, t("link.finger")), finger);
	const said = h("p", { class: "said", role: "status" });
	const make = button(t("link.make"), async () => {
		setText(said, "");
		try {
			await api.newLink();
			changed();
		} catch (error) {
			setText(said, problemText(error));
		}
	});
	const element = h(
		"section",
		{ "aria-labelledby": "link" },
		title,
		h("div", { class: "card" }, more, pendingPart, said, h("div", { class: "row" }, make)),
	);
	let shown = "";
	const update = ({ link, pending, linkFault, zone }: AgentView) => {
		element.hidden = link === "ended";
		setText(title, t(link === "linked" ? "link.more" : "link.title"));
		more.hidden = link !== "linked";
		pendingPart.hidden = !pending;
		setText(make, t(pending ? "link.again" : "link.make"));
		if (linkFault) setText(said, says(linkFault));
		else if (pending && pending.url !== shown) setText(said, "");
		if (!pending || pending.url === shown) return;
		shown = pending.url;
		open.href = pending.url;
		setText(text, t("link.text", { time: timeOf(pending.expiresAtMs, zone) }));
		setText(finger, pending.fingerprint);
		// Void by now: the next look brings the code of the new one.
		api.code().then(
			(rows) => drawCode(code, rows),
			() => {
				shown = "";
			},
		);
	};
	return { element, update };
}
