import { AGREEMENT_VERSION, TERMS_VERSION } from "@mivisus/wire/terms";
import { createSignal, createUniqueId, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { language, t } from "../i18n/index.ts";
import { CheckMail } from "../ui/check-mail.tsx";
import { NewPassword } from "../ui/new-password.tsx";
import { Field, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

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
	const [busy, setBusy] = createSignal(false);
	const [done, setDone] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy() || !accepted().terms || !accepted().agreement) return;
		setBusy(true);
		const result = await api.signUp({
			email: email().trim(),
			fullName: name().trim(),
			password: password(),
			language: language(),
			terms: TERMS_VERSION,
			agreement: AGREEMENT_VERSION,
		});
		setBusy(false);
		setProblem(problemOf(result));
		if (result.kind !== "ok") return;
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
					<form class="form" onSubmit={(event) => void submit(event)}>
						<Field label={t("signUp.name")} autocomplete="name" required value={name()} onInput={setName} />
						<Field
							label={t("signIn.email")}
							type="email"
							autocomplete="username"
							required
							value={email()}
							onInput={setEmail}
						/>
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
						<ProblemNotice problem={problem()} />
						<Submit busy={busy() ? t("signUp.busy") : undefined}>{t("signUp.action")}</Submit>
					</form>
					<p class="soft">
						{t("signUp.have")} <Link href="/sign-in">{t("signUp.toSignIn")}</Link>
					</p>
				</Show>
			</div>
		</Shell>
	);
}
