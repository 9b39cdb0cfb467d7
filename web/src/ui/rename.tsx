import Pencil from "lucide-solid/icons/pencil";
import { createSignal, createUniqueId, onMount, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Field, ProblemNotice, Submit } from "./parts.tsx";
import { useTask } from "./task.ts";

/** A button that gives something of the person's another name. */
export function Rename(props: {
	what: "agents" | "passkeys" | "sessions";
	id: string;
	name: string;
	onDone: () => void;
}) {
	const [open, setOpen] = createSignal(false);
	return (
		<>
			<button
				type="button"
				class="button icon quiet"
				aria-label={t("rename.of", { name: props.name })}
				title={t("rename.action")}
				onClick={() => setOpen(true)}
			>
				<Pencil size={20} aria-hidden="true" />
			</button>
			<Show when={open()}>
				<Dialog {...props} onClose={() => setOpen(false)} />
			</Show>
		</>
	);
}

function Dialog(props: Parameters<typeof Rename>[0] & { onClose: () => void }) {
	const id = createUniqueId();
	const [name, setName] = createSignal(props.name);
	const { busy, problem, take, onSubmit } = useTask();
	let dialog: HTMLDialogElement | undefined;
	onMount(() => dialog?.showModal());
	const save = async () => {
		if (!(await take(api.rename(props.what, props.id, name().trim())))) return;
		dialog?.close();
		props.onDone();
	};
	return (
		<dialog ref={dialog} aria-labelledby={id} onClose={() => props.onClose()}>
			<h2 id={id}>{t("rename.title", { name: props.name })}</h2>
			<form class="form" onSubmit={onSubmit(save)}>
				<Field label={t("rename.label")} required maxlength={80} value={name()} onInput={setName} />
				<ProblemNotice problem={problem()} />
				<div class="row choices">
					<Submit busy={busy() ? t("app.save") : undefined}>{t("app.save")}</Submit>
					<button type="button" class="button quiet" onClick={() => dialog?.close()}>
						{t("app.cancel")}
					</button>
				</div>
			</form>
		</dialog>
	);
}
