import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { createSignal, createUniqueId, Show } from "solid-js";
import { api } from "../api/client.ts";
import { language, t } from "../i18n/index.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { NewPassword } from "../ui/new-password.tsx";
import { EmailField, Field, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";

/** A box to tick for a document that the person can read first. */
function Accept(props: {
	label: string;
	read: string;
	href: string;
	why: string;
	checked: boolean;
	onChange: (on: boolean) => void;
}) {
	const id = createUniqueId();
	return (
		<div class="accept">
			<input
				id={id}
				type="checkbox"
				required
				aria-describedby={`${id}-why`}
				checked={props.checked}
				onChange={(event) => props.onChange(event.currentTarget.checked)}
			/>
			<div>
				<label for={id}>{props.label}</label>
				<p class="hint" id={`${id}-why`}>
					{props.why}
				</p>
				{/* In a tab of its own: what was typed stays. */}
				<a href={props.href} target="_blank" rel="noopener">
					{props.read}
				</a>
			</div>
		</div>
	);
}

export function SignUp() {
	const [name, setName] = createSignal("");
	const [email, setEmail] = createSignal("");
	const [password, setPassword] = createSignal("");
	const [accepted, setAccepted] = createSignal({ terms: false, agreement: false });
	const [done, setDone] = createSignal(false);
	const task = useTask();
	const send = async () => {
		if (!accepted().terms || !accepted().agreement) return;
		const signedUp = await task.take(
			api.signUp({
				email: email().trim(),
				fullName: name().trim(),
				password: password(),
				language: language(),
				terms: TERMS_VERSION,
				agreement: AGREEMENT_VERSION,
			}),
		);
		if (!signedUp) return;
		// It is in nobody's way any more, and in no picture of the page.
		setPassword("");
		setDone(true);
	};
	return (
		<Shell>
			<div class="page door">
				<Show
					when={!done()}
					fallback={
						<CheckMail
							email={email().trim()}
							what={t("mail.confirm")}
							again={() => api.askConfirmation(email().trim())}
							onOther={() => setDone(false)}
						/>
					}
				>
					<header>
						<Title>{t("signUp.title")}</Title>
						<p class="lead">{t("signUp.lead")}</p>
					</header>
					<form class="form" onSubmit={task.onSubmit(send)}>
						<Field label={t("signUp.name")} autocomplete="name" required value={name()} onInput={setName} />
						<EmailField value={email()} onInput={setEmail} />
						<NewPassword
							label={t("signIn.password")}
							value={password()}
							own={[name(), email()]}
							onInput={setPassword}
						/>
						<Accept
							label={t("signUp.terms")}
							why={t("signUp.termsWhy")}
							checked={accepted().terms}
							read={t("signUp.read")}
							href="/terms"
							onChange={(terms) => setAccepted({ ...accepted(), terms })}
						/>
						<Accept
							label={t("signUp.agreement")}
							why={t("signUp.agreementWhy")}
							checked={accepted().agreement}
							read={t("signUp.readAgreement")}
							href="/processing"
							onChange={(agreement) => setAccepted({ ...accepted(), agreement })}
						/>
						<ProblemNotice problem={task.problem()} />
						<Submit busy={task.busy() ? t("signUp.busy") : undefined}>{t("signUp.action")}</Submit>
					</form>
					<p class="soft">
						{t("signUp.have")} <Link href="/sign-in">{t("signUp.toSignIn")}</Link>
					</p>
				</Show>
			</div>
		</Shell>
	);
}
