import { Show } from "solid-js";
import type { Problem, Result } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { Notice, ProblemNotice } from "./parts.tsx";
import { forgetMailedToken, mailedToken } from "./session.ts";
import { useTask } from "./task.ts";

/**
 * What a page does that a mailed link leads to, when its button is pressed and not before: mail scanners open links too
 * (A01). The token is dropped once it has done its work, or can do none.
 */
export function useMailedLink<T>(options: {
	ask: (token: string) => Promise<Result<T>>;
	onDone: (value: T) => void | Promise<void>;
}) {
	const task = useTask();
	const work = async () => {
		const token = mailedToken();
		if (!token) return;
		const done = await task.take(options.ask(token));
		if (done || task.problem()?.code === "link-unusable") forgetMailedToken();
		if (done) await options.onDone(done.value);
	};
	return { busy: task.busy, problem: task.problem, submit: task.onSubmit(work) };
}

/** Instead of the form when there is no link, or none that works: why. */
export function NoLink(props: { problem: Problem | undefined }) {
	return (
		<Show
			when={props.problem}
			fallback={
				<Notice kind="warning">
					<p>{t("confirm.noToken")}</p>
				</Notice>
			}
		>
			<ProblemNotice problem={props.problem} />
		</Show>
	);
}
