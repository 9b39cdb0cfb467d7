import Download from "lucide-solid/icons/download";
import { createSignal, createUniqueId, Show } from "solid-js";
import { api } from "../api/client.ts";
import { dayOf, t } from "../i18n/index.ts";
import { Confirm, Notice, ProblemNotice, Submit } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { account, setAccount, setGreeting, signedOutElsewhere } from "../ui/session.ts";
import { useTask } from "../ui/task.ts";

/** A right that is carried out when its button is pressed; the page then looks again. */
interface Right {
	onDone: () => Promise<void>;
}

/** Access and portability. */
export function Copy(props: Right) {
	const { busy, problem, run, take } = useTask();
	const [begun, setBegun] = createSignal(false);
	const download = () =>
		run(async () => {
			setBegun(false);
			const link = await take(api.askExport());
			if (!link) return;
			// The browser's own download: nothing of it passes through the page's memory.
			const anchor = document.createElement("a");
			anchor.href = link.value.path;
			anchor.download = "";
			anchor.click();
			setBegun(true);
			await props.onDone();
		});
	return (
		<section class="card" aria-labelledby="copy">
			<h2 id="copy">{t("copy.title")}</h2>
			<p>{t("copy.text")}</p>
			<ProblemNotice problem={problem()} />
			<Show when={begun()}>
				<Notice kind="good">
					<p>{t("copy.begun")}</p>
				</Notice>
			</Show>
			<button type="button" class="button primary" disabled={busy()} onClick={() => void download()}>
				<Download size={20} aria-hidden="true" />
				{t("copy.action")}
			</button>
			<p class="small soft">
				{t("copy.verify")} <Link href="/verify-export">{t("verify.title")}</Link>
			</p>
			<p class="small soft">
				{t("bring.link")} <Link href="/bring-along">{t("bring.title")}</Link>
			</p>
		</section>
	);
}

export function Objection(props: Right & { objected: boolean }) {
	const { busy, problem, run, take } = useTask();
	const change = () =>
		run(async () => {
			await take(props.objected ? api.withdrawObjection("reliability") : api.object("reliability"));
			await props.onDone();
		});
	return (
		<section class="card" aria-labelledby="objection">
			<h2 id="objection">{t("objection.title")}</h2>
			<p>{t("objection.text")}</p>
			<ProblemNotice problem={problem()} />
			<Show when={props.objected}>
				<Notice kind="good">
					<p>{t("objection.stands")}</p>
				</Notice>
			</Show>
			<button type="button" class="button" disabled={busy()} onClick={() => void change()}>
				{props.objected ? t("objection.withdraw") : t("objection.action")}
			</button>
		</section>
	);
}

export function Restriction(props: Right) {
	const { problem, run, take } = useTask();
	const [asked, setAsked] = createSignal(false);
	const restricted = () => account()?.state === "restricted";
	const set = (on: boolean) =>
		run(async () => {
			const done = await take(on ? api.restrict() : api.liftRestriction());
			const who = account();
			if (done && who) setAccount({ ...who, state: on ? "restricted" : "active" });
			await props.onDone();
		});
	return (
		<section class="card" aria-labelledby="restriction">
			<h2 id="restriction">{t("restriction.title")}</h2>
			<p>{t("restriction.text")}</p>
			<ProblemNotice problem={problem()} />
			<Show
				when={restricted()}
				fallback={
					<button type="button" class="button" onClick={() => setAsked(true)}>
						{t("restriction.action")}
					</button>
				}
			>
				<Notice kind="warning">
					<p>{t("restriction.stands")}</p>
				</Notice>
				<button type="button" class="button primary" onClick={() => void set(false)}>
					{t("restriction.lift")}
				</button>
			</Show>
			<Show when={asked()}>
				<Confirm
					title={t("restriction.question")}
					text={t("restriction.questionText")}
					action={t("restriction.action")}
					onConfirm={() => void set(true)}
					onClose={() => setAsked(false)}
				/>
			</Show>
		</section>
	);
}

/** French law of 6 January 1978, article 85. */
export function Directives(props: Right & { directives: { words: string; createdAtMs: number } | null }) {
	const id = createUniqueId();
	const { busy, problem, run, take, onSubmit } = useTask();
	const [words, setWords] = createSignal(props.directives?.words ?? "");
	const save = async () => {
		await take(api.setDirectives(words().trim()));
		await props.onDone();
	};
	const forget = () =>
		run(async () => {
			if (await take(api.removeDirectives())) setWords("");
			await props.onDone();
		});
	return (
		<section class="card" aria-labelledby="directives">
			<h2 id="directives">{t("directives.title")}</h2>
			<p>{t("directives.text")}</p>
			<form class="form" onSubmit={onSubmit(save)}>
				<div class="field">
					<label for={id}>{t("directives.label")}</label>
					<textarea
						id={id}
						rows={4}
						maxlength={4000}
						required
						value={words()}
						onInput={(event) => setWords(event.currentTarget.value)}
					/>
				</div>
				<ProblemNotice problem={problem()} />
				<Show when={props.directives}>
					{(stored) => <p class="small soft">{t("directives.since", { day: dayOf(stored().createdAtMs) })}</p>}
				</Show>
				<Submit busy={busy() ? t("app.save") : undefined}>{t("app.save")}</Submit>
				<Show when={props.directives}>
					<button type="button" class="button quiet" onClick={() => void forget()}>
						{t("directives.forget")}
					</button>
				</Show>
			</form>
		</section>
	);
}

export function Erase() {
	const { problem, run, take } = useTask();
	const [asked, setAsked] = createSignal(false);
	const leave = () =>
		run(async () => {
			const email = account()?.email ?? "";
			const left = await take(api.leave());
			if (!left) return;
			navigate("/left");
			signedOutElsewhere();
			setGreeting({ words: t("erase.left", { day: dayOf(left.value.eraseAtMs), email }), at: "/left" });
		});
	return (
		<section class="card" aria-labelledby="erase">
			<h2 id="erase">{t("erase.title")}</h2>
			<p>{t("erase.text")}</p>
			<ProblemNotice problem={problem()} />
			<button type="button" class="button danger" onClick={() => setAsked(true)}>
				{t("erase.action")}
			</button>
			<Show when={asked()}>
				<Confirm
					danger
					title={t("erase.question")}
					text={t("erase.questionText")}
					action={t("erase.action")}
					onConfirm={() => void leave()}
					onClose={() => setAsked(false)}
				/>
			</Show>
		</section>
	);
}
