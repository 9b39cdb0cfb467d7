import { createSignal } from "solid-js";
import type { Problem, Result } from "../api/client.ts";
import { problemOf } from "./words.ts";

/** What a form or a button does: one thing at a time, and what the service refused of it. */
export function useTask() {
	const [busy, setBusy] = createSignal(false);
	const [problem, setProblem] = createSignal<Problem>();
	/** Does `work` unless something is being done already. */
	const run = async (work: () => Promise<void>): Promise<void> => {
		if (busy()) return;
		setBusy(true);
		await work();
		setBusy(false);
	};
	/** What `asked` gave, or `undefined` when it gave nothing; a problem is told. */
	const take = async <T>(asked: Promise<Result<T>>): Promise<{ value: T } | undefined> => {
		const result = await asked;
		setProblem(problemOf(result));
		return result.kind === "ok" ? { value: result.value } : undefined;
	};
	/** For a form: the page stays, and does `work`. */
	const onSubmit = (work: () => Promise<void>) => (event: SubmitEvent) => {
		event.preventDefault();
		void run(work);
	};
	return { busy, problem, setProblem, run, take, onSubmit };
}
