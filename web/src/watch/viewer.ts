import type { FromWorker, ToWorker, ViewState } from "./protocol.ts";
import { SoundClock } from "./sound-clock.ts";

/** Without a word from the worker for longer, pictures are not to be trusted. */
const WORKER_SILENT_MS = 1500;
/** The session outlives the last tile a little, so that going from the grid to one camera reconnects nothing. */
const LINGER_MS = 3000;

/** Cameras that one session may name; more than these are not on one page. */
const MAX_CAMERAS = 40;

/** A tile that is being watched. */
export interface Watching {
	/** False: out of sight, fetch and decode nothing. */
	show(shown: boolean): void;
	close(): void;
}

/** The page's side of the watch worker: one for the page, made at the first tile. */
class Viewer {
	#worker: Worker | undefined;
	#views = new Map<number, { camera: string; onState: (state: ViewState) => void; last?: ViewState }>();
	#nextView = 0;
	#granted: string[] = [];
	#known: string[] = [];
	#heardMs = 0;
	#linger: ReturnType<typeof setTimeout> | undefined;
	#audio: AudioContext | undefined;
	#clock = new SoundClock();
	#listening: number | undefined;

	/** All cameras of the account: one session serves them all. */
	setKnown(ids: readonly string[]): void {
		this.#known = [...ids];
		if (this.#views.size > 0) this.#grant();
	}
	/** Watches `camera` on a canvas of the page, which is handed over for good. */
	watch(
		{ camera, small }: { camera: string; small: boolean },
		canvas: HTMLCanvasElement,
		onState: (state: ViewState) => void,
	): Watching {
		clearTimeout(this.#linger);
		const view = this.#nextView++;
		this.#views.set(view, { camera, onState });
		const offscreen = canvas.transferControlToOffscreen();
		this.#send({ type: "attach", view, camera, small, canvas: offscreen }, [offscreen]);
		this.#grant();
		return {
			show: (shown) => this.#send({ type: "show", view, shown }),
			close: () => {
				this.#views.delete(view);
				if (this.#listening === view) this.#listening = undefined;
				this.#send({ type: "detach", view });
				if (this.#views.size > 0) return;
				this.#linger = setTimeout(() => {
					this.#granted = [];
					this.#send({ type: "cameras", ids: [] });
				}, LINGER_MS);
			},
		};
	}
	/** Lets `camera` be heard, or nothing. Called from a tap, because browsers let nothing sound before one. */
	listen(camera: string | undefined): void {
		const view = camera === undefined ? undefined : [...this.#views].find(([, it]) => it.camera === camera)?.[0];
		this.#listening = view;
		this.#clock.reset();
		if (view !== undefined) {
			this.#audio ??= new AudioContext({ latencyHint: "interactive" });
			void this.#audio.resume();
		} else void this.#audio?.suspend();
		this.#send({ type: "listen", view });
	}
	/** Ends everything, as at signing out. */
	stop(): void {
		this.listen(undefined);
		this.#known = [];
		this.#granted = [];
		this.#send({ type: "cameras", ids: [] });
	}
	#grant(): void {
		const seen = [...this.#views.values()].map(({ camera }) => camera);
		const wanted = [...new Set([...seen, ...this.#known])].slice(0, MAX_CAMERAS).sort();
		const same = wanted.join() === this.#granted.join();
		if (same || wanted.length === 0) return;
		this.#granted = wanted;
		this.#send({ type: "cameras", ids: wanted });
	}
	#send(message: ToWorker, transfer: Transferable[] = []): void {
		this.#worker ??= this.#start();
		this.#worker.postMessage(message, transfer);
	}
	#start(): Worker {
		const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "watch" });
		worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
			this.#heardMs = performance.now();
			if (data.type === "sound") return this.#play(data.planes, data.sampleRate);
			const view = this.#views.get(data.view);
			if (!view) return;
			view.last = data.state;
			view.onState(data.state);
		};
		this.#heardMs = performance.now();
		const tellHidden = () => this.#send({ type: "hidden", hidden: document.hidden });
		document.addEventListener("visibilitychange", tellHidden);
		addEventListener("online", () => this.#send({ type: "online" }));
		setInterval(() => this.#distrust(), WORKER_SILENT_MS / 3);
		queueMicrotask(tellHidden);
		return worker;
	}
	/** A worker that says nothing cannot say that its pictures are old. */
	#distrust(): void {
		if (document.hidden || performance.now() - this.#heardMs < WORKER_SILENT_MS) return;
		for (const { last, onState } of this.#views.values()) {
			if (last?.mark === "live") onState({ ...last, mark: "stale", why: { code: "noPictures", sinceMs: Date.now() } });
		}
	}
	#play(planes: Float32Array<ArrayBuffer>[], sampleRate: number): void {
		const audio = this.#audio;
		const [first] = planes;
		if (!audio || !first || first.length === 0 || audio.state !== "running") return;
		const at = this.#clock.place(first.length / sampleRate, audio.currentTime);
		if (at === undefined) return;
		const buffer = audio.createBuffer(planes.length, first.length, sampleRate);
		for (const [channel, plane] of planes.entries()) buffer.copyToChannel(plane, channel);
		const source = audio.createBufferSource();
		source.buffer = buffer;
		source.connect(audio.destination);
		source.start(at);
	}
}

/** The page's one viewer. */
export const viewer = new Viewer();
