import { createSignal, Show } from "solid-js";
import { api, type Problem } from "../api/client.ts";
import { language, t } from "../i18n/index.ts";
import { Field, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";

const MIN_PASSWORD = 12;
const STRONG_PASSWORD = 18;

/** How strong a password is, in words: length is what counts. */
function strength(password: string): string {
	const length = [...password].length;
	if (length === 0) return t("signUp.passwordHint");
	if (length < MIN_PASSWORD) return t("signUp.weak", { missing: MIN_PASSWORD - length });
	return length < STRONG_PASSWORD ? t("signUp.fair") : t("signUp.strong");
}

export function SignUp() {
	const [name, setName] = createSignal("");
	const [email, setEmail] = createSignal("");
	const [password, setPassword] = createSignal("");
	const [busy, setBusy] = createSignal(false);
	const [done, setDone] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy()) return;
		setBusy(true);
		const result = await api.signUp({
			email: email().trim(),
			fullName: name().trim(),
			password: password(),
			language: language(),
		});
		setBusy(false);
		setProblem(problemOf(result));
		setDone(result.kind === "ok");
	};
	return (
		<Shell>
			<div class="page door">
				<Show
					when={!done()}
					fallback={
						<>
							<header>
								<Title>{t("signUp.done")}</Title>
							</header>
							<p>{t("signUp.doneText")}</p>
							<Link class="button primary" href="/sign-in">
								{t("signIn.action")}
							</Link>
						</>
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
						<Field
							label={t("signIn.password")}
							type="password"
							autocomplete="new-password"
							required
							minlength={MIN_PASSWORD}
							hint={strength(password())}
							value={password()}
							onInput={setPassword}
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
