import Check from "lucide-solid/icons/check";
import { createEffect, createResource, createSignal, For, type JSX, onCleanup, Show } from "solid-js";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { vault } from "../keys/vault.ts";
import { fitGrid } from "../ui/fit-grid.ts";
import { Loading, Notice, ProblemNotice, Title } from "../ui/parts.tsx";
import { MarkIcon, Picture } from "../ui/picture.tsx";
import { Link } from "../ui/router.tsx";
import { account } from "../ui/session.ts";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";
import type { Mark } from "../watch/protocol.ts";
import { viewer } from "../watch/viewer.ts";
import { orderableAgents } from "./orders.ts";
import { StartCommand } from "./start-agent.tsx";
import { summarize } from "./summary.ts";

/** As the style sheet has them, px. */
const BAR = 57;
const GAP = 2;

/** All cameras, live, edge to edge; before the first camera, the three steps to it. */
export function Home() {
	const [result, { refetch }] = createResource(() => api.cameras());
	const [marks, setMarks] = createSignal<Record<string, Mark>>({});
	const cameras = () => {
		const loaded = result();
		return loaded?.kind === "ok" ? loaded.value.cameras : undefined;
	};
	createEffect(() => {
		const list = cameras();
		if (list) viewer.setKnown(list.map(({ id }) => id));
	});
	const [space, setSpace] = createSignal({ width: innerWidth, height: innerHeight });
	const setGrid = (grid: HTMLElement) => {
		// What is left below the bar, not what the tiles make of it.
		const measure = () => setSpace({ width: grid.clientWidth || innerWidth, height: innerHeight - BAR });
		const observer = new ResizeObserver(measure);
		observer.observe(grid);
		addEventListener("resize", measure);
		onCleanup(() => {
			observer.disconnect();
			removeEventListener("resize", measure);
		});
	};
	const gridStyle = () => {
		const { columns, tile } = fitGrid(cameras()?.length ?? 1, space().width, space().height, GAP);
		return { "--columns": String(columns), "--tile": `${tile}px` };
	};
	const summary = () => summarize((cameras() ?? []).map(({ id }) => marks()[id] ?? "connecting"));
	const Summary = () => (
		<Show when={summary()}>
			{(it) => (
				<>
					<MarkIcon mark={it().mark} />
					<span>{it().text}</span>
				</>
			)}
		</Show>
	);
	return (
		<Shell summary={<Summary />} dark={(cameras()?.length ?? 0) > 0}>
			<Show when={cameras()?.length !== 0}>
				<Title hidden>{t("home.title")}</Title>
			</Show>
			<Show
				when={result()}
				fallback={
					<div class="page">
						<Loading />
					</div>
				}
			>
				{(loaded) => (
					<Show when={problemOf(loaded())}>
						{(problem) => (
							<div class="page">
								<ProblemNotice problem={problem()} retry={() => void refetch()} />
							</div>
						)}
					</Show>
				)}
			</Show>
			<Show when={cameras()?.length === 0}>
				<FirstUse />
			</Show>
			<Show when={cameras()?.length}>
				<ul ref={setGrid} class="grid" style={gridStyle()} aria-label={t("home.grid")}>
					<For each={cameras()}>
						{(camera) => (
							<li>
								<Picture
									camera={camera}
									href={`/cameras/${camera.id}`}
									onState={({ mark }) =>
										setMarks((before) => (before[camera.id] === mark ? before : { ...before, [camera.id]: mark }))
									}
								/>
							</li>
						)}
					</For>
				</ul>
			</Show>
		</Shell>
	);
}

function Step(props: {
	number: number;
	title: string;
	text?: string | undefined;
	done?: boolean;
	children?: JSX.Element;
}) {
	return (
		<li classList={{ done: props.done === true }}>
			<span class="number">
				<Show when={props.done} fallback={props.number}>
					<Check size={20} aria-hidden="true" />
					<span class="visually-hidden">{t("first.done")}</span>
				</Show>
			</span>
			<h2>{props.title}</h2>
			<Show when={props.text}>{(text) => <p class="soft">{text()}</p>}</Show>
			{props.children}
		</li>
	);
}

function FirstUse() {
	const [agents, { refetch }] = createResource(() => orderableAgents(api, vault, account()?.id ?? ""));
	// The agent's link is often opened in another tab; who comes back sees the step done.
	const look = () => void refetch();
	addEventListener("focus", look);
	onCleanup(() => removeEventListener("focus", look));
	const linked = () => {
		const found = agents();
		return found && "agents" in found ? found.agents[0] : undefined;
	};
	const elsewhere = () => {
		const found = agents();
		return found && "agents" in found && found.agents.length === 0 && found.others > 0;
	};
	return (
		<div class="page">
			<header>
				<Title>{t("first.title")}</Title>
				<p class="lead">{t("first.lead")}</p>
			</header>
			<Show when={elsewhere()}>
				<Notice>
					<p>{t("add.otherBrowser")}</p>
				</Notice>
			</Show>
			<ol class="steps">
				<Step
					number={1}
					title={t("first.agent")}
					text={linked() ? undefined : t("first.agentText")}
					done={linked() !== undefined}
				>
					<Show when={!linked()}>
						<StartCommand />
					</Show>
				</Step>
				<Step
					number={2}
					title={t("first.link")}
					text={linked() ? t("first.linked", { name: linked()?.name ?? "" }) : t("first.linkText")}
					done={linked() !== undefined}
				/>
				<Step number={3} title={t("first.camera")} text={t("first.cameraText")}>
					<Show when={linked()}>
						<Link class="button primary" href="/cameras/new">
							{t("app.addCamera")}
						</Link>
					</Show>
				</Step>
			</ol>
		</div>
	);
}
