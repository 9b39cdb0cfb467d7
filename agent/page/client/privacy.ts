import type { Privacy } from "../../privacy.ts";
import { api } from "./api.ts";
import { button, field, h, setText } from "./dom.ts";
import { problemText } from "./trial.ts";
import { type Key, t } from "./words.ts";

/** Hours that one camera can have; the agent refuses more. */
const MAX_HOURS = 28;
type Hours = Privacy["hours"][number];

const clock = (minutes: number) =>
	`${String(Math.floor(minutes / 60) % 24).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const minutesOf = (text: string) => {
	const [hours = "", minutes = ""] = text.split(":");
	return /^\d\d:\d\d/.test(text) ? Number(hours) * 60 + Number(minutes) : undefined;
};

/** One line of the week: days, from, until. */
function hoursRow(hours: Hours, remove: () => void) {
	const days = [1, 2, 3, 4, 5, 6, 7].map((day) => {
		const input = h("input", { type: "checkbox", value: day, checked: hours.days.includes(day) });
		return { input, label: h("label", { class: "day" }, input, h("span", {}, t(`day.${day}` as Key))) };
	});
	const from = field(t("privacy.from"), { type: "time", value: clock(hours.from), required: true });
	const to = field(t("privacy.to"), { type: "time", value: clock(hours.to), required: true });
	const dayGroup = h(
		"fieldset",
		{ class: "days" },
		h("legend", {}, t("privacy.days")),
		...days.map(({ label }) => label),
	);
	const drop = button(t("privacy.remove"), remove, "quiet");
	const element = h("div", { class: "hours" }, dayGroup, h("div", { class: "row" }, from.row, to.row, drop));
	const read = (): Hours | undefined => {
		const chosen = days.filter(({ input }) => input.checked).map(({ input }) => Number(input.value));
		const [begin, end] = [minutesOf(from.input.value), minutesOf(to.input.value)];
		if (begin === undefined || end === undefined || chosen.length === 0) return undefined;
		// From midnight until midnight is the whole day; a time field knows no 24:00.
		if (begin === 0 && end === 0) return { days: chosen, from: 0, to: 1440 };
		return begin === end ? undefined : { days: chosen, from: begin, to: end };
	};
	return { element, read };
}

/** The privacy switch of one camera: on and off at once, the week when it is saved. */
export class PrivacySwitch {
	readonly element: HTMLElement;
	#camera: string;
	#kept: Privacy;
	#radios: Record<Privacy["mode"], HTMLInputElement>;
	#week: HTMLElement;
	#list = h("div");
	#rows: ReturnType<typeof hoursRow>[] = [];
	#said = h("p", { role: "status", class: "said" });
	#changed: () => void;

	constructor(camera: string, privacy: Privacy, zone: string, changed: () => void) {
		this.#camera = camera;
		this.#kept = privacy;
		this.#changed = changed;
		const radio = (mode: Privacy["mode"]) =>
			h("input", { type: "radio", name: `privacy-${camera}`, value: mode, onchange: () => this.#choose(mode) });
		this.#radios = { on: radio("on"), off: radio("off"), week: radio("week") };
		const choices = (["on", "off", "week"] as const).map((mode) =>
			h("label", { class: "choice" }, this.#radios[mode], h("span", {}, t(`privacy.${mode}`))),
		);
		this.#week = h(
			"div",
			{ class: "week" },
			h("p", { class: "hint" }, t("privacy.zone", { zone })),
			this.#list,
			h(
				"div",
				{ class: "row" },
				button(t("privacy.add"), () => this.#add({ days: [1, 2, 3, 4, 5], from: 22 * 60, to: 7 * 60 }), "quiet"),
				button(t("privacy.save"), () => this.#saveWeek()),
			),
		);
		this.element = h(
			"fieldset",
			{ class: "privacy" },
			h("legend", {}, t("privacy")),
			h("div", { class: "choices" }, ...choices),
			h("p", { class: "hint" }, t("privacy.text")),
			this.#week,
			this.#said,
		);
		this.#show(privacy);
	}
	/** What the agent keeps now; what is being typed stays. */
	update(privacy: Privacy): void {
		if (JSON.stringify(privacy) === JSON.stringify(this.#kept)) return;
		this.#kept = privacy;
		this.#show(privacy);
	}
	#show({ mode, hours }: Privacy): void {
		this.#radios[mode].checked = true;
		this.#week.hidden = mode !== "week";
		this.#rows = [];
		this.#list.replaceChildren();
		for (const each of hours) this.#add(each);
	}
	#add(hours: Hours): void {
		if (this.#rows.length >= MAX_HOURS) {
			setText(this.#said, t("privacy.many"));
			return;
		}
		const row = hoursRow(hours, () => {
			this.#rows = this.#rows.filter((other) => other !== row);
			row.element.remove();
		});
		this.#rows.push(row);
		this.#list.append(row.element);
	}
	#choose(mode: Privacy["mode"]): void {
		setText(this.#said, "");
		this.#week.hidden = mode !== "week";
		if (mode !== "week") void this.#save({ mode, hours: this.#kept.hours });
		else if (this.#rows.length === 0) this.#add({ days: [1, 2, 3, 4, 5, 6, 7], from: 22 * 60, to: 7 * 60 });
	}
	async #saveWeek(): Promise<void> {
		const hours = this.#rows.map(({ read }) => read());
		if (hours.some((each) => !each)) return setText(this.#said, t("privacy.needDay"));
		await this.#save({ mode: "week", hours: hours.filter((each) => each !== undefined) });
	}
	async #save(privacy: Privacy): Promise<void> {
		try {
			await api.setPrivacy(this.#camera, privacy);
			this.#kept = privacy;
			setText(this.#said, t("privacy.saved"));
			this.#changed();
		} catch (error) {
			this.#radios[this.#kept.mode].checked = true;
			setText(this.#said, problemText(error));
		}
	}
}
