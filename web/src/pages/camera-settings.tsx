import ArrowLeft from "lucide-solid/icons/arrow-left";
import { createResource, createSignal, onCleanup, Show } from "solid-js";
import type { Camera } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { agentSays } from "../i18n/agent.ts";
import { t } from "../i18n/index.ts";
import { formatAddress } from "../keys/address.ts";
import { sameKeys, signCommand } from "../keys/command.ts";
import { type Pin, vault } from "../keys/vault.ts";
import { Confirm, Field, Loading, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { problemOf, problemText } from "../ui/words.ts";
import { awaitOrder } from "./orders.ts";

type Said = { kind: "good" | "problem" | "warning"; text: string };

/** Name, sound and removal of one camera. Sound and removal are signed orders to its agent. */
export function CameraSettings(props: { id: string }) {
	const [result, { refetch }] = createResource(() => api.cameras());
	const camera = () => {
		const loaded = result();
		return loaded?.kind === "ok" ? loaded.value.cameras.find(({ id }) => id === props.id) : undefined;
	};
	const gone = () => result()?.kind === "ok" && !camera();
	return (
		<Shell>
			<div class="page">
				<Link class="back" href={camera() ? `/cameras/${props.id}` : "/"}>
					<ArrowLeft size={20} aria-hidden="true" />
					{camera()?.name ?? t("app.back")}
				</Link>
				<header>
					<Title>{gone() ? t("live.none") : t("settings.title")}</Title>
				</header>
				<Show when={result()} fallback={<Loading />}>
					{(loaded) => (
						<>
							<ProblemNotice problem={problemOf(loaded())} retry={() => void refetch()} />
							<Show when={gone()}>
								<p>{t("live.gone")}</p>
							</Show>
						</>
					)}
				</Show>
				<Show when={camera()}>{(found) => <Form camera={found()} reload={() => void refetch()} />}</Show>
			</div>
		</Shell>
	);
}

function Form(props: { camera: Camera; reload: () => void }) {
	const [name, setName] = createSignal(props.camera.name);
	const [busy, setBusy] = createSignal<"name" | "sound" | "delete">();
	const [said, setSaid] = createSignal<Partial<Record<"name" | "sound" | "delete", Said>>>({});
	const [asking, setAsking] = createSignal<"sound" | "delete">();
	const [pin] = createResource(() => vault.pin(props.camera.agentId));
	const stop = new AbortController();
	onCleanup(() => stop.abort());
	const say = (about: "name" | "sound" | "delete", words?: Said) =>
		setSaid((before) => ({ ...before, [about]: words }));

	const rewrite = (text: string) => {
		setName(text);
		say("name");
	};
	const rename = async (event: SubmitEvent) => {
		event.preventDefault();
		setBusy("name");
		const answer = await api.renameCamera(props.camera.id, name().trim());
		setBusy(undefined);
		if (answer.kind === "problem") return say("name", { kind: "problem", text: problemText(answer.problem) });
		say("name", { kind: "good", text: t("app.saved") });
		props.reload();
	};
	/** The pin, if the service still shows the same keys for the agent. */
	const genuinePin = async (about: "sound" | "delete"): Promise<Pin | undefined> => {
		const pinned = pin();
		if (!pinned) return undefined;
		const agents = await api.agents();
		if (agents.kind === "problem") say(about, { kind: "problem", text: problemText(agents.problem) });
		if (agents.kind !== "ok") return undefined;
		const shown = agents.value.agents.find(({ id }) => id === pinned.agentId);
		if (shown && sameKeys(pinned, shown)) return pinned;
		say(about, { kind: "problem", text: t("add.keyChanged") });
		return undefined;
	};
	const setSound = async (on: boolean) => {
		setBusy("sound");
		say("sound");
		const pinned = await genuinePin("sound");
		if (pinned) {
			const command = await signCommand(vault, pinned, { type: "camera.sound", camera: props.camera.id, on });
			const sent = await api.sendCommand(command);
			if (sent.kind === "problem") say("sound", { kind: "problem", text: problemText(sent.problem) });
			if (sent.kind === "ok") {
				const outcome = await awaitOrder(sent.value.id, stop.signal);
				if (outcome.end === "refused")
					say("sound", { kind: "problem", text: t("add.refused", { detail: agentSays(outcome.detail) }) });
				if (outcome.end === "silent") say("sound", { kind: "warning", text: t("add.agentSilent") });
				if (outcome.end === "problem") say("sound", { kind: "problem", text: problemText(outcome.problem) });
				props.reload();
			}
		}
		setBusy(undefined);
	};
	const remove = async () => {
		setBusy("delete");
		say("delete");
		const pinned = pin() && (await genuinePin("delete"));
		const command = pinned && (await signCommand(vault, pinned, { type: "camera.remove", camera: props.camera.id }));
		const answer = await api.deleteCamera(props.camera.id, command);
		setBusy(undefined);
		if (answer.kind === "problem") return say("delete", { kind: "problem", text: problemText(answer.problem) });
		navigate("/");
	};
	const Saying = (own: { words: Said | undefined }) => (
		<Show when={own.words}>
			{(words) => (
				<Notice kind={words().kind}>
					<p>{words().text}</p>
				</Notice>
			)}
		</Show>
	);
	return (
		<>
			<form class="card" onSubmit={(event) => void rename(event)}>
				<Field label={t("settings.name")} required maxlength={80} value={name()} onInput={rewrite} />
				<div>
					<p class="small soft">{t("settings.address")}</p>
					<p class="mono">{formatAddress(props.camera.address)}</p>
				</div>
				<Saying words={said().name} />
				<div class="row">
					<Submit busy={busy() === "name" ? t("app.save") : undefined}>{t("settings.rename")}</Submit>
				</div>
			</form>
			<section class="card" aria-labelledby="sound">
				<h2 id="sound">{t("settings.sound")}</h2>
				<p>{props.camera.sound ? t("settings.soundOn") : t("settings.soundOff")}</p>
				<Show
					when={pin() || pin.loading}
					fallback={
						<Notice kind="warning">
							<p>{t("settings.unsigned")}</p>
						</Notice>
					}
				>
					<div class="row">
						<button
							type="button"
							class="button"
							disabled={busy() !== undefined}
							onClick={() => (props.camera.sound ? void setSound(false) : setAsking("sound"))}
						>
							{props.camera.sound ? t("settings.soundTurnOff") : t("settings.soundTurnOn")}
						</button>
						<Show when={busy() === "sound"}>
							<Loading words={t("add.waiting")} />
						</Show>
					</div>
				</Show>
				<Saying words={said().sound} />
			</section>
			<section class="card" aria-labelledby="delete">
				<h2 id="delete">{t("settings.delete")}</h2>
				<p>{t("settings.deleteText")}</p>
				<Saying words={said().delete} />
				<div class="row">
					<button
						type="button"
						class="button danger"
						disabled={busy() !== undefined}
						onClick={() => setAsking("delete")}
					>
						{t("settings.delete")}
					</button>
				</div>
			</section>
			<Show when={asking() === "sound"}>
				<Confirm
					title={t("settings.soundWarnTitle")}
					text={t("settings.soundWarn")}
					action={t("settings.soundConfirm")}
					onConfirm={() => void setSound(true)}
					onClose={() => setAsking(undefined)}
				/>
			</Show>
			<Show when={asking() === "delete"}>
				<Confirm
					danger
					title={t("settings.deleteTitle", { name: props.camera.name })}
					text={t("settings.deleteText")}
					action={t("settings.deleteConfirm")}
					onConfirm={() => void remove()}
					onClose={() => setAsking(undefined)}
				/>
			</Show>
		</>
	);
}
