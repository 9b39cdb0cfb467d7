import CircleAlert from "lucide-solid/icons/circle-alert";
import CirclePause from "lucide-solid/icons/circle-pause";
import Clock from "lucide-solid/icons/clock";
import LoaderCircle from "lucide-solid/icons/loader-circle";
import Radio from "lucide-solid/icons/radio";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { createSignal, onCleanup, onMount, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { Camera } from "../api/answers.ts";
import { t } from "../i18n/index.ts";
import type { Mark, ViewState } from "../watch/protocol.ts";
import { viewer, type Watching } from "../watch/viewer.ts";
import { ageText, whyText } from "./picture-words.ts";
import { Link } from "./router.tsx";

const MARKS = {
	connecting: { icon: LoaderCircle, tone: "waiting" },
	waiting: { icon: Clock, tone: "waiting" },
	live: { icon: Radio, tone: "live" },
	stale: { icon: TriangleAlert, tone: "stale" },
	refused: { icon: CircleAlert, tone: "refused" },
	paused: { icon: CirclePause, tone: "waiting" },
} as const;

export const UNKNOWN: ViewState = {
	mark: "connecting",
	why: { code: "connecting" },
	painted: false,
	ageExact: false,
	sound: "unknown",
};

export function MarkIcon(props: { mark: Mark }) {
	return (
		<Dynamic
			component={MARKS[props.mark].icon}
			size={16}
			class={`mark-${MARKS[props.mark].tone}`}
			classList={{ turning: props.mark === "connecting" }}
			aria-hidden="true"
		/>
	);
}

/** State in one mark and one word. */
function StateMark(props: { mark: Mark }) {
	return (
		<span class="scrim state">
			<MarkIcon mark={props.mark} />
			{t(`state.${props.mark}`)}
		</span>
	);
}

/** One live picture. With `href` it is a link to itself enlarged. */
export function Picture(props: {
	camera: Pick<Camera, "id" | "name">;
	href?: string;
	onState?: (state: ViewState) => void;
	/** The name stands elsewhere already. */
	bare?: boolean;
	/** The reason stands elsewhere already. */
	wordless?: boolean;
	/** Watches even while it is scrolled out of sight: somebody waits for what the camera says. */
	always?: boolean;
}) {
	const [state, setState] = createSignal<ViewState>(UNKNOWN);
	let canvas: HTMLCanvasElement | undefined;
	let frame: HTMLElement | undefined;
	const setFrame = (element: HTMLElement) => {
		frame = element;
	};
	let watching: Watching | undefined;
	onMount(() => {
		if (!canvas || !frame) return;
		watching = viewer.watch({ camera: props.camera.id, small: props.href !== undefined }, canvas, (next) => {
			setState(next);
			props.onState?.(next);
		});
		if (props.always) return;
		const sight = new IntersectionObserver(([entry]) => watching?.show(entry?.isIntersecting ?? true), {
			rootMargin: "120px",
		});
		sight.observe(frame);
		onCleanup(() => sight.disconnect());
	});
	onCleanup(() => watching?.close());
	const classes = () => ({
		picture: true,
		dark: true,
		stale: state().painted && state().mark !== "live",
		blank: !state().painted,
	});
	const inside = (
		<>
			<canvas
				ref={canvas}
				role="img"
				aria-label={t("live.picture", { name: props.camera.name })}
				width="16"
				height="9"
			/>
			{/* In the grid one sentence in the bar speaks for all tiles. */}
			<div role={props.href ? undefined : "status"}>
				<Show when={state().mark !== "live" && !props.wordless && state().why}>
					{(why) => (
						<div class="why">
							<p data-why={why().code}>{whyText(why())}</p>
							{/* A tile is a link already; it leads to where this one stands. */}
							<Show when={why().code === "camera-refused" && !props.href}>
								<Link class="button" href={`/cameras/${props.camera.id}/settings#access`}>
									{t("access.title")}
								</Link>
							</Show>
						</div>
					)}
				</Show>
			</div>
			<StateMark mark={state().mark} />
			<span class="foot">
				<Show when={!props.bare}>
					<span class="scrim name">
						<span>{props.camera.name}</span>
					</span>
				</Show>
				<Show when={state().painted && state().ageMs}>
					{(age) => (
						<span class="scrim age">
							<span class="visually-hidden">{t("age.label")} </span>
							{state().ageExact ? "" : "≈ "}
							{ageText(age())}
						</span>
					)}
				</Show>
			</span>
		</>
	);
	return (
		<Show
			when={props.href}
			fallback={
				<div ref={setFrame} classList={classes()} data-camera={props.camera.id} data-state={state().mark}>
					{inside}
				</div>
			}
		>
			{(href) => (
				<Link
					ref={setFrame}
					href={href()}
					classList={classes()}
					aria-label={`${t("live.open", { name: props.camera.name })}, ${t(`state.${state().mark}`)}`}
					data-camera={props.camera.id}
					data-state={state().mark}
				>
					{inside}
				</Link>
			)}
		</Show>
	);
}
