import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { browserLabel } from "../keys/device.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { Field, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { forgetMailedToken, mailedToken, setAccount, setGreeting } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

/** Where the confirmation mail leads. Nothing happens until the password is typed: mail scanners open links too (A01). */
export function Confirm() {
	const [password, setPassword] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const [sentTo, setSentTo] = createSignal<string>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		const token = mailedToken();
		if (busy() || !token) return;
		setBusy(true);
		const label = browserLabel(navigator.userAgent);
		const result = await api.confirmAccount({ token, password: password(), label });
		setBusy(false);
		setProblem(problemOf(result));
		if (result.kind === "problem" && result.problem.code === "link-unusable") forgetMailedToken();
		if (result.kind !== "ok") return;
		forgetMailedToken();
		setAccount(result.value.account);
		navigate("/", { replace: true });
		setGreeting({ words: t("confirm.done"), at: "/" });
	};
	const wrong = () => problem()?.code === "wrong-credentials";
	return (
		<Shell>
			<div class="page door">
				<Show
					when={sentTo() === undefined}
					fallback={
						<CheckMail
							email={sentTo() ?? ""}
							what={t("mail.confirm")}
							again={() => api.askConfirmation(sentTo() ?? "")}
							onOther={() => setSentTo(undefined)}
						/>
					}
				>
					<header>
						<Title>{t("confirm.title")}</Title>
						<Show when={mailedToken()}>
							<p class="lead">{t("confirm.lead")}</p>
						</Show>
					</header>
					<Show
						when={mailedToken()}
						fallback={
							<>
								<Show
									when={problem()}
									fallback={
										<Notice kind="warning">
											<p>{t("confirm.noToken")}</p>
										</Notice>
									}
								>
									<ProblemNotice problem={problem()} />
								</Show>
								<Another onSent={setSentTo} />
							</>
						}
					>
						<form class="form" onSubmit={(event) => void submit(event)}>
							<Field
								label={t("signIn.password")}
								type="password"
								autocomplete="current-password"
								required
								fault={wrong() ? t("confirm.wrong") : undefined}
								value={password()}
								onInput={setPassword}
							/>
							<ProblemNotice problem={wrong() ? undefined : problem()} />
							<Submit busy={busy() ? t("confirm.busy") : undefined}>{t("confirm.action")}</Submit>
						</form>
						<p class="soft">
							{t("confirm.forgot")} <Link href="/forgot">{t("forgot.link")}</Link>
						</p>
					</Show>
					<p class="soft">
						{t("confirm.already")} <Link href="/sign-in">{t("signIn.action")}</Link>
					</p>
				</Show>
			</div>
		</Shell>
	);
}

/** A way on for whom the link does not work: another one, to an address that we do not know from it. */
function Another(props: { onSent: (email: string) => void }) {
	const [email, setEmail] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy()) return;
		setBusy(true);
		const typed = email().trim();
		const result = await api.askConfirmation(typed);
		setBusy(false);
		setProblem(problemOf(result));
		if (result.kind === "ok") props.onSent(typed);
	};
	return (
		<form class="form" onSubmit={(event) => void submit(event)}>
			<Field
				label={t("signIn.email")}
				type="email"
				autocomplete="username"
				hint={t("confirm.anotherHint")}
				required
				value={email()}
				onInput={setEmail}
			/>
			<ProblemNotice problem={problem()} />
			<Submit busy={busy() ? t("forgot.busy") : undefined}>{t("confirm.another")}</Submit>
		</form>
	);
}
