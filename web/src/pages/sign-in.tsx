import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Field, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate, path } from "../ui/router.tsx";
import { pendingLink, sessionEnded, setAccount } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

export function SignIn() {
	const [email, setEmail] = createSignal("");
	const [password, setPassword] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy()) return;
		setBusy(true);
		const result = await api.signIn({ email: email().trim(), password: password() });
		setBusy(false);
		const refused = problemOf(result);
		setProblem(refused);
		if (result.kind !== "ok") return;
		setAccount(result.value.account);
		if (path() === "/sign-in") navigate(pendingLink() ? "/enrol" : "/", { replace: true });
	};
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("signIn.title")}</Title>
				</header>
				<Show when={sessionEnded()}>
					<Notice kind="warning">
						<p>{t("signIn.ended")}</p>
					</Notice>
				</Show>
				<Show when={pendingLink()}>
					<Notice>
						<p>{t("signIn.forLink")}</p>
					</Notice>
				</Show>
				<form class="form" onSubmit={(event) => void submit(event)}>
					<Field
						label={t("signIn.email")}
						type="email"
						autocomplete="username"
						required
						value={email()}
						onInput={setEmail}
					/>
					<Field
						label={t("signIn.password")}
						type="password"
						autocomplete="current-password"
						required
						value={password()}
						onInput={setPassword}
					/>
					<ProblemNotice problem={problem()} />
					<Submit busy={busy() ? t("signIn.busy") : undefined}>{t("signIn.action")}</Submit>
				</form>
				<p class="soft">
					{t("signIn.new")} <Link href="/sign-up">{t("signIn.toSignUp")}</Link>
				</p>
			</div>
		</Shell>
	);
}
