import type { AgentView, CameraView } from "../../control.ts";
import { api } from "./api.ts";
import { button, h, setText } from "./dom.ts";
import { PrivacySwitch } from "./privacy.ts";
import { problemText, Trial } from "./trial.ts";
import { bytesOf, says, sends, t, timeOf } from "./words.ts";

const KINDS: Record<CameraView["state"], "live" | "waiting" | "stale" | "refused" | "quiet"> = {
	live: "live",
	waiting: "waiting",
	idle: "quiet",
	off: "quiet",
	"camera-unreachable": "stale",
	"camera-refused": "refused",
	"stream-unsupported": "refused",
};

/** One camera: what it does, what of it left the house, its picture, its switch. */
function card(camera: CameraView, zone: string, changed: () => void) {
	const name = h("h3");
	const state = h("p", { class: "state" });
	const detail = h("p", { class: "hint" });
	const address = h("p", { class: "mono" });
	const facts = h("p", { class: "hint" });
	const trial = new Trial(camera.name ?? t("unnamed"));
	const show = button(t("picture"), () => trial.run({ id: camera.id }));
	const privacy = new PrivacySwitch(camera.id, camera.privacy, zone, changed);
	const ready = readySwitch(camera.id, changed);
	const element = h(
		"li",
		{ class: "card" },
		h("div", { class: "head" }, name, state),
		detail,
		address,
		facts,
		h("div", { class: "row" }, show),
		trial.element,
		privacy.element,
		ready.element,
	);
	const update = (view: CameraView) => {
		setText(name, view.name ?? t("unnamed"));
		const unwatched = view.state === "live" && !view.watched;
		state.dataset["kind"] = unwatched ? "quiet" : KINDS[view.state];
		setText(state, t(unwatched ? "state.unwatched" : `state.${view.state}`, { time: timeOf(view.sinceMs, zone) }));
		setText(detail, view.published ? says(view.detail ?? "") : t("state.unannounced"));
		setText(address, view.address ?? "");
		const left = view.left.lastPictureMs
			? t("left.camera", { time: timeOf(view.left.lastPictureMs, zone), bytes: bytesOf(view.left.todayBytes) })
			: t("left.cameraNone");
		setText(facts, [view.sends && `${sends(view.sends)}.`, left, view.sound && t("sound")].filter(Boolean).join(" "));
		privacy.update(view.privacy);
		ready.update(view.ready);
	};
	update(camera);
	return { element, update };
}

/** Whether a camera is read while nobody looks, too. */
function readySwitch(camera: string, changed: () => void) {
	const said = h("p", { role: "status", class: "said" });
	const box = h("input", { type: "checkbox", "aria-describedby": `ready-${camera}` });
	let kept = false;
	box.addEventListener("change", async () => {
		try {
			await api.setReady(camera, box.checked);
			kept = box.checked;
			setText(said, t("privacy.saved"));
			changed();
		} catch (error) {
			box.checked = kept;
			setText(said, problemText(error));
		}
	});
	const label = h("label", { class: "choice" }, box, h("span", {}, t("ready")));
	const element = h(
		"div",
		{ class: "ready" },
		label,
		h("p", { class: "hint", id: `ready-${camera}` }, t("ready.text")),
		said,
	);
	const update = (ready: boolean) => {
		kept = ready;
		box.checked = ready;
	};
	return { element, update };
}

/** The list of cameras, each kept as it is on the screen while its camera is there. */
export function cameraList(changed: () => void) {
	const none = h("p", { class: "hint" }, t("cameras.none"));
	const list = h("ul", { class: "cards" });
	const title = h("h2", { id: "cameras" }, t("cameras"));
	const element = h("section", { "aria-labelledby": "cameras" }, title, none, list);
	const cards = new Map<string, ReturnType<typeof card>>();
	const update = ({ cameras, zone }: AgentView) => {
		none.hidden = cameras.length > 0;
		for (const [id, { element: gone }] of cards) {
			if (cameras.some((camera) => camera.id === id)) continue;
			gone.remove();
			cards.delete(id);
		}
		for (const camera of cameras) {
			const known = cards.get(camera.id);
			if (known) known.update(camera);
			else {
				const made = card(camera, zone, changed);
				cards.set(camera.id, made);
				list.append(made.element);
			}
		}
	};
	return { element, update };
}
