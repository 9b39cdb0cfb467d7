import { createEffect, createSignal, onCleanup } from "solid-js";
import { t } from "../i18n/index.ts";
import { Field } from "./parts.tsx";
import { type Strength, strengthOf } from "./strength.ts";

/** Typing goes on for so long before the words change, ms: a screen reader would speak at each letter otherwise. */
const PAUSE_MS = 250;

/** A field for a new password that says how strong it is while it is typed. `own`: the person's name and address. */
export function NewPassword(props: {
	label: string;
	value: string;
	own: readonly string[];
	onInput: (value: string) => void;
}) {
	const [strength, setStrength] = createSignal<Strength>({ key: "password.hint", taken: false });
	/** The password that `strength` is about: one that was typed on is judged by the service alone. */
	const [judged, setJudged] = createSignal("");
	let estimator: Promise<typeof import("./estimator.ts")> | undefined;
	createEffect(() => {
		const [password, own] = [props.value, props.own];
		if (password !== "") estimator ??= import("./estimator.ts");
		let current = true;
		const timer = setTimeout(async () => {
			// Without the estimator (it could not be loaded) the service still judges.
			const score = (await estimator?.catch(() => undefined))?.score ?? (() => 3);
			if (!current) return;
			setStrength(strengthOf(password, own, score));
			setJudged(password);
		}, PAUSE_MS);
		onCleanup(() => {
			current = false;
			clearTimeout(timer);
		});
	});
	const words = () => t(strength().key, { missing: strength().missing ?? 0 });
	return (
		<Field
			label={props.label}
			type="password"
			autocomplete="new-password"
			required
			hint={words()}
			barrier={props.value !== "" && props.value === judged() && !strength().taken ? words() : undefined}
			live
			value={props.value}
			onInput={props.onInput}
		/>
	);
}
