import type { AgentView } from "../../control.ts";
import { api, type Found, Refusal, type TypedCamera } from "./api.ts";
import { button, field, h, setText } from "./dom.ts";
import { problemText, Trial } from "./trial.ts";
import { t } from "./words.ts";

/** Finding, typing, testing and adding a camera. What was typed stays until the camera is added. */
export function addForm(changed: () => void) {
	const off = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };
	const name = field(t("add.name"), { maxlength: 80, autocomplete: "off" }, t("add.nameHint"));
	const address = field(t("add.address"), { ...off, inputmode: "url", maxlength: 2000 }, t("add.addressHint"));
	const user = field(t("add.user"), { ...off, maxlength: 256 });
	const secret = { ...off, type: "password", autocomplete: "new-password", maxlength: 256 };
	const password = field(t("add.password"), secret, t("add.passwordHint"));
	const reveal = h("input", { type: "checkbox" });
	reveal.addEventListener("change", () => {
		password.input.type = reveal.checked ? "text" : "password";
	});
	const trial = new Trial(t("unnamed"));
	const needLink = h("p", { class: "hint" }, t("add.needLink"));
	const found = h("div", { class: "found" });
	const heard = h("p", { class: "said", role: "status" });
	const which = h("p", { class: "hint", role: "status" });
	const channel = h("select", { id: "channel" });
	const channels = h("div", { class: "field" }, h("label", { for: "channel" }, t("add.channel")), channel);
	channels.hidden = true;
	/** A recorder wants to know which of its channels is meant. */
	const offerChannels = (error: unknown) => {
		if (!(error instanceof Refusal) || error.channels.length === 0) return;
		channel.replaceChildren(...error.channels.map((each) => h("option", { value: each }, each)));
		channels.hidden = false;
		channel.focus();
	};

	const missing = (input: HTMLInputElement, words: string): boolean => {
		const empty = input.value.trim() === "";
		input.ariaInvalid = empty ? "true" : "false";
		if (empty) {
			trial.clear();
			trial.say(words, "bad");
			input.focus();
		}
		return empty;
	};
	/** What was found and chosen, as long as no address is typed instead. */
	let chosen: { device: string; host: string; port: number } | undefined;
	/** The certificate that the person has compared; it counts for this address alone. */
	let trusted: { address: string; certificate: string } | undefined;
	const noAddress = () => {
		if (chosen && address.input.value.trim() === "") return false;
		return missing(address.input, t("add.needAddress"));
	};
	const typed = (): TypedCamera => {
		const written = address.input.value;
		const signIn = {
			...(user.input.value !== "" && { user: user.input.value }),
			...(password.input.value !== "" && { password: password.input.value }),
		};
		if (chosen && written.trim() === "") {
			return { found: { ...chosen, ...(!channels.hidden && { source: channel.value }) }, ...signIn };
		}
		return { address: written, ...signIn, ...(trusted?.address === written && { certificate: trusted.certificate }) };
	};
	const test = async (): Promise<void> => {
		if (noAddress()) return;
		await trial.run(typed(), {
			trust: (certificate) => {
				trusted = { address: address.input.value, certificate };
				void test();
			},
			refused: offerChannels,
		});
	};
	const add = async () => {
		if (noAddress() || missing(name.input, t("add.needName"))) return;
		trial.clear();
		try {
			const { announced } = await api.add({ name: name.input.value, ...typed() });
			for (const { input } of [name, address, user, password]) input.value = "";
			choose(undefined);
			trial.say(t(announced ? "add.done" : "add.later"), "good");
			changed();
		} catch (error) {
			trial.say(problemText(error), "bad");
			offerChannels(error);
		}
	};
	const choose = (camera: Found | undefined) => {
		channels.hidden = true;
		chosen = camera && { device: camera.device, ...camera.address };
		setText(which, camera ? t("add.chosen", { name: camera.name, host: camera.address.host }) : "");
		if (!camera) return;
		// What was typed for another camera is not sent to this one.
		for (const input of [address.input, user.input, password.input]) input.value = "";
		if (name.input.value === "") name.input.value = camera.name.slice(0, 80);
		user.input.focus();
	};
	const search = button(t("add.search"), async () => {
		let count = 0;
		found.replaceChildren();
		setText(heard, t("add.searching"));
		try {
			await api.search(({ found: camera }) => {
				if (!camera) return;
				count += 1;
				const { host } = camera.address;
				const more = [camera.maker, host].filter(Boolean).join(", ");
				found.append(button(`${camera.name} (${more})`, () => choose(camera), "quiet"));
			});
			setText(heard, count > 0 ? t("add.found", { n: count }) : t("add.foundNone"));
		} catch (error) {
			setText(heard, problemText(error));
		}
	});
	const submit = button(t("add.action"), add, "primary");
	const form = h(
		"form",
		{
			class: "card",
			autocomplete: "off",
			onsubmit: (event) => {
				event.preventDefault();
				void test();
			},
		},
		h("div", { class: "row" }, search),
		heard,
		found,
		which,
		address.row,
		name.row,
		user.row,
		password.row,
		channels,
		h("label", { class: "choice" }, reveal, h("span", {}, t("add.show"))),
		h("div", { class: "row" }, button(t("add.test"), test), submit),
		needLink,
		trial.element,
	);
	const title = h("h2", { id: "add" }, t("add"));
	const element = h("section", { "aria-labelledby": "add" }, title, form);
	const update = ({ link, canSearch }: AgentView) => {
		search.hidden = !canSearch;
		submit.hidden = link !== "linked";
		needLink.hidden = link === "linked";
	};
	return { element, update };
}
