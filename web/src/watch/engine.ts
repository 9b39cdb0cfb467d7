import type { ReportFrame } from "@mivisus/wire/relay-tracks";
import { Api } from "../api/client.ts";
import { openSession } from "./browser-session.ts";
import { TICK_MS } from "./limits.ts";
import { Link, LinkRefused } from "./link.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { RelaySession } from "./relay-session.ts";
import { SoundPipe } from "./sound-pipe.ts";
import { type Surroundings, View } from "./view.ts";

const SIGNED_OUT = "signed-out";
/** Statuses after which asking again by itself changes nothing. */
const isFinal = (status: number) => status >= 400 && status < 500 && status !== 429 && status !== 408;

/** Everything that lives in the watch worker: one link, the views, the sound that is heard. */
export class Engine {
	#post: (message: FromWorker, transfer?: Transferable[]) => void;
	#api = new Api();
	#cameras: string[] = [];
	/** Cameras that the account does not have any more. */
	#gone = new Set<string>();
	#views = new Map<number, View>();
	#shown = new Map<number, boolean>();
	#hidden = false;
	#listening: number | undefined;
	#sound: SoundPipe;
	#link: Link<RelaySession> | undefined;
	#refreshing = false;

	constructor(post: (message: FromWorker, transfer?: Transferable[]) => void) {
		this.#post = post;
		this.#sound = new SoundPipe((planes, sampleRate, timestampUs) => {
			if (this.#listening !== undefined) this.#views.get(this.#listening)?.heard(planes);
			this.#post(
				{ type: "sound", planes, sampleRate, timestampUs },
				planes.map(({ buffer }) => buffer),
			);
		});
		setInterval(() => this.#tick(), TICK_MS);
	}
	handle(message: ToWorker): void {
		switch (message.type) {
			case "cameras":
				this.#setCameras(message.ids);
				break;
			case "attach":
				this.#attach(message.view, message, message.canvas);
				break;
			case "detach":
				this.#views.get(message.view)?.close();
				this.#views.delete(message.view);
				this.#shown.delete(message.view);
				if (this.#listening === message.view) this.#listen(undefined);
				break;
			case "show":
				this.#shown.set(message.view, message.shown);
				this.#sync();
				break;
			case "listen":
				this.#listen(message.view);
				break;
			case "hidden":
				this.#hidden = message.hidden;
				if (message.hidden) this.#sound.stop();
				this.#sync();
				break;
			case "online":
				this.#link?.retry();
				break;
		}
	}
	#setCameras(ids: string[]): void {
		this.#cameras = ids;
		this.#gone.clear();
		if (ids.length === 0) {
			this.#link?.close();
			this.#link = undefined;
			this.#sync();
		} else if (this.#link) this.#link.renew();
		else {
			this.#link = new Link<RelaySession>({
				open: () => this.#open(),
				changed: () => this.#sync(),
				now: () => Date.now(),
			});
			this.#link.tick();
		}
	}
	async #open(): Promise<RelaySession> {
		if (typeof WebTransport === "undefined") throw new LinkRefused("browser", true);
		let grant = await this.#grant();
		// A camera was deleted elsewhere: the others go on.
		if (grant.kind === "problem" && grant.problem.status === 404 && (await this.#lookForGone()))
			grant = await this.#grant();
		if (grant.kind !== "ok") {
			const problem = grant.kind === "problem" ? grant.problem : { status: 0, code: "aborted", detail: "" };
			if (problem.status === 401) throw new LinkRefused(SIGNED_OUT, true);
			throw new LinkRefused(problem.detail || problem.code, isFinal(problem.status));
		}
		const session = await openSession(grant.value);
		return RelaySession.open(session, grant.value.token, grant.value.untilMs, () => this.#reports());
	}
	#grant() {
		return this.#api.relayGrant(this.#cameras.filter((id) => !this.#gone.has(id)));
	}
	/** Whether some of the cameras are gone and some are left. */
	async #lookForGone(): Promise<boolean> {
		const answer = await this.#api.cameras();
		if (answer.kind !== "ok") return false;
		const there = new Set(answer.value.cameras.map(({ id }) => id));
		const before = this.#gone.size;
		for (const id of this.#cameras) if (!there.has(id)) this.#gone.add(id);
		return this.#gone.size > before && this.#gone.size < this.#cameras.length;
	}
	#attach(id: number, which: { camera: string; small: boolean }, canvas: OffscreenCanvas): void {
		const view = new View(which, canvas, {
			carried: (session) => this.#carried(session),
			sound: (timestampUs, data) => this.#listening === id && this.#sound.push(timestampUs, data),
			soundConfig: (config) => this.#listening === id && this.#sound.configure(config),
		});
		this.#views.set(id, view);
		this.#shown.set(id, true);
		this.#sync();
		this.#refresh();
	}
	#carried(session: RelaySession): void {
		const main = this.#link?.main;
		// Another camera's agent may go over to the new relay a moment later: the old session is kept for it while it lasts.
		const missed = (old: RelaySession) => [...this.#views.values()].some((view) => view.isSeenThrough(old));
		if (main?.leaving && session !== main && missed(main)) return;
		this.#link?.carried(session);
	}
	#listen(id: number | undefined): void {
		this.#listening = id;
		this.#sound.stop();
		for (const [other, view] of this.#views) view.listen(other === id);
	}
	#sync(): void {
		const around = this.#surroundings();
		for (const [id, view] of this.#views) {
			view.show(this.#shown.get(id) ?? true, this.#hidden);
			view.allow(this.#mayBeSeen(view, around));
			view.sync(this.#link?.main, this.#link?.spare);
		}
		this.#refresh();
	}
	#tick(): void {
		this.#link?.tick();
		const around = this.#surroundings();
		for (const [id, view] of this.#views) {
			view.allow(this.#mayBeSeen(view, around));
			view.tick();
			this.#post({ type: "view", view: id, state: view.state({ ...around, gone: this.#gone.has(view.camera) }) });
		}
	}
	#mayBeSeen({ camera }: View, { signedOut }: Pick<Surroundings, "signedOut">): boolean {
		return !signedOut && !this.#gone.has(camera);
	}
	#surroundings(): Omit<Surroundings, "gone"> {
		const link = this.#link;
		const refusal = link?.refusal?.message;
		const capable = typeof WebTransport !== "undefined" && typeof VideoDecoder !== "undefined";
		return {
			capable,
			signedOut: refusal === SIGNED_OUT,
			denied: refusal !== SIGNED_OUT && capable ? refusal : undefined,
			link: {
				up: link?.main !== undefined && !link.main.silent(),
				failures: link?.failures ?? 0,
				lostMs: link?.lostMs,
			},
		};
	}
	#reports(): ReportFrame["tracks"] {
		const tracks: ReportFrame["tracks"] = {};
		for (const view of this.#views.values()) {
			const report = view.report();
			if (report) tracks[report.track] = { latenessMs: report.latenessMs, dropped: report.dropped };
		}
		return tracks;
	}
	/** Draws once per refresh while anything is to be seen. */
	#refresh(): void {
		if (this.#refreshing) return;
		const wanted = () => [...this.#views.values()].some((view) => view.wanted);
		if (!wanted()) return;
		this.#refreshing = true;
		// Firefox and Chromium give workers a refresh clock; where there is none, a timer stands in.
		const next: (run: () => void) => void =
			typeof requestAnimationFrame === "function"
				? (run) => void requestAnimationFrame(run)
				: (run) => void setTimeout(run, 16);
		const draw = () => {
			for (const view of this.#views.values()) view.refresh();
			if (wanted()) next(draw);
			else this.#refreshing = false;
		};
		next(draw);
	}
}
