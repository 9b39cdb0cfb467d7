import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { Field, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

/** Asks for a link to choose a new password. Says the same whoever asks. */
export function Forgot() {
	const [email, setEmail] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [sent, setSent] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const send = () => api.askReset(email().trim());
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy()) return;
		setBusy(true);
		const result = await send();
		setBusy(false);
		setProblem(problemOf(result));
		setSent(result.kind === "ok");
	};
	return (
		<Shell>
			<div class="page door">
				<Show
					when={!sent()}
					fallback={
						<CheckMail email={email().trim()} what={t("mail.reset")} again={send} onOther={() => setSent(false)} />
					}
				>
					<header>
						<Title>{t("forgot.title")}</Title>
						<p class="lead">{t("forgot.lead")}</p>
					</header>
					<form class="form" onSubmit={(event) => void submit(event)}>
						<Field
							label={t("signIn.email")}
							type="email"
							autocomplete="username"
							required
							value={email()}
							onInput={setEmail}
						/>
						<ProblemNotice problem={problem()} />
						<Submit busy={busy() ? t("forgot.busy") : undefined}>{t("forgot.action")}</Submit>
					</form>
					<p class="soft">
						<Link href="/sign-in">{t("signIn.action")}</Link>
					</p>
				</Show>
			</div>
		</Shell>
	);
}
