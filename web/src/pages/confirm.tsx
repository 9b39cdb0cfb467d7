import { createSignal, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { browserLabel } from "../keys/device.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { NoLink, useMailedLink } from "../ui/mailed-link.tsx";
import { EmailField, PasswordField, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { mailedToken, setAccount, setGreeting } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";

/** Where the confirmation mail leads. */
export function Confirm() {
	const [password, setPassword] = createSignal("");
	const [sentTo, setSentTo] = createSignal<string>();
	const link = useMailedLink({
		ask: (token) => api.confirmAccount({ token, password: password(), label: browserLabel(navigator.userAgent) }),
		onDone: ({ account }) => {
			setAccount(account);
			navigate("/", { replace: true });
			setGreeting({ words: t("confirm.done"), at: "/" });
		},
	});
	const wrong = () => link.problem()?.code === "wrong-credentials";
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
								<NoLink problem={link.problem()} />
								<Another onSent={setSentTo} />
							</>
						}
					>
						<form class="form" onSubmit={link.submit}>
							<PasswordField
								fault={wrong() ? t("confirm.wrong") : undefined}
								value={password()}
								onInput={setPassword}
							/>
							<ProblemNotice problem={wrong() ? undefined : link.problem()} />
							<Submit busy={link.busy() ? t("confirm.busy") : undefined}>{t("confirm.action")}</Submit>
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
	const task = useTask();
	const ask = async () => {
		const typed = email().trim();
		if (await task.take(api.askConfirmation(typed))) props.onSent(typed);
	};
	return (
		<form class="form" onSubmit={task.onSubmit(ask)}>
			<EmailField hint={t("confirm.anotherHint")} value={email()} onInput={setEmail} />
			<ProblemNotice problem={task.problem()} />
			<Submit busy={task.busy() ? t("forgot.busy") : undefined}>{t("confirm.another")}</Submit>
		</form>
	);
}
