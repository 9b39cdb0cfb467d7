import { createResource, createSignal, createUniqueId, onMount, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Field, ProblemNotice, Submit, UsernameForManagers } from "./parts.tsx";
import { askDevice, passkeysWork } from "./passkey.ts";
import { account } from "./session.ts";
import { problemOf } from "./words.ts";

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
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
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
		const result = await api.prove(proof);
		setProblem(problemOf(result));
		if (result.kind !== "ok") return;
		proved = true;
		dialog?.close();
	};
	const whileBusy = async (work: () => Promise<void>) => {
		if (busy()) return;
		setBusy(true);
		await work();
		setBusy(false);
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
			<form
				class="form"
				onSubmit={(event) => {
					event.preventDefault();
					void whileBusy(() => prove({ password: password() }));
				}}
			>
				<UsernameForManagers email={account()?.email ?? ""} />
				<Field
					label={t("signIn.password")}
					type="password"
					autocomplete="current-password"
					required
					fault={wrong() ? t("account.wrongCurrent") : undefined}
					value={password()}
					onInput={setPassword}
				/>
				<ProblemNotice problem={wrong() ? undefined : problem()} />
				<div class="row choices">
					<Submit busy={busy() ? t("proof.busy") : undefined}>{t("proof.action")}</Submit>
					<Show when={hasPasskey()}>
						<button type="button" class="button" disabled={busy()} onClick={() => void whileBusy(withPasskey)}>
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
