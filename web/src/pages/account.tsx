import LogOut from "lucide-solid/icons/log-out";
import { createSignal, Show } from "solid-js";
import type { Account } from "../api/answers.ts";
import { api, type Problem } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { NewPassword } from "../ui/new-password.tsx";
import { Field, Notice, ProblemNotice, Submit, Title, UsernameForManagers } from "../ui/parts.tsx";
import { account, setAccount } from "../ui/session.ts";
import { leaveForGood, Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";
import { Passkeys } from "./account-passkeys.tsx";
import { Sessions } from "./account-sessions.tsx";

/** Everything that a person changes about the account itself. */
export function AccountPage() {
	return (
		<Shell>
			<div class="page">
				<header>
					<Title>{t("account.title")}</Title>
				</header>
				{/* Not keyed: what was typed and said stays when the account changes by it. */}
				<Show when={account()}>
					{(who) => (
						<>
							<Person who={who()} />
							<EmailAddress who={who()} />
						</>
					)}
				</Show>
				<Password />
				<Passkeys />
				<Sessions />
				<Leave />
			</div>
		</Shell>
	);
}

/** On a phone the bar has no room for it. */
function Leave() {
	const [still, setStill] = createSignal(false);
	return (
		<div class="form leave-on-phone">
			<Show when={still()}>
				<Notice kind="problem">
					<p>{t("app.stillSignedIn")}</p>
				</Notice>
			</Show>
			<button type="button" class="button" onClick={async () => setStill(!(await leaveForGood()))}>
				<LogOut size={20} aria-hidden="true" />
				{t("app.signOut")}
			</button>
		</div>
	);
}

/** What a form is doing, what came of it, and what was refused. */
function useForm() {
	const [busy, setBusy] = createSignal(false);
	const [done, setDone] = createSignal("");
	const [problem, setProblem] = createSignal<Problem>();
	const submit = (event: SubmitEvent, send: () => Promise<{ problem?: Problem | undefined; done?: string }>) => {
		event.preventDefault();
		if (busy()) return;
		setBusy(true);
		setDone("");
		void send().then((came) => {
			setBusy(false);
			setProblem(came.problem);
			setDone(came.done ?? "");
		});
	};
	return { busy, done, problem, submit };
}

function Outcome(props: { problem: Problem | undefined; done: string }) {
	return (
		<>
			<ProblemNotice problem={props.problem} />
			<Show when={props.done}>
				<Notice kind="good">
					<p>{props.done}</p>
				</Notice>
			</Show>
		</>
	);
}

function Person(props: { who: Account }) {
	const [name, setName] = createSignal(props.who.fullName);
	const [mails, setMails] = createSignal(props.who.language);
	const form = useForm();
	const save = async () => {
		const change = { fullName: name().trim(), language: mails() };
		const result = await api.changeAccount(change);
		if (result.kind === "ok") setAccount({ ...props.who, ...change });
		return { problem: problemOf(result), done: result.kind === "ok" ? t("app.saved") : "" };
	};
	return (
		<section class="card" aria-labelledby="person">
			<h2 id="person">{t("account.person")}</h2>
			<form class="form" onSubmit={(event) => form.submit(event, save)}>
				<Field label={t("signUp.name")} autocomplete="name" required maxlength={200} value={name()} onInput={setName} />
				<div class="field">
					<label for="mails">{t("account.language")}</label>
					<select id="mails" onChange={(event) => setMails(event.currentTarget.value as "en" | "fr")}>
						<option value="en" selected={mails() === "en"} lang="en">
							{t("account.english")}
						</option>
						<option value="fr" selected={mails() === "fr"} lang="fr">
							{t("account.french")}
						</option>
					</select>
				</div>
				<Outcome problem={form.problem()} done={form.done()} />
				<Submit busy={form.busy() ? t("app.save") : undefined}>{t("app.save")}</Submit>
			</form>
		</section>
	);
}

function EmailAddress(props: { who: Account }) {
	const [email, setEmail] = createSignal("");
	const form = useForm();
	const ask = async () => {
		const typed = email().trim();
		const result = await api.changeEmail(typed);
		return {
			problem: problemOf(result),
			done: result.kind === "ok" ? t("account.addressSent", { email: typed }) : "",
		};
	};
	return (
		<section class="card" aria-labelledby="address">
			<h2 id="address">{t("account.address")}</h2>
			<p>{t("account.addressNow", { email: props.who.email })}</p>
			<form class="form" onSubmit={(event) => form.submit(event, ask)}>
				<Field
					label={t("account.newAddress")}
					type="email"
					autocomplete="email"
					required
					value={email()}
					onInput={setEmail}
				/>
				<Outcome problem={form.problem()} done={form.done()} />
				<Submit busy={form.busy() ? t("forgot.busy") : undefined}>{t("account.changeAddress")}</Submit>
			</form>
		</section>
	);
}

function Password() {
	const [current, setCurrent] = createSignal("");
	const [next, setNext] = createSignal("");
	const form = useForm();
	const own = () => [account()?.fullName ?? "", account()?.email ?? ""];
	const change = async () => {
		const result = await api.changePassword({ current: current(), password: next() });
		if (result.kind === "ok") {
			setCurrent("");
			setNext("");
		}
		return { problem: problemOf(result), done: result.kind === "ok" ? t("account.passwordDone") : "" };
	};
	const wrong = () => form.problem()?.code === "wrong-credentials";
	return (
		<section class="card" aria-labelledby="password">
			<h2 id="password">{t("account.password")}</h2>
			<form class="form" onSubmit={(event) => form.submit(event, change)}>
				<UsernameForManagers email={account()?.email ?? ""} />
				<Field
					label={t("account.current")}
					type="password"
					autocomplete="current-password"
					required
					fault={wrong() ? t("account.wrongCurrent") : undefined}
					value={current()}
					onInput={setCurrent}
				/>
				<NewPassword label={t("password.new")} value={next()} own={own()} onInput={setNext} />
				<Outcome problem={wrong() ? undefined : form.problem()} done={form.done()} />
				<Submit busy={form.busy() ? t("reset.busy") : undefined}>{t("account.changePassword")}</Submit>
			</form>
		</section>
	);
}
