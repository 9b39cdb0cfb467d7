import LogOut from "lucide-solid/icons/log-out";
import { createSignal, Show } from "solid-js";
import type { Account } from "../api/answers.ts";
import { api, type Problem, type Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { NewPassword } from "../ui/new-password.tsx";
import {
	EmailField,
	Field,
	Notice,
	PasswordField,
	ProblemNotice,
	Submit,
	Title,
	UsernameForManagers,
} from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { account, setAccount } from "../ui/session.ts";
import { leaveForGood, Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";
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
				<section class="card" aria-labelledby="your-data">
					<h2 id="your-data">{t("data.title")}</h2>
					<p class="soft">{t("data.lead")}</p>
					<Link class="button" href="/your-data">
						{t("data.open")}
					</Link>
				</section>
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

/** A form of this page: what it is doing, what was refused, and what it said when it was done. */
function useForm() {
	const { busy, problem, take, onSubmit } = useTask();
	const [done, setDone] = createSignal("");
	/** `send` asks the service, and says what to tell when that is done. */
	const submit = (send: () => { asked: Promise<Result<unknown>>; tell: () => string }) =>
		onSubmit(async () => {
			setDone("");
			const { asked, tell } = send();
			if (await take(asked)) setDone(tell());
		});
	return { busy, problem, done, submit };
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
	const submit = form.submit(() => {
		const change = { fullName: name().trim(), language: mails() };
		const tell = () => {
			setAccount({ ...props.who, ...change });
			return t("app.saved");
		};
		return { asked: api.changeAccount(change), tell };
	});
	return (
		<section class="card" aria-labelledby="person">
			<h2 id="person">{t("account.person")}</h2>
			<form class="form" onSubmit={submit}>
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
	const submit = form.submit(() => {
		const typed = email().trim();
		return { asked: api.changeEmail(typed), tell: () => t("account.addressSent", { email: typed }) };
	});
	return (
		<section class="card" aria-labelledby="address">
			<h2 id="address">{t("account.address")}</h2>
			<p>{t("account.addressNow", { email: props.who.email })}</p>
			<form class="form" onSubmit={submit}>
				<EmailField label={t("account.newAddress")} autocomplete="email" value={email()} onInput={setEmail} />
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
	const submit = form.submit(() => {
		const tell = () => {
			setCurrent("");
			setNext("");
			return t("account.passwordDone");
		};
		return { asked: api.changePassword({ current: current(), password: next() }), tell };
	});
	const wrong = () => form.problem()?.code === "wrong-credentials";
	return (
		<section class="card" aria-labelledby="password">
			<h2 id="password">{t("account.password")}</h2>
			<form class="form" onSubmit={submit}>
				<UsernameForManagers email={account()?.email ?? ""} />
				<PasswordField
					label={t("account.current")}
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
