import { createResource, createSignal, createUniqueId, onMount, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { PasswordField, ProblemNotice, Submit, UsernameForManagers } from "./parts.tsx";
import { askDevice, passkeysWork } from "./passkey.ts";
import { account } from "./session.ts";
import { useTask } from "./task.ts";

/** Who waits for the proof; `undefined` while nobody does. */
const [waiting, setWaiting] = createSignal<(proved: boolean) => void>();
let pending: Promise<boolean> | undefined;

// Two calls that need it at the same time share one question.
api.onProofRequired = () => {
	pending ??= new Promise<boolean>((resolve) => setWaiting(() => resolve)).finally(() => {
		pending = undefined;
		setWaiting(undefined);
	});
	return pending;
};

/** Asks for the password or a passkey again, when a call needs it; stands once, above every page. */
export function Proof() {
	return <Show when={waiting()}>{(done) => <Dialog onDone={(proved) => done()(proved)} />}</Show>;
}

function Dialog(props: { onDone: (proved: boolean) => void }) {
	const id = createUniqueId();
	const [password, setPassword] = createSignal("");
	const { busy, problem, setProblem, run, take, onSubmit } = useTask();
	/** Asked for only where there is one: a device without any would search in vain. */
	const [passkeys] = createResource(() => api.passkeys());
	const hasPasskey = () => {
		const result = passkeys();
		return passkeysWork() && result?.kind === "ok" && result.value.passkeys.length > 0;
	};
	const wrong = () => problem()?.code === "wrong-credentials";
	let dialog: HTMLDialogElement | undefined;
	let proved = false;
	onMount(() => dialog?.showModal());
	const prove = async (proof: { password: string } | { passkey: unknown }) => {
		if (!(await take(api.prove(proof)))) return;
		proved = true;
		dialog?.close();
	};
	const withPasskey = async () => {
		const answered = await askDevice(await api.askProof());
		if (answered && "answer" in answered) await prove({ passkey: answered.answer });
		else setProblem(answered?.problem);
	};
	return (
		<dialog ref={dialog} aria-labelledby={id} aria-describedby={`${id}-why`} onClose={() => props.onDone(proved)}>
			<h2 id={id}>{t("proof.title")}</h2>
			<p id={`${id}-why`}>{t("proof.text")}</p>
			<form class="form" onSubmit={onSubmit(() => prove({ password: password() }))}>
				<UsernameForManagers email={account()?.email ?? ""} />
				<PasswordField
					fault={wrong() ? t("account.wrongCurrent") : undefined}
					value={password()}
					onInput={setPassword}
				/>
				<ProblemNotice problem={wrong() ? undefined : problem()} />
				<div class="row choices">
					<Submit busy={busy() ? t("proof.busy") : undefined}>{t("proof.action")}</Submit>
					<Show when={hasPasskey()}>
						<button type="button" class="button" disabled={busy()} onClick={() => void run(withPasskey)}>
							{t("proof.passkey")}
						</button>
					</Show>
					<button type="button" class="button quiet" onClick={() => dialog?.close()}>
						{t("app.cancel")}
					</button>
				</div>
			</form>
		</dialog>
	);
}
