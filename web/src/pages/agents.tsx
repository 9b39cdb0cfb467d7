import { createResource, createSignal, For, Show } from "solid-js";
import type { Agent } from "../api/answers.ts";
import { api, type Problem } from "../api/client.ts";
import { dayText, t } from "../i18n/index.ts";
import { vault } from "../keys/vault.ts";
import { Confirm, Loading, Notice, ProblemNotice, Title } from "../ui/parts.tsx";
import { Rename } from "../ui/rename.tsx";
import { account } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";
import { StartCommand } from "./start-agent.tsx";

export function Agents() {
	const [agents, { refetch }] = createResource(() => api.agents());
	const [pins] = createResource(() => vault.pins(account()?.id ?? ""));
	const [asked, setAsked] = createSignal<Agent>();
	const [problem, setProblem] = createSignal<Problem>();
	const list = () => {
		const result = agents();
		return result?.kind === "ok" ? result.value.agents : undefined;
	};
	const unlink = async (agent: Agent) => {
		const result = await api.unlinkAgent(agent.id);
		setProblem(problemOf(result));
		if (result.kind === "ok") await vault.forgetPin(agent.id);
		await refetch();
	};
	const here = (agent: Agent) => pins()?.some(({ agentId }) => agentId === agent.id) ?? false;
	const linkedHow = (agent: Agent) => {
		if (agent.state === "claimed") return t("agents.pending");
		if (agent.state === "refused") return t("agents.refused");
		return here(agent) ? t("agents.here") : t("agents.elsewhere");
	};
	const seen = (day: string) =>
		day === new Date().toISOString().slice(0, 10) ? t("agents.seenToday") : t("agents.seen", { day: dayText(day) });
	return (
		<Shell>
			<div class="page">
				<header>
					<Title>{t("agents.title")}</Title>
					<p class="lead">{t("agents.lead")}</p>
				</header>
				<ProblemNotice problem={problem()} />
				<Show when={agents.loading && !agents()}>
					<Loading />
				</Show>
				<Show when={agents()}>
					{(result) => <ProblemNotice problem={problemOf(result())} retry={() => void refetch()} />}
				</Show>
				<Show when={list()?.length === 0}>
					<Notice>
						<p>{t("agents.none")}</p>
					</Notice>
				</Show>
				<Show when={list()?.length}>
					<ul class="list card" aria-label={t("agents.title")}>
						<For each={list()}>
							{(agent) => (
								<li>
									<div>
										<h2>{agent.name}</h2>
										<p class="small soft facts">
											<span>{linkedHow(agent)}</span>
											<Show when={agent.lastSeenDay}>{(day) => <span>{seen(day())}</span>}</Show>
										</p>
									</div>
									<Rename what="agents" id={agent.id} name={agent.name} onDone={() => void refetch()} />
									<button
										type="button"
										class="button"
										aria-label={t("agents.unlink", { name: agent.name })}
										onClick={() => setAsked(agent)}
									>
										{t("agents.unlinkShort")}
									</button>
								</li>
							)}
						</For>
					</ul>
				</Show>
				<Show when={list()}>
					<section class="card" aria-labelledby="another">
						<h2 id="another">{list()?.length ? t("agents.another") : t("enrol.title")}</h2>
						<p class="soft">{t("first.agentText")}</p>
						<StartCommand />
						<p class="soft">{t("agents.then")}</p>
					</section>
					<Show when={list()?.some((agent) => agent.state === "active" && !here(agent))}>
						<section class="card" aria-labelledby="further">
							<h2 id="further">{t("agents.further")}</h2>
							<p class="soft">{t("agents.furtherText")}</p>
							<StartCommand further />
							<p class="soft">{t("agents.furtherThen")}</p>
						</section>
					</Show>
				</Show>
				<Show when={asked()}>
					{(agent) => (
						<Confirm
							danger
							title={t("agents.unlinkTitle", { name: agent().name })}
							text={t("agents.unlinkText")}
							action={t("agents.unlinkConfirm")}
							onConfirm={() => void unlink(agent())}
							onClose={() => setAsked(undefined)}
						>
							<p>{t("agents.unlinkAgain")}</p>
							<p class="command">
								<code>npm run agent -- forget</code>
							</p>
						</Confirm>
					)}
				</Show>
			</div>
		</Shell>
	);
}
