import type { Manifest } from "@mivisus/wire/archive";
import { createSignal, createUniqueId, For, Match, Show, Switch } from "solid-js";
import { dayOf, entries, t } from "../i18n/index.ts";
import { Loading, Notice, ProblemNotice, Title } from "../ui/parts.tsx";
import { Shell } from "../ui/shell.tsx";
import { judgeArchive, type Verdict } from "../ui/verdict.ts";

/** Checks a copy of somebody's data without sending it anywhere. */
export function VerifyExport() {
	const id = createUniqueId();
	const [verdict, setVerdict] = createSignal<Verdict<Manifest>>();
	const [busy, setBusy] = createSignal(false);
	const check = async (file: File | undefined) => {
		if (!file) return;
		setVerdict(undefined);
		setBusy(true);
		setVerdict(await judgeArchive(file));
		setBusy(false);
	};
	const whole = () => {
		const found = verdict();
		return found?.kind === "whole" ? found.value : undefined;
	};
	const broken = () => {
		const found = verdict();
		return found?.kind === "broken" ? found : undefined;
	};
	const problem = () => {
		const found = verdict();
		return found?.kind === "problem" ? found.problem : undefined;
	};
	return (
		<Shell>
			<div class="page narrow">
				<header>
					<Title>{t("verify.title")}</Title>
					<p class="lead">{t("verify.lead")}</p>
				</header>
				<div class="field">
					<label for={id}>{t("verify.file")}</label>
					<input
						id={id}
						type="file"
						accept=".zip,application/zip"
						onChange={(event) => void check(event.currentTarget.files?.[0])}
					/>
				</div>
				<Show when={busy()}>
					<Loading words={t("verify.busy")} />
				</Show>
				<ProblemNotice problem={problem()} />
				<Switch>
					<Match when={whole()}>
						{(manifest) => (
							<>
								<Notice kind="good">
									<p>
										{t("verify.whole", { day: dayOf(Date.parse(manifest().createdAt)), service: manifest().service })}
									</p>
								</Notice>
								<ul class="list card">
									<For each={manifest().files.filter(({ path, rows }) => rows !== undefined && path.endsWith(".json"))}>
										{({ path, rows }) => (
											<li>
												<span>{path}</span>
												<span class="small soft">{entries(rows ?? 0)}</span>
											</li>
										)}
									</For>
								</ul>
							</>
						)}
					</Match>
					<Match when={broken()}>
						{(found) => (
							<Notice kind="problem">
								<p>{t(found().key, { path: found().path ?? "" })}</p>
							</Notice>
						)}
					</Match>
				</Switch>
			</div>
		</Shell>
	);
}
