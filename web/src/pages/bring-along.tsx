import { createResource, createSignal, createUniqueId, For, onCleanup, Show } from "solid-js";
import { createStore } from "solid-js/store";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { vault } from "../keys/vault.ts";
import { Loading, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link } from "../ui/router.tsx";
import { account, setAccount } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { useTask } from "../ui/task.ts";
import { type Brought, readArchive } from "../ui/verdict.ts";
import { AccessFields } from "./access-parts.tsx";
import { bringCamera, hereAlready } from "./bring.ts";
import { endText, type Orderable, type OrderEnd, orderableAgents } from "./orders.ts";
import { typedAccess } from "./typed-access.ts";

/** Takes names, cameras and settings out of a copy into an empty account. Passwords are in no copy: they are typed again. */
export function BringAlong() {
	const id = createUniqueId();
	const [found, { refetch }] = createResource(async () => {
		const [agents, cameras] = await Promise.all([orderableAgents(api, vault, account()?.id ?? ""), api.cameras()]);
		return { agents, cameras };
	});
	const { busy, problem, setProblem, run } = useTask();
	const [broken, setBroken] = createSignal("");
	const [brought, setBrought] = createSignal<Brought>();
	const agents = () => {
		const answer = found()?.agents;
		return answer && "agents" in answer ? answer.agents : [];
	};
	/** Of the copy's cameras those that are here; `undefined` when there are others. */
	const here = (copy: Brought) => {
		const cameras = found()?.cameras;
		return hereAlready(copy.cameras, cameras?.kind === "ok" ? cameras.value.cameras.map(({ name }) => name) : []);
	};
	const open = (file: File | undefined) =>
		run(async () => {
			if (!file) return;
			setBrought(undefined);
			setBroken("");
			setProblem(undefined);
			const verdict = await readArchive(file);
			if (verdict.kind === "whole") setBrought(verdict.value);
			else if (verdict.kind === "problem") setProblem(verdict.problem);
			else setBroken(t(verdict.key, { path: verdict.path ?? "" }));
		});
	return (
		<Shell>
			<div class="page narrow">
				<header>
					<Title>{t("bring.title")}</Title>
					<p class="lead">{t("bring.lead")}</p>
				</header>
				<Show when={found()} fallback={<Loading />}>
					<Show
						when={agents().length > 0}
						fallback={
							<Notice>
								<p>{t("add.noAgent")}</p>
								<p>
									<Link href="/agents">{t("first.how")}</Link>
								</p>
							</Notice>
						}
					>
						<div class="field">
							<label for={id}>{t("verify.file")}</label>
							<input
								id={id}
								type="file"
								accept=".zip,application/zip"
								onChange={(event) => void open(event.currentTarget.files?.[0])}
							/>
						</div>
						<Show when={busy()}>
							<Loading words={t("verify.busy")} />
						</Show>
						<ProblemNotice problem={problem()} retry={() => void refetch()} />
						<Show when={broken()}>
							<Notice kind="problem">
								<p>{broken()}</p>
							</Notice>
						</Show>
						<Show when={brought()} keyed>
							{(copy) => (
								<Show
									when={here(copy)}
									fallback={
										<Notice>
											<p>{t("bring.full")}</p>
											<p>
												<Link href="/">{t("app.cameras")}</Link>
											</p>
										</Notice>
									}
									keyed
								>
									{(already) => <Take copy={copy} here={already} agents={agents()} />}
								</Show>
							)}
						</Show>
					</Show>
				</Show>
			</div>
		</Shell>
	);
}

/** What was found in the copy, to be looked at and taken over. */
function Take(props: { copy: Brought; here: ReadonlySet<string>; agents: Orderable[] }) {
	const rows = props.copy.cameras.map((camera) => ({ camera, typed: typedAccess(camera.address) }));
	const [ends, setEnds] = createStore<Record<string, OrderEnd | "done">>(
		Object.fromEntries([...props.here].map((each) => [each, "done" as const])),
	);
	const [agentId, setAgentId] = createSignal(props.agents[0]?.pin.agentId ?? "");
	const { busy, problem, onSubmit, take } = useTask();
	const [taken, setTaken] = createSignal(false);
	const stop = new AbortController();
	onCleanup(() => stop.abort());
	const bring = async () => {
		const pin = props.agents.find((agent) => agent.pin.agentId === agentId())?.pin;
		// All of it can be read before any of it is changed.
		const missing = rows.filter(({ camera }) => ends[camera.id] !== "done");
		const read = missing.map(({ camera, typed }) => ({ camera, access: typed.read() }));
		if (!pin || read.some(({ access }) => !access)) return;
		const { fullName, language } = props.copy.account;
		const who = account();
		if (!(await take(api.changeAccount({ fullName, language })))) return;
		if (who) setAccount({ ...who, fullName, language });
		for (const { camera, access } of read) {
			if (!access) continue;
			const end = await bringCamera({ api, vault }, pin, camera, access, stop.signal);
			setEnds(camera.id, end.end === "done" ? "done" : end);
		}
		setTaken(rows.every(({ camera }) => ends[camera.id] === "done"));
	};
	const failed = (id: string) => {
		const end = ends[id];
		return end && end !== "done" ? endText(end) : undefined;
	};
	return (
		<form class="form" onSubmit={onSubmit(bring)}>
			<p>{t("bring.account", { name: props.copy.account.fullName })}</p>
			<Show when={props.agents.length > 1}>
				<label class="field">
					<span class="label">{t("add.agent")}</span>
					<select value={agentId()} onChange={(event) => setAgentId(event.currentTarget.value)}>
						<For each={props.agents}>{(agent) => <option value={agent.pin.agentId}>{agent.name}</option>}</For>
					</select>
				</label>
			</Show>
			<For each={rows} fallback={<p>{t("bring.noCameras")}</p>}>
				{({ camera, typed }) => (
					<fieldset class="card">
						<legend>{camera.name}</legend>
						<Show
							when={ends[camera.id] !== "done"}
							fallback={
								<Notice kind="good">
									<p>{t("bring.done", { name: camera.name })}</p>
								</Notice>
							}
						>
							<AccessFields typed={typed} passwordHint={t("add.passwordHint")} />
							<Show when={failed(camera.id)}>
								{(words) => (
									<Notice kind={words().kind}>
										<p>{words().text}</p>
									</Notice>
								)}
							</Show>
						</Show>
					</fieldset>
				)}
			</For>
			<ProblemNotice problem={problem()} />
			<Show
				when={!taken()}
				fallback={
					<Notice kind="good">
						<p>
							{t("bring.all")} <Link href="/">{t("app.cameras")}</Link>
						</p>
					</Notice>
				}
			>
				<Submit busy={busy() ? t("bring.busy") : undefined}>{t("bring.action")}</Submit>
			</Show>
		</form>
	);
}
