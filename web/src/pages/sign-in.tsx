import { createSignal, Show } from "solid-js";
import type { Account } from "../api/answers.ts";
import { api, type Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { browserLabel } from "../keys/device.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { EmailField, Notice, PasswordField, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { askDevice, passkeysWork } from "../ui/passkey.ts";
import { Link, navigate, path } from "../ui/router.tsx";
import { pendingLink, sessionEnded, setAccount } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";

export function SignIn() {
	const [email, setEmail] = createSignal("");
	const [password, setPassword] = createSignal("");
	const { busy, problem, setProblem, run, take, onSubmit } = useTask();
	const [mailed, setMailed] = createSignal(false);
	const label = browserLabel(navigator.userAgent);
	const enter = async (asked: Promise<Result<{ account: Account }>>) => {
		const answer = await take(asked);
		if (!answer) return;
		setAccount(answer.value.account);
		if (path() === "/sign-in") navigate(pendingLink() ? "/enrol" : "/", { replace: true });
	};
	const withPassword = () => enter(api.signIn({ email: email().trim(), password: password(), label }));
	const withPasskey = async () => {
		const answered = await askDevice(await api.askPasskeySignIn());
		if (answered && "answer" in answered) await enter(api.passkeySignIn({ response: answered.answer, label }));
		else setProblem(answered?.problem);
	};
	const sendAgain = () => api.askConfirmation(email().trim());
	const mailAgain = async () => {
		if (await take(sendAgain())) setMailed(true);
	};
	return (
		<Shell>
			<div class="page door">
				<Show
					when={!mailed()}
					fallback={
						<CheckMail
							email={email().trim()}
							what={t("mail.confirm")}
							again={sendAgain}
							onOther={() => setMailed(false)}
						/>
					}
				>
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
					<form class="form" onSubmit={onSubmit(withPassword)}>
						<EmailField autocomplete="username webauthn" value={email()} onInput={setEmail} />
						<PasswordField value={password()} onInput={setPassword} />
						<ProblemNotice problem={problem()} />
						<Show when={problem()?.code === "wrong-credentials"}>
							<p class="soft">{t("signIn.unconfirmed")}</p>
							<button type="button" class="button" disabled={busy()} onClick={() => void run(mailAgain)}>
								{t("mail.again")}
							</button>
						</Show>
						<Submit busy={busy() ? t("signIn.busy") : undefined}>{t("signIn.action")}</Submit>
					</form>
					<Show when={passkeysWork()}>
						<button type="button" class="button" disabled={busy()} onClick={() => void run(withPasskey)}>
							{t("passkey.signIn")}
						</button>
					</Show>
					<p class="soft">
						<Link href="/forgot">{t("forgot.link")}</Link>
					</p>
					<p class="soft">
						{t("signIn.new")} <Link href="/sign-up">{t("signIn.toSignUp")}</Link>
					</p>
				</Show>
			</div>
		</Shell>
	);
}
