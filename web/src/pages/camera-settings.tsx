import ArrowLeft from "lucide-solid/icons/arrow-left";
import { createResource, createSignal, onCleanup, Show } from "solid-js";
import type { Camera } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { t } from "../i18n/index.ts";
import { formatAddress } from "../keys/address.ts";
import { signCommand } from "../keys/command.ts";
import { vault } from "../keys/vault.ts";
import { Confirm, Field, Loading, Notice, ProblemNotice, Submit, Title } from "../ui/parts.tsx";
import { Link, navigate } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { problemOf, problemText } from "../ui/words.ts";
import { ChangeAccess } from "./change-access.tsx";
import { endText, orderSound } from "./orders.ts";

type Said = { kind: "good" | "problem" | "warning"; text: string };

/** Name, access, sound and removal of one camera. All but the name are signed orders to its agent. */
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
	const [nameless, setNameless] = createSignal(false);
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
		setNameless(false);
		say("name");
	};
	const rename = async (event: SubmitEvent) => {
		event.preventDefault();
		if (busy()) return;
		setNameless(name().trim() === "");
		if (nameless()) return;
		setBusy("name");
		const answer = await api.renameCamera(props.camera.id, name().trim());
		setBusy(undefined);
		if (answer.kind === "problem") return say("name", { kind: "problem", text: problemText(answer.problem) });
		say("name", { kind: "good", text: t("app.saved") });
		props.reload();
	};
	const setSound = async (on: boolean) => {
		const pinned = pin();
		if (!pinned) return;
		setBusy("sound");
		say("sound");
		say("sound", endText(await orderSound({ api, vault }, { pin: pinned, camera: props.camera.id, on }, stop.signal)));
		props.reload();
		setBusy(undefined);
	};
	/** Nothing secret goes with it, so that whatever key the service shows, removing works. */
	const remove = async () => {
		setBusy("delete");
		say("delete");
		const pinned = pin();
		const command = pinned && (await signCommand(vault, pinned, { type: "camera.remove", camera: props.camera.id }));
		const answer = await api.deleteCamera(props.camera.id, command);
		setBusy(undefined);
		if (answer.kind === "problem") return say("delete", { kind: "problem", text: problemText(answer.problem) });
		navigate("/");
	};
	/** Links lead to sections, which are there only when the camera is known. */
	const section = (element: HTMLElement) => {
		if (location.hash !== `#${element.id}`) return;
		queueMicrotask(() => {
			element.scrollIntoView();
			element.focus({ preventScroll: true });
		});
	};
	const deleteText = () => (pin() ? t("settings.deleteText") : t("settings.deleteElsewhere"));
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
			<form class="card" novalidate onSubmit={(event) => void rename(event)}>
				<Field
					label={t("settings.name")}
					fault={nameless() ? t("add.needName") : undefined}
					required
					maxlength={80}
					value={name()}
					onInput={rewrite}
				/>
				<Saying words={said().name} />
				<div class="row">
					<Submit busy={busy() === "name" ? t("app.save") : undefined}>{t("settings.rename")}</Submit>
				</div>
			</form>
			<section id="access" ref={section} class="card" tabindex={-1} aria-labelledby="access-title">
				<h2 id="access-title">{t("access.title")}</h2>
				<Show
					when={pin()}
					fallback={
						<>
							<p class="mono">{formatAddress(props.camera.address)}</p>
							<Show when={!pin.loading}>
								<Notice>
									<p>{t("access.unsigned")}</p>
								</Notice>
							</Show>
						</>
					}
				>
					{(pinned) => <ChangeAccess camera={props.camera} pin={pinned()} changed={props.reload} />}
				</Show>
			</section>
			<section id="sound" ref={section} class="card" tabindex={-1} aria-labelledby="sound-title">
				<h2 id="sound-title">{t("settings.sound")}</h2>
				<p>{props.camera.sound ? t("settings.soundOn") : t("settings.soundOff")}</p>
				<Show
					when={pin() || pin.loading}
					fallback={
						<Notice>
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
				<p>{deleteText()}</p>
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
					text={deleteText()}
					action={t("settings.deleteConfirm")}
					onConfirm={() => void remove()}
					onClose={() => setAsking(undefined)}
				/>
			</Show>
		</>
	);
}
