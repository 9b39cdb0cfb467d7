import { createSignal, type JSX, Show } from "solid-js";
import type { Problem, Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Notice, ProblemNotice, Title } from "./parts.tsx";
import { problemOf } from "./words.ts";

/** A mail is on its way: what to do with it, and what when it does not come. */
export function CheckMail(props: {
	email: string;
	/** What its link is for. */
	what: string;
	again: () => Promise<Result<unknown>>;
	onOther: () => void;
	children?: JSX.Element;
}) {
	const [busy, setBusy] = createSignal(false);
	const [sent, setSent] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	const again = async () => {
		setBusy(true);
		const result = await props.again();
		setBusy(false);
		setProblem(problemOf(result));
		setSent(result.kind === "ok");
	};
	return (
		<>
			<header>
				<Title>{t("mail.title")}</Title>
			</header>
			<p>{t("mail.sent", { email: props.email })}</p>
			<p>{props.what}</p>
			<p class="soft">{t("mail.missing")}</p>
			<ProblemNotice problem={problem()} />
			<Show when={sent()}>
				<Notice kind="good">
					<p>{t("mail.sentAgain")}</p>
				</Notice>
			</Show>
			<div class="row">
				<button type="button" class="button" disabled={busy()} onClick={() => void again()}>
					{t("mail.again")}
				</button>
				<button type="button" class="button quiet" onClick={() => props.onOther()}>
					{t("mail.otherAddress")}
				</button>
			</div>
			{props.children}
		</>
	);
}
