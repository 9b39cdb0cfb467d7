import { createSignal, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { EmailField, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";

/** Asks for a link to choose a new password. Says the same whoever asks. */
export function Forgot() {
	const [email, setEmail] = createSignal("");
	const [sent, setSent] = createSignal(false);
	const task = useTask();
	const send = () => api.askReset(email().trim());
	const ask = async () => {
		if (await task.take(send())) setSent(true);
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
					<form class="form" onSubmit={task.onSubmit(ask)}>
						<EmailField value={email()} onInput={setEmail} />
						<ProblemNotice problem={task.problem()} />
						<Submit busy={task.busy() ? t("forgot.busy") : undefined}>{t("forgot.action")}</Submit>
					</form>
					<p class="soft">
						<Link href="/sign-in">{t("signIn.action")}</Link>
					</p>
				</Show>
			</div>
		</Shell>
	);
}
