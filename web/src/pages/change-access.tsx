import { createSignal, onCleanup, Show } from "solid-js";
import type { Camera } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { type Pin, vault } from "../keys/vault.ts";
import { Submit } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { AccessFields, OrderFailed, Trial } from "./access-parts.tsx";
import { type OrderEnd, orderAccess } from "./orders.ts";
import { typedAccess } from "./typed-access.ts";

/** Another address, user or password for a camera that the agent has. */
export function ChangeAccess(props: { camera: Camera; pin: Pin; changed: () => void }) {
	const typed = typedAccess(props.camera.address);
	const [step, setStep] = createSignal<"sealing" | "sending" | "waiting">();
	const [ended, setEnded] = createSignal<OrderEnd>();
	let form: HTMLFormElement | undefined;
	const stop = new AbortController();
	onCleanup(() => stop.abort());

	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (step()) return;
		const read = typed.read();
		if (!read) return form?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
		setEnded(undefined);
		setStep("sealing");
		const camera = props.camera.id;
		const end = await orderAccess(
			{ api, vault },
			{ pin: props.pin, camera, access: read.access },
			(command) => api.readdressCamera(camera, read.address, command),
			setStep,
			stop.signal,
		);
		setEnded(end);
		setStep(undefined);
		if (end.end === "done" || end.end === "silent") props.changed();
	};
	const busy = () => {
		const at = step();
		return at && t(`add.${at}`);
	};
	return (
		<>
			<p>{t("access.lead")}</p>
			<form ref={form} class="form" novalidate onSubmit={(event) => void submit(event)}>
				<AccessFields typed={typed} passwordHint={t("access.passwordHint")} />
				<OrderFailed end={ended()} />
				<Submit busy={busy()}>{t("access.action")}</Submit>
			</form>
			<Show when={ended()?.end === "done" || ended()?.end === "silent"}>
				<Trial
					camera={props.camera}
					late={ended()?.end === "silent"}
					onAnswer={(live) => {
						if (live) typed.forgetPassword();
					}}
				>
					<Link class="button" href={`/cameras/${props.camera.id}`}>
						{t("add.view")}
					</Link>
				</Trial>
			</Show>
		</>
	);
}
