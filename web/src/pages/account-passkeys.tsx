import { createResource, createSignal, For, Show } from "solid-js";
import type { Passkey } from "../api/answers.ts";
import { api, type Problem } from "../api/client.ts";
import { dayOf, dayText, t } from "../i18n/index.ts";
import { browserLabel } from "../keys/device.ts";
import { Confirm, Field, Loading, ProblemNotice, Submit } from "../ui/parts.tsx";
import { makePasskey, passkeysWork } from "../ui/passkey.ts";
import { problemOf } from "../ui/words.ts";

/** The account's passkeys: shown, added, removed. */
export function Passkeys() {
	const [passkeys, { refetch }] = createResource(() => api.passkeys());
	const [busy, setBusy] = createSignal(false);
	const [label, setLabel] = createSignal(browserLabel(navigator.userAgent));
	const [asked, setAsked] = createSignal<Passkey>();
	const [problem, setProblem] = createSignal<Problem>();
	const list = () => {
		const result = passkeys.latest;
		return result?.kind === "ok" ? result.value.passkeys : undefined;
	};
	const add = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy()) return;
		setBusy(true);
		setProblem(undefined);
		const made = await makePasskey(await api.askToAddPasskey());
		if (made && "answer" in made) {
			const name = label().trim() || browserLabel(navigator.userAgent);
			setProblem(problemOf(await api.addPasskey({ label: name, response: made.answer })));
		} else setProblem(made?.problem);
		setBusy(false);
		await refetch();
	};
	const remove = async (passkey: Passkey) => {
		setProblem(problemOf(await api.removePasskey(passkey.id)));
		await refetch();
	};
	return (
		<section class="card" aria-labelledby="passkeys">
			<h2 id="passkeys">{t("passkeys.title")}</h2>
			<p class="soft">{t("passkeys.lead")}</p>
			<Show
				when={list()}
				fallback={
					<Show
						when={passkeys.loading}
						fallback={
							<ProblemNotice problem={passkeys.latest && problemOf(passkeys.latest)} retry={() => void refetch()} />
						}
					>
						<Loading />
					</Show>
				}
			>
				{(all) => (
					<Show when={all().length > 0} fallback={<p>{t("passkeys.none")}</p>}>
						<ul class="list" aria-labelledby="passkeys">
							<For each={all()}>
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
			</Show>
			<ProblemNotice problem={problem()} />
			<Show when={passkeysWork()} fallback={<p class="soft">{t("passkeys.unsupported")}</p>}>
				<form class="form" onSubmit={(event) => void add(event)}>
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
