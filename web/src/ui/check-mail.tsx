import { createSignal, Show } from "solid-js";
import type { Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Notice, ProblemNotice, Title } from "./parts.tsx";
import { useTask } from "./task.ts";

/** A mail is on its way: what to do with it, and what when it does not come. */
export function CheckMail(props: {
	email: string;
	/** What its link is for. */
	what: string;
	again: () => Promise<Result<unknown>>;
	onOther: () => void;
}) {
	const [sent, setSent] = createSignal(false);
	const { busy, problem, run, take } = useTask();
	const again = async () => {
		setSent((await take(props.again())) !== undefined);
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
				<button type="button" class="button" disabled={busy()} onClick={() => void run(again)}>
					{t("mail.again")}
				</button>
				<button type="button" class="button quiet" onClick={() => props.onOther()}>
					{t("mail.otherAddress")}
				</button>
			</div>
		</>
	);
}
