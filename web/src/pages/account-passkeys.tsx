import { createResource, createSignal, For, Show } from "solid-js";
import type { Passkey } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { dayOf, dayText, t } from "../i18n/index.ts";
import { browserLabel } from "../keys/device.ts";
import { Confirm, Field, Loaded, ProblemNotice, Submit } from "../ui/parts.tsx";
import { makePasskey, passkeysWork } from "../ui/passkey.ts";
import { Rename } from "../ui/rename.tsx";
import { useTask } from "../ui/task.ts";

/** The account's passkeys: shown, added, removed. */
export function Passkeys() {
	const [passkeys, { refetch }] = createResource(() => api.passkeys());
	const { busy, problem, setProblem, take, onSubmit } = useTask();
	const [label, setLabel] = createSignal(browserLabel(navigator.userAgent));
	const [asked, setAsked] = createSignal<Passkey>();
	const add = async () => {
		setProblem(undefined);
		const made = await makePasskey(await api.askToAddPasskey());
		if (made && "answer" in made) {
			const name = label().trim() || browserLabel(navigator.userAgent);
			await take(api.addPasskey({ label: name, response: made.answer }));
		} else setProblem(made?.problem);
		await refetch();
	};
	const remove = async (passkey: Passkey) => {
		await take(api.removePasskey(passkey.id));
		await refetch();
	};
	return (
		<section class="card" aria-labelledby="passkeys">
			<h2 id="passkeys">{t("passkeys.title")}</h2>
			<p class="soft">{t("passkeys.lead")}</p>
			<Loaded result={passkeys.latest} loading={passkeys.loading} retry={() => void refetch()}>
				{(all) => (
					<Show when={all().passkeys.length > 0} fallback={<p>{t("passkeys.none")}</p>}>
						<ul class="list" aria-labelledby="passkeys">
							<For each={all().passkeys}>
								{(passkey) => (
									<li>
										<div>
											<h3>{passkey.label}</h3>
											<p class="small soft facts">
												<span>{t("passkeys.since", { day: dayOf(passkey.createdAtMs) })}</span>
												<span>
													{passkey.lastUsedDay
														? t("passkeys.used", { day: dayText(passkey.lastUsedDay) })
														: t("passkeys.never")}
												</span>
											</p>
										</div>
										<Rename what="passkeys" id={passkey.id} name={passkey.label} onDone={() => void refetch()} />
										<button
											type="button"
											class="button"
											aria-label={t("passkeys.remove", { name: passkey.label })}
											onClick={() => setAsked(passkey)}
										>
											{t("passkeys.removeShort")}
										</button>
									</li>
								)}
							</For>
						</ul>
					</Show>
				)}
			</Loaded>
			<ProblemNotice problem={problem()} />
			<Show when={passkeysWork()} fallback={<p class="soft">{t("passkeys.unsupported")}</p>}>
				<form class="form" onSubmit={onSubmit(add)}>
					<Field
						label={t("passkeys.label")}
						hint={t("passkeys.labelHint")}
						maxlength={80}
						value={label()}
						onInput={setLabel}
					/>
					<Submit busy={busy() ? t("passkeys.adding") : undefined}>{t("passkeys.add")}</Submit>
				</form>
			</Show>
			<Show when={asked()}>
				{(passkey) => (
					<Confirm
						danger
						title={t("passkeys.removeTitle", { name: passkey().label })}
						text={t("passkeys.removeText")}
						action={t("passkeys.removeConfirm")}
						onConfirm={() => void remove(passkey())}
						onClose={() => setAsked(undefined)}
					/>
				)}
			</Show>
		</section>
	);
}
