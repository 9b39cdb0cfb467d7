import { inGroups } from "@mivisus/wire/enrolment";
import { CameraAccess } from "@mivisus/wire/signed";
import { addCamera, NotAdded, TOO_LONG } from "./adding.ts";
import { describeTracks, type TestEnd, type TestStep, testCamera } from "./camera-test.ts";
import type { AgentConfig } from "./config.ts";
import {
	type AgentView,
	type CameraView,
	type Chosen,
	type Control,
	type Describe,
	type Discover,
	MAX_CHANNEL_NAME,
	ManyChannels,
	NotTested,
	type PendingLink,
} from "./control.ts";
import type { FoundCamera } from "./discovery/discover.ts";
import { MAX_FOUND } from "./discovery/limits.ts";
import type { LogLines } from "./log.ts";
import type { Outflow } from "./outflow.ts";
import { openAccess } from "./pairing/commands.ts";
import { EnrolmentRefused, enrol } from "./pairing/enrol.ts";
import type { Identity } from "./pairing/identity.ts";
import type { Privacy, WallTime } from "./privacy.ts";
import type { BroadcastClock } from "./publish/media.ts";
import { CameraError } from "./rtsp/errors.ts";
import { Secret } from "./rtsp/url.ts";
import type { StateStore } from "./secrets/state.ts";
import { Supervisor, type SupervisorOptions } from "./supervisor.ts";
import { addressText, type Read, readTyped, type Typed } from "./typed-access.ts";
import { WorkerClient, WorkerError } from "./worker-client.ts";

export interface RunningOptions {
	store: StateStore;
	identity: Identity;
	config: AgentConfig;
	zone: string;
	wall(ms: number): WallTime;
	outflow: Outflow;
	lines: LogLines;
	clock: BroadcastClock;
	log: SupervisorOptions["log"];
	createSource: SupervisorOptions["createSource"];
	connect: SupervisorOptions["connect"];
	discover?: Discover | undefined;
	describe?: Describe | undefined;
	/** Shows a link on the terminal. */
	onLink(link: PendingLink): void;
	/** A link came to nothing, and why. */
	onLinkFault(words: string): void;
	/** It belongs to an account, and begins its work. */
	onRunning(): void;
}

/** The agent as `run` keeps it: links it where it is not linked yet, runs its cameras, and does what page and commands ask. */
export class RunningAgent implements Control {
	readonly search: Discover | undefined;
	/** What the last looks found, by reference and host: one that is chosen is asked where it said it answers. */
	#found = new Map<string, FoundCamera>();
	#options: RunningOptions;
	#client: WorkerClient;
	#supervisor: Supervisor;
	/** Tests of the agent's own cameras that are under way. */
	#tests = new Set<{ id: string; abort: AbortController }>();
	#pending: { link: PendingLink | undefined; abort: AbortController } | undefined;
	#linkFault: string | undefined;
	#stop = new AbortController();
	#linked: () => void = () => {};
	#refused: (error: Error) => void = () => {};

