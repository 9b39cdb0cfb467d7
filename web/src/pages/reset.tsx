import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { NewPassword } from "../ui/new-password.tsx";
import { Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { forgetMailedToken, mailedToken, setGreeting, signedOutElsewhere } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

/** Where the mail about a new password leads. Nothing happens until one is chosen. */
export function Reset() {
	const [password, setPassword] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		const token = mailedToken();
		if (busy() || !token) return;
		setBusy(true);
		const result = await api.reset({ token, password: password() });
		setBusy(false);
		setProblem(problemOf(result));
		if (result.kind === "problem" && result.problem.code === "link-unusable") forgetMailedToken();
		if (result.kind !== "ok") return;
		forgetMailedToken();
		signedOutElsewhere();
		navigate("/sign-in", { replace: true });
		setGreeting({ words: t("reset.done"), at: "/sign-in" });
	};
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("reset.title")}</Title>
					<Show when={mailedToken()}>
						<p class="lead">{t("reset.lead")}</p>
					</Show>
				</header>
				<Show
					when={mailedToken()}
					fallback={
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
					}
				>
					<form class="form" onSubmit={(event) => void submit(event)}>
						<NewPassword label={t("password.new")} value={password()} own={[]} onInput={setPassword} />
						<ProblemNotice problem={problem()} />
						<Submit busy={busy() ? t("reset.busy") : undefined}>{t("reset.action")}</Submit>
					</form>
				</Show>
				<p class="soft">
					<Link href="/forgot">{t("reset.another")}</Link>
				</p>
			</div>
		</Shell>
	);
}
