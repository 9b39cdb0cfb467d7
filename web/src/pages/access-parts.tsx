import { createEffect, createSignal, type JSX, onMount, Show } from "solid-js";
import { type Key, t } from "../i18n/index.ts";
import { Field, Notice } from "../ui/parts.tsx";
import { Picture } from "../ui/picture.tsx";
import { whyText } from "../ui/picture-words.ts";
import type { ViewState } from "../watch/protocol.ts";
import { endText, type OrderEnd } from "./orders.ts";
import type { TypedAccess } from "./typed-access.ts";

const words = (fault: Key | undefined) => fault && t(fault);

/** Address, user and password, as adding a camera and changing one ask for them. */
export function AccessFields(props: { typed: TypedAccess; passwordHint: string }) {
	const { typed } = props;
	let more: HTMLDetailsElement | undefined;
	// Opened where something in it must be seen; closed by the person alone, never under their hands.
	createEffect(() => {
		if (more && (typed.subFault() || typed.certificateFault())) more.open = true;
	});
	return (
		<>
			<Field
				label={t("add.address")}
				hint={typed.split() ? t("add.split") : t("add.addressHint")}
				fault={words(typed.fault())}
				maxlength={1500}
				exact
				required
				value={typed.address()}
				onInput={typed.setAddress}
			/>
			<Field label={t("add.user")} hint={t("add.userHint")} exact value={typed.user()} onInput={typed.setUser} />
			<Field
				label={t("add.password")}
				type="password"
				autocomplete="off"
				hint={props.passwordHint}
				value={typed.password()}
				onInput={typed.setPassword}
			/>
			<details ref={more} class="more">
				<summary>{t("add.more")}</summary>
				<Field
					label={t("add.sub")}
					hint={t("add.subHint")}
					fault={words(typed.subFault())}
					maxlength={1500}
					exact
					value={typed.sub()}
					onInput={typed.setSub}
				/>
				<Field
					label={t("add.certificate")}
					hint={t("add.certificateHint")}
					fault={words(typed.certificateFault())}
					maxlength={200}
					exact
					value={typed.certificate()}
					onInput={typed.setCertificate}
				/>
			</details>
		</>
	);
}

/** Why an order for an address came to nothing. One that the agent has not answered yet is on trial instead. */
export function OrderFailed(props: { end: OrderEnd | undefined }) {
	const failed = () => (props.end && props.end.end !== "silent" ? endText(props.end) : undefined);
	return (
		<Show when={failed()}>
			{(words) => (
				<Notice kind={words().kind}>
					<p>{words().text}</p>
				</Notice>
			)}
		</Show>
	);
}

/** The camera's own answer to an address: its picture, or what it said. */
export function Trial(props: {
	camera: { id: string; name: string };
	/** The agent had not answered in time. */
	late: boolean;
	onAnswer: (live: boolean) => void;
	/** What to do when the picture is there. */
	children?: JSX.Element;
}) {
	const [answered, setAnswered] = createSignal(false);
	/** What the camera said to the agent, when it was not a picture. */
	const [said, setSaid] = createSignal<string>();
	const hear = ({ mark, why }: ViewState) => {
		const refusal = why && /^(camera-|stream-|off$|codec$)/.test(why.code) ? whyText(why) : undefined;
		setSaid(refusal);
		// The last answer counts: a camera that was there before may still show itself by its old password.
		const live = mark === "live" || (answered() && refusal === undefined);
		if (live === answered()) return;
		setAnswered(live);
		props.onAnswer(live);
	};
	let card: HTMLElement | undefined;
	/** On a small screen the answer appears below the fold. */
	onMount(() => {
		const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
		card?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
	});
	return (
		<section ref={card} class="card" aria-label={props.camera.name}>
			<Notice kind={answered() ? "good" : said() ? "problem" : props.late ? "warning" : "plain"}>
				<p>{answered() ? t("add.answered") : (said() ?? (props.late ? t("add.agentSilent") : t("add.trying")))}</p>
				<Show when={said()}>
					<p>{t("add.kept")}</p>
				</Show>
			</Notice>
			<Picture camera={props.camera} onState={hear} wordless={said() !== undefined} always />
			<Show when={answered()}>
				<div class="row choices">{props.children}</div>
			</Show>
		</section>
	);
}