	constructor(options: RunningOptions) {
		const { store, identity, config, clock, log, outflow, wall, createSource, connect } = options;
		this.#options = options;
		const { discover } = options;
		this.search = discover && ((look) => this.#remembering(discover(look)));
		this.#client = new WorkerClient(config.origin);
		const sent = (camera: string, bytes: number, kind: "video" | "audio") => outflow.sent(camera, bytes, kind);
		const client = this.#client;
		const switchedOff = (camera: string) => {
			for (const { id, abort } of this.#tests) if (id === camera) abort.abort();
		};
		const common = { store, identity, client, log, createSource, connect, clock, wall };
		this.#supervisor = new Supervisor({ ...common, sent, switchedOff });
	}
	/** Runs until `signal` aborts. Rejects with EnrolmentRefused, or with WorkerError where no link can be made at all. */
	async run(signal: AbortSignal): Promise<"stopped" | "unlinked"> {
		const { store, identity, outflow } = this.#options;
		const stop = () => this.#stop.abort();
		signal.addEventListener("abort", stop, { once: true });
		try {
			if (!store.current.enrolment) await this.#link(signal);
			const { enrolment } = store.current;
			if (!enrolment || signal.aborted) return "stopped";
			this.#client.signer = { agentId: enrolment.agentId, key: identity.signKey };
			this.#markEnded(false);
			this.#options.onRunning();
			const end = await this.#supervisor.run(signal);
			if (end === "unlinked") this.#markEnded(true);
			return end;
		} finally {
			stop();
			outflow.save();
		}
	}
	view(): AgentView {
		const { store, config, zone, outflow, clock } = this.#options;
		const { enrolment } = store.current;
		return {
			name: config.name,
			origin: config.origin,
			link: !enrolment ? "unlinked" : enrolment.ended ? "ended" : "linked",
			pending: this.#pending?.link,
			linkFault: this.#linkFault,
			connections: this.#supervisor.connections,
			cameras: this.#supervisor.cameras.map(
				({ address, tracks, ...camera }): CameraView => ({
					...camera,
					address: address && addressText(address),
					sends: tracks && describeTracks(tracks),
					left: outflow.of(camera.id),
				}),
			),
			left: outflow.all,
			zone,
			nowMs: clock.now(),
			canSearch: this.search !== undefined,
		};
	}
	newLink(signal: AbortSignal): Promise<PendingLink> {
		const { store, identity, config, onLink, onLinkFault } = this.#options;
		this.#pending?.abort.abort();
		this.#linkFault = undefined;
		const abort = new AbortController();
		const pending = { link: undefined as PendingLink | undefined, abort };
		this.#pending = pending;
		// Its own client: one that refuses a claim forgets who signs, and the running cameras must not.
		const client = new WorkerClient(config.origin);
		const over = (words: string | undefined) => {
			if (this.#pending !== pending) return;
			this.#pending = undefined;
			this.#linkFault = words;
			if (words !== undefined) onLinkFault(words);
		};
		return new Promise((resolve, reject) => {
			const gaveUp = () => {
				if (!pending.link) abort.abort();
			};
			signal.addEventListener("abort", gaveUp, { once: true });
			enrol({
				client,
				identity,
				store,
				name: config.name,
				signal: AbortSignal.any([abort.signal, this.#stop.signal]),
				onLink: (url, expiresAtMs) => {
					pending.link = { url, expiresAtMs, fingerprint: inGroups(identity.fingerprint) };
					onLink(pending.link);
					resolve(pending.link);
				},
			}).then(
				() => {
					over(undefined);
					this.#linked();
				},
				(error: Error) => {
					over(error.name === "AbortError" ? undefined : wordsOf(error));
					if (error instanceof EnrolmentRefused) this.#refused(error);
					reject(error);
				},
			);
		});
	}
	async add({ name, ...camera }: (Typed | Chosen) & { name: string }, signal: AbortSignal) {
		const read = await this.#read(camera, signal);
		if (!read.ok) throw new NotAdded(read.problem);
		return addCamera({ store: this.#options.store, client: this.#client, name, access: read.access, signal });
	}
	async test(
		camera: Typed | Chosen | { id: string },
		onStep: (step: TestStep) => void,
		signal: AbortSignal,
	): Promise<TestEnd> {
		if ("id" in camera) return this.#testOwn(camera.id, onStep, signal);
		const read = await this.#read(camera, signal);
		if (!read.ok && read.fault) return { ok: false, code: read.fault, reason: read.problem };
		if (!read.ok) throw new NotTested(read.problem);
		if (read.look !== undefined) onStep({ who: "note", text: read.look });
		return this.#open(read.access, onStep, signal);
	}
	/** Off is off, for whoever asks and whatever is under way. */
	async #testOwn(id: string, onStep: (step: TestStep) => void, signal: AbortSignal): Promise<TestEnd> {
		const running = { id, abort: new AbortController() };
		this.#tests.add(running);
		try {
			const access = await this.#stored(id);
			if (this.#supervisor.isOff(id)) throw new NotTested(SWITCHED_OFF);
			const end = await this.#open(access, onStep, AbortSignal.any([signal, running.abort.signal]));
			return running.abort.signal.aborted ? { ok: false, code: "camera-unreachable", reason: SWITCHED_OFF } : end;
		} finally {
			this.#tests.delete(running);
		}
	}
	#open(access: CameraAccess, onStep: (step: TestStep) => void, signal: AbortSignal): Promise<TestEnd> {
		const { clock, config } = this.#options;
		return testCamera({ access, transport: config.rtspTransport, clock, onStep, signal });
	}
	setPrivacy(id: string, privacy: Privacy): boolean {
		return this.#supervisor.setPrivacy(id, privacy);
	}
	setReady(id: string, ready: boolean): boolean {
		return this.#supervisor.setReady(id, ready);
	}
	log() {
		return this.#options.lines.all;
	}
	/** Waits until a browser took this agent in; a link that ran out may be followed by another, made on the page. */
	async #link(signal: AbortSignal): Promise<void> {
		const linked = new Promise<void>((resolve, reject) => {
			this.#linked = resolve;
			this.#refused = reject;
			signal.addEventListener("abort", () => resolve(), { once: true });
		});
		linked.catch(() => {});
		await this.newLink(signal);
		await linked;
	}
	/** Whether the link still holds, the service says at the first look. */
	#markEnded(ended: boolean): void {
		const { store } = this.#options;
		if (!store.current.enrolment) return;
		const { ended: _, ...enrolment } = store.current.enrolment;
		store.save({ ...store.current, enrolment: ended ? { ...enrolment, ended } : enrolment });
	}
	/** How to reach what was typed; one that was chosen says itself where its streams are. */
	async #read(camera: Typed | Chosen, signal: AbortSignal): Promise<Read> {
		if (!("found" in camera)) return readTyped(camera);
		const { describe, clock } = this.#options;
		const { found, user, password } = camera;
		if (!describe)
			return { ok: false, problem: "The camera's streams cannot be asked for by this agent. Type its address." };
		try {
			const secret = password ? new Secret(password) : undefined;
			const { device, host, source } = found;
			const known = this.#found.get(placeOf(device, host)) ?? found;
			const { streams, sources } = await describe(known, { user, password: secret }, { signal, clock, source });
			// One with an endless name could not be chosen.
			const channels = sources.filter((each) => each.length <= MAX_CHANNEL_NAME);
			if (channels.length > 1 && source === undefined) throw new ManyChannels(channels);
			const { main: url, sub } = streams;
			const signIn = { ...(user && { user }), ...(password && { password }) };
			const access = CameraAccess.safeParse({ v: 1, url, ...(sub && { sub }), ...signIn, device });
			return access.success ? { ok: true, access: access.data } : { ok: false, problem: TOO_LONG };
		} catch (error) {
			if (!(error instanceof CameraError)) throw error;
			return { ok: false, problem: error.message, fault: error.code };
		}
	}
	async *#remembering(looking: AsyncIterable<FoundCamera>): AsyncGenerator<FoundCamera, void, void> {
		for await (const camera of looking) {
			if (this.#found.size >= MAX_FOUND) this.#found.clear();
			this.#found.set(placeOf(camera.device, camera.address.host), camera);
			yield camera;
		}
	}
	async #stored(id: string): Promise<CameraAccess> {
		const { store, identity } = this.#options;
		const camera = store.current.cameras.find((other) => other.id === id);
		if (!camera) throw new NotTested("This agent has no such camera.");
		const access = await openAccess(store.current, identity, id, camera.sealed);
		if (!access) throw new NotTested("The camera's address cannot be opened with this agent's key.");
		return access;
	}
}
const SWITCHED_OFF = "The camera is switched off here. Nothing reads it.";

const placeOf = (device: string, host: string) => `${host} ${device}`;
const wordsOf = (error: Error): string =>
	error instanceof WorkerError && !error.passing ? "The link ran out before it was used." : error.message;
