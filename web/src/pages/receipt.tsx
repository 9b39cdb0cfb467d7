import { createResource, createSignal, For, Show } from "solid-js";
import { z } from "zod";
import { api } from "../api/client.ts";
import { dayOf, figure, language, t } from "../i18n/index.ts";
import { Field, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { mailedToken } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";
import { judgeReceipt, type Verdict } from "../ui/verdict.ts";

const Words = z.object({ en: z.string(), fr: z.string() });
const Receipt = z.object({
	number: z.string(),
	erasedAt: z.iso.datetime(),
	deleted: z.record(z.string(), z.number()),
	anonymised: z.record(z.string(), z.number()),
	kept: z.array(z.object({ what: Words, law: Words, until: z.iso.datetime() })),
	backupsGoneBy: z.iso.datetime(),
});

/** The receipt of an erasure, by its number; its signature is checked here. */
export function ReceiptPage() {
	const [number, setNumber] = createSignal(mailedToken() ?? "");
	const [found, setFound] = createSignal<{ document: string; verdict: Verdict<undefined> }>();
	const { busy, problem, take, onSubmit } = useTask();
	const look = async () => {
		setFound(undefined);
		const receipt = await take(api.receipt(number().trim().toUpperCase()));
		if (!receipt) return;
		const { document, signature } = receipt.value;
		setFound({ document, verdict: await judgeReceipt(document, signature) });
	};
	// A mail's link to it may be opened by anybody and anything: looking changes nothing.
	createResource(() => mailedToken(), look);
	const receipt = () => {
		const parsed = Receipt.safeParse(JSON.parse(found()?.document ?? "null"));
		return parsed.success ? parsed.data : undefined;
	};
	const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);
	return (
		<Shell>
			<div class="page narrow">
				<header>
					<Title>{t("receipt.title")}</Title>
					<p class="lead">{t("receipt.lead")}</p>
				</header>
				<form class="form" onSubmit={onSubmit(look)}>
					<Field label={t("receipt.number")} exact required maxlength={20} value={number()} onInput={setNumber} />
					<ProblemNotice problem={problem()} />
					<Submit busy={busy() ? t("verify.busy") : undefined}>{t("receipt.action")}</Submit>
				</form>
				<Show when={found()}>
					{(shown) => (
						<Show
							when={shown().verdict.kind === "whole"}
							fallback={
								<Notice kind="problem">
									<p>{t("receipt.broken")}</p>
								</Notice>
							}
						>
							<Notice kind="good">
								<p>{t("receipt.whole")}</p>
							</Notice>
						</Show>
					)}
				</Show>
				<Show when={receipt()}>
					{(said) => (
						<section class="card" aria-labelledby="said">
							<h2 id="said">{said().number}</h2>
							<p>
								{t("receipt.erased", { day: dayOf(Date.parse(said().erasedAt)), count: figure(total(said().deleted)) })}
							</p>
							<p>{t("receipt.backups", { day: dayOf(Date.parse(said().backupsGoneBy)) })}</p>
							<h3>{t("receipt.kept")}</h3>
							<ul>
								<For each={said().kept}>
									{({ what, law, until }) => (
										<li>
											{t("receipt.until", {
												what: what[language()],
												law: law[language()],
												day: dayOf(Date.parse(until)),
											})}
										</li>
									)}
								</For>
							</ul>
						</section>
					)}
				</Show>
			</div>
		</Shell>
	);
}
