import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { forgetMailedToken, loadSession, mailedToken } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

/** Where the mail to a new address leads. Nothing happens until the button is pressed. */
export function ConfirmAddress() {
	const [busy, setBusy] = createSignal(false);
	const [done, setDone] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		const token = mailedToken();
		if (busy() || !token) return;
		setBusy(true);
		const result = await api.confirmAddress(token);
		setBusy(false);
		setProblem(problemOf(result));
		setDone(result.kind === "ok");
		if (result.kind === "ok" || (result.kind === "problem" && result.problem.code === "link-unusable"))
			forgetMailedToken();
		if (result.kind === "ok") await loadSession();
	};
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("address.title")}</Title>
					<Show when={mailedToken()}>
						<p class="lead">{t("address.lead")}</p>
					</Show>
				</header>
				<Show when={done()}>
					<Notice kind="good">
						<p>{t("address.done")}</p>
					</Notice>
				</Show>
				<ProblemNotice problem={problem()} />
				<Show when={!done() && !mailedToken()}>
					<Show when={!problem()}>
						<Notice kind="warning">
							<p>{t("confirm.noToken")}</p>
						</Notice>
					</Show>
					<p>
						{t("address.again")} <Link href="/account">{t("app.account")}</Link>
					</p>
				</Show>
				<Show when={mailedToken()}>
					<form class="form" onSubmit={(event) => void submit(event)}>
						<Submit busy={busy() ? t("address.busy") : undefined}>{t("address.action")}</Submit>
					</form>
				</Show>
				<p class="soft">
					<Link href="/">{t("app.home")}</Link>
				</p>
			</div>
		</Shell>
	);
}
