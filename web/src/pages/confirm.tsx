import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { browserLabel } from "../keys/device.ts";
import { Field, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { mailedToken, setAccount, setGreeting } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

/** Where the confirmation mail leads. Nothing happens until the password is typed: mail scanners open links too (A01). */
export function Confirm() {
	const [password, setPassword] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		const token = mailedToken();
		if (busy() || !token) return;
		setBusy(true);
		const label = browserLabel(navigator.userAgent);
		const result = await api.confirmAccount({ token, password: password(), label });
		setBusy(false);
		setProblem(problemOf(result));
		if (result.kind !== "ok") return;
		setAccount(result.value.account);
		setGreeting({ words: t("confirm.done"), at: "/" });
		navigate("/", { replace: true });
	};
	return (
		<Shell>
			<div class="page door">
				<header>
					<Title>{t("confirm.title")}</Title>
				</header>
				<Show
					when={mailedToken()}
					fallback={
						<Notice kind="warning">
							<p>{t("confirm.noToken")}</p>
						</Notice>
					}
				>
					<p class="lead">{t("confirm.lead")}</p>
					<form class="form" onSubmit={(event) => void submit(event)}>
						<Field
							label={t("signIn.password")}
							type="password"
							autocomplete="current-password"
							required
							value={password()}
							onInput={setPassword}
						/>
						<ProblemNotice problem={problem()} />
						<Submit busy={busy() ? t("confirm.busy") : undefined}>{t("confirm.action")}</Submit>
					</form>
				</Show>
				<Show when={problem()?.code === "wrong-credentials"}>
					<p>
						{t("confirm.forgot")} <Link href="/forgot">{t("forgot.link")}</Link>
					</p>
				</Show>
				<p class="soft">
					<Link href="/sign-in">{t("signIn.action")}</Link>
				</p>
			</div>
		</Shell>
	);
}
