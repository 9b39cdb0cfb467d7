import Activity from "lucide-solid/icons/activity";
import ArrowLeft from "lucide-solid/icons/arrow-left";
import Maximize from "lucide-solid/icons/maximize";
import Minimize from "lucide-solid/icons/minimize";
import Settings from "lucide-solid/icons/settings";
import Volume2 from "lucide-solid/icons/volume-2";
import VolumeX from "lucide-solid/icons/volume-x";
import { createResource, createSignal, onCleanup, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { Camera } from "../api/answers.ts";
import { api } from "../api/client.ts";
import { figure, t } from "../i18n/index.ts";
import { agentSays } from "../i18n/says.ts";
import { Loading, ProblemNotice, Title } from "../ui/parts.tsx";
import { Picture, UNKNOWN } from "../ui/picture.tsx";
import { codecName, decibels } from "../ui/picture-words.ts";
import { Link } from "../ui/router.tsx";
import { Shell } from "../ui/shell.tsx";
import { problemOf } from "../ui/words.ts";
import type { ViewState } from "../watch/protocol.ts";
import { viewer } from "../watch/viewer.ts";

/** One camera, as large as can be. */
export function Live(props: { id: string }) {
	const [result, { refetch }] = createResource(() => api.cameras());
	const camera = () => {
		const loaded = result();
		return loaded?.kind === "ok" ? loaded.value.cameras.find(({ id }) => id === props.id) : undefined;
	};
	return (
		<Shell dark>
			<Show when={camera()}>{(found) => <One camera={found()} />}</Show>
			<Show when={!camera()}>
				<div class="page">
					<Show when={result()} fallback={<Loading />}>
						{(loaded) => (
							<>
								<Title>{loaded().kind === "ok" ? t("live.none") : t("home.title")}</Title>
								<ProblemNotice problem={problemOf(loaded())} retry={() => void refetch()} />
								<Show when={loaded().kind === "ok"}>
									<p>{t("live.gone")}</p>
									<p>
										<Link href="/">{t("app.home")}</Link>
									</p>
								</Show>
							</>
						)}
					</Show>
				</div>
			</Show>
		</Shell>
	);
}

function One(props: { camera: Camera }) {
	const [state, setState] = createSignal<ViewState>(UNKNOWN);
	const [heard, setHeard] = createSignal(false);
	const [figures, setFigures] = createSignal(false);
	const [full, setFull] = createSignal(false);
	let whole: HTMLElement | undefined;
	const fullChanged = () => setFull(document.fullscreenElement === whole);
	document.addEventListener("fullscreenchange", fullChanged);
	onCleanup(() => {
		document.removeEventListener("fullscreenchange", fullChanged);
		viewer.listen(undefined);
	});
	const toggleSound = () => {
		setAsked(!hasSound() && !asked());
		if (!hasSound()) return;
		setHeard(!heard());
		viewer.listen(heard() ? props.camera.id : undefined);
	};
	const toggleFull = () => {
		const change = full() ? document.exitFullscreen() : whole?.requestFullscreen();
		change?.catch(() => {});
	};
	const [asked, setAsked] = createSignal(false);
	const hasSound = () => state().sound === "on";
	const soundWords = () => {
		switch (state().sound) {
			case "on":
				return heard() ? t("live.soundOff") : t("live.soundOn");
			case "off":
				return t("live.soundSwitchedOff");
			case "unsupported":
				return agentSays(state().soundDetail ?? "") || t("live.soundNone");
			default:
				return t("settings.sound");
		}
	};
	return (
		<section ref={whole} class="one" aria-label={props.camera.name}>
			<div class="stage">
				<Picture camera={props.camera} onState={setState} bare />
			</div>
			<div class="tools">
				<Link class="button quiet icon" href="/" aria-label={t("app.back")} title={t("app.back")}>
					<ArrowLeft size={20} aria-hidden="true" />
				</Link>
				<Title>{props.camera.name}</Title>
				<button
					type="button"
					class="button quiet icon"
					aria-disabled={!hasSound()}
					aria-label={soundWords()}
					title={soundWords()}
					onClick={toggleSound}
				>
					<Dynamic component={heard() && hasSound() ? Volume2 : VolumeX} size={20} aria-hidden="true" />
				</button>
				<button
					type="button"
					class="button quiet icon"
					aria-expanded={figures()}
					aria-controls="figures"
					aria-label={t("live.stats")}
					title={t("live.stats")}
					onClick={() => setFigures(!figures())}
				>
					<Activity size={20} aria-hidden="true" />
				</button>
				<Link
					class="button quiet icon"
					href={`/cameras/${props.camera.id}/settings`}
					aria-label={t("live.settings")}
					title={t("live.settings")}
				>
					<Settings size={20} aria-hidden="true" />
				</Link>
				<button
					type="button"
					class="button quiet icon"
					aria-label={full() ? t("live.leaveFullScreen") : t("live.fullScreen")}
					title={full() ? t("live.leaveFullScreen") : t("live.fullScreen")}
					onClick={toggleFull}
				>
					<Dynamic component={full() ? Minimize : Maximize} size={20} aria-hidden="true" />
				</button>
			</div>
			{/* A finger cannot rest on a button to read why it does nothing. */}
			<div class="aside" role="status">
				<Show when={asked() && !hasSound() && state().sound !== "unknown"}>
					<p>{soundWords()}</p>
					<Show when={state().sound === "off"}>
						<Link href={`/cameras/${props.camera.id}/settings#sound`}>{t("live.soundSettings")}</Link>
					</Show>
				</Show>
			</div>
			<section id="figures" class="stats" hidden={!figures()} aria-label={t("live.statsTitle")}>
				<Figures state={state()} />
			</section>
		</section>
	);
}

function Figures(props: { state: ViewState }) {
	const rows = (): [key: string, name: string, value: string, exactly?: string | undefined][] => {
		const it = props.state.figures;
		const age = props.state.ageMs;
		const about = props.state.ageExact ? "" : `${t("stat.about")} `;
		return [
			["path", t("stat.path"), it?.path ?? "–"],
			["codec", t("stat.codec"), it ? codecName(it.codec) : "–", it?.codec],
			["size", t("stat.size"), it ? `${it.width}\u00a0×\u00a0${it.height}` : "–"],
			["rate", t("stat.rate"), it ? `${figure(it.bitsPerSecond / 1e6, 1)}\u00a0Mbit/s` : "–"],
			["fps", t("stat.fps"), it ? figure(it.framesPerSecond, 1) : "–"],
			["age", t("stat.age"), age === undefined ? "–" : about + t("age.seconds", { s: figure(age / 1000, 2) })],
			["dropped", t("stat.dropped"), it ? figure(it.dropped) : "–"],
			["decoding", t("stat.decoder"), it ? figure(it.decoding) : "–"],
			["sound", t("stat.sound"), soundName(), it?.sound.codec],
			["sound-decoded", t("stat.soundDecoded"), it ? figure(it.sound.decoded) : "–"],
			// Below 16 bits of resolution there is nothing to hear.
			["sound-peak", t("stat.soundPeak"), it && it.sound.peak > 2 ** -15 ? decibels(it.sound.peak) : "–"],
		];
	};
	const soundName = () => {
		const sound = props.state.figures?.sound;
		if (!sound) return "–";
		return sound.codec === undefined ? t("stat.soundNone") : codecName(sound.codec);
	};
	return (
		<dl>
			{rows().map(([key, name, value, exactly]) => (
				<div data-figure={key}>
					<dt>{name}</dt>
					<dd title={exactly}>{value}</dd>
				</div>
			))}
		</dl>
	);
}
