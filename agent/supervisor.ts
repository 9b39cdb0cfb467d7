import type { Session } from "@mivisus/transport/port";
import type { CameraState } from "@mivisus/wire/catalog";
import type { CameraAccess, StreamAddress } from "@mivisus/wire/signed";
import { announceWaiting } from "./adding.ts";
import { Backoff, pause } from "./backoff.ts";
import { acknowledged, obey, openAccess } from "./pairing/commands.ts";
import type { Identity } from "./pairing/identity.ts";
import { ALWAYS_ON, isOff, machineZone, type Privacy, type WallTime, wallClock } from "./privacy.ts";
import { CameraBroadcast } from "./publish/broadcast.ts";
import type { BroadcastClock, MediaSource, MediaTracks } from "./publish/media.ts";
import { StreamReports } from "./publish/stream-reports.ts";
import { Uplink } from "./publish/uplink.ts";
import type { StateStore, StoredCamera } from "./secrets/state.ts";
import { type RelayAccess, type ServiceState, type WorkerClient, WorkerError } from "./worker-client.ts";

/** How long one look for news may hang at the service, ms. */
const LONG_POLL_MS = 25_000;

/** How often, at least, the privacy switches are held against the wall's clock, ms. */
const PRIVACY_MS = 5000;
const NOT_OURS = "The camera's address was not sealed for this agent and camera, or was changed on its way.";

/** A look that hangs at the service takes longer; so many quick ones in a row, and the agent waits between them. */
const QUICK_MS = 1000;
const MAX_QUICK = 10;

/** A switch that was set and could not be written down; in words for who set it. */
export class NotStored extends Error {
	override name = "NotStored";
}
const OFF_UNSTORED =
	"The camera is off now, but that could not be stored: it will not outlive a restart of the agent. Is the disk full?";
const UNSTORED = "That could not be stored, so nothing was changed. Is the disk full?";

/** What the supervisor tells the log; nothing personal, nothing secret. */
export interface AgentLog {
	info(fields: Record<string, unknown>, message: string): void;
	warn(fields: Record<string, unknown>, message: string): void;
}

export interface SupervisorOptions {
	store: StateStore;
	identity: Identity;
	client: WorkerClient;
	/** Makes the source of one stream of a camera; it reads nothing until started. */
	createSource(access: CameraAccess, camera: string): MediaSource;
	/** Media of a camera was taken by the uplink. */
	sent?(camera: string, bytes: number, kind: "video" | "audio"): void;
	/** A camera is switched off, now or still: whatever else reads it must end. */
	switchedOff?(camera: string): void;
	/** The house's clock, by which the privacy switches go; this machine's zone unless given. */
	wall?(ms: number): WallTime;
	connect(access: RelayAccess, signal: AbortSignal): Promise<Session>;
	clock: BroadcastClock;
	log: AgentLog;
}

/** One camera as the agent sees it, for its own page and command line. */
export interface CameraOverview {
	id: string;
	name: string | undefined;
	/** `idle`: nobody watches, and its session is closed. */
	state: CameraState["code"] | "idle";
	sinceMs: number;
	detail?: string | undefined;
	tracks?: MediaTracks | undefined;
	/** Absent where the stored access does not open with this agent's key. */
	address?: StreamAddress | undefined;
	privacy: Privacy;
	/** Whether somebody sees or hears it. */
	watched: boolean;
	/** Whether it is read while nobody looks, too. */
	ready: boolean;
	/** Whether the service lets it be seen. */
	published: boolean;
	sound: boolean;
}

/**
 * Runs an enrolled agent: hears the service's news, obeys the owner's commands, keeps the uplink and the cameras. The
 * service may leave a camera out of its list (then it is not published), but can add or change none.
 */
export class Supervisor {
	#options: SupervisorOptions;
	#broadcasts = new Map<string, { broadcast: CameraBroadcast; sealed: string; address: StreamAddress }>();
	/** Switches that hold although they could not be stored. */
	#unstored = new Map<string, Privacy>();
	/** Cameras whose access does not open with this agent's key. */
	#foreign = new Set<string>();
	#allowed = new Set<string>();
	#published: string[] = [];
	#uplink: Uplink;
	#reports: StreamReports;
	#wall: (ms: number) => WallTime;
	#service: "connecting" | "connected" | "unreachable" = "connecting";
	#relay: "connecting" | "connected" | "waiting" = "connecting";

	constructor(options: SupervisorOptions) {
		this.#options = options;
		const { client, log } = options;
		this.#wall = options.wall ?? wallClock(machineZone());
		const published = () => this.#published;
		this.#reports = new StreamReports({
			send: (reports, signal) => client.reportStreams(reports, signal),
			isPassing: (error) => error instanceof WorkerError && error.passing,
			now: options.clock.now,
		});
		this.#uplink = new Uplink({
			access: (signal) => client.relayToken(signal),
			connect: options.connect,
			published: {
				get cameras() {
					return published();
				},
				serve: (camera, subscription) => this.#broadcasts.get(camera)?.broadcast.serve(subscription) ?? false,
				clockOffset: (offsetMs) => {
					for (const { broadcast } of this.#broadcasts.values()) broadcast.setClockOffset(offsetMs);
				},
			},
			onState: (state, error) => {
				this.#relay = state;
				if (error) log.warn({ uplink: state, reason: error.message }, "the relay is not reachable; trying again");
				else log.info({ uplink: state }, "uplink");
			},
		});
	}
	/** How the service and the relay are reached. */
	get connections() {
		return { service: this.#service, relay: this.#relay };
	}
	/** Every camera that this agent keeps, in the order in which they came. */
	get cameras(): CameraOverview[] {
		return this.#options.store.current.cameras.map((camera) => {
			const { id, name, sound, ready = false } = camera;
			const privacy = this.#privacyOf(camera);
			const { broadcast, address } = this.#broadcasts.get(id) ?? {};
			const state = broadcast?.state ?? this.#unread(id, privacy);
			const idle = !broadcast?.running && state.code === "waiting";
			const published = this.#allowed.has(id);
			const { sinceMs, detail } = state;
			const tracks = broadcast?.tracks;
			return {
				id,
				name,
				state: idle ? "idle" : state.code,
				sinceMs,
				detail,
				tracks,
				address,
				privacy,
				watched: broadcast?.watched ?? false,
				ready,
				published,
				sound,
			};
		});
	}
	/**
	 * Sets a camera's privacy switch, at once. What switches off is obeyed before it is stored: a full disk must keep no camera
	 * on. False for a camera that is not there; throws NotStored.
	 */
	setPrivacy(id: string, privacy: Privacy): boolean {
		const { store, clock } = this.#options;
		if (!store.current.cameras.some((camera) => camera.id === id)) return false;
		const off = isOff(privacy, this.#wall(clock.now()));
		if (off) {
			this.#unstored.set(id, privacy);
			this.#switchPrivacy();
		}
		this.#set(id, { privacy }, off ? OFF_UNSTORED : UNSTORED);
		this.#unstored.delete(id);
		this.#switchPrivacy();
		return true;
	}
	/** Whether a camera is off now. */
	isOff(id: string): boolean {
		const { store, clock } = this.#options;
		const camera = store.current.cameras.find((other) => other.id === id);
		return camera !== undefined && isOff(this.#privacyOf(camera), this.#wall(clock.now()));
	}
	/** Says whether a camera is kept ready: stored first, then done. False for a camera that is not there; throws NotStored. */
	setReady(id: string, ready: boolean): boolean {
		if (!this.#set(id, { ready }, UNSTORED)) return false;
		this.#broadcasts.get(id)?.broadcast.setReady(ready);
		return true;
	}
	/** Runs until `signal` aborts, or until the service says that this agent was unlinked (resolves `"unlinked"`). */
	async run(signal: AbortSignal): Promise<"stopped" | "unlinked"> {
		const stop = new AbortController();
		const both = AbortSignal.any([signal, stop.signal]);
		let uplink: Promise<void> | undefined;
		let cancelWatch = () => {};
		const watchTheClock = () => {
			this.#switchPrivacy();
			const nowMs = this.#options.clock.now();
			// With the wall's minute; and sooner, because a clock may be set and a machine may sleep.
			cancelWatch = this.#options.clock.after(Math.min(PRIVACY_MS, 60_000 - (nowMs % 60_000)), watchTheClock);
		};
		await this.#reconcile();
		watchTheClock();
		const reporting = this.#reports.run(both);
		let revision: number | string = 0;
		let quick = 0;
		const backoff = new Backoff({ baseMs: 500, capMs: 20_000, random: Math.random });
		try {
			while (!signal.aborted) {
				try {
					const begunMs = performance.now();
					const { store, client, log } = this.#options;
					for (const refusal of await announceWaiting(store, client, both))
						log.warn({}, `the service took no camera that was added here: ${refusal}`);
					const state = await client.state(revision, LONG_POLL_MS, both);
					this.#service = "connected";
					await this.#apply(state, both);
					revision = state.revision;
					backoff.reset();
					uplink ??= this.#uplink.run(both);
					quick = performance.now() - begunMs < QUICK_MS ? quick + 1 : 0;
					if (quick > MAX_QUICK) await pause(QUICK_MS, both);
				} catch (error) {
					if (signal.aborted) break;
					if (error instanceof WorkerError && error.code === "agent-unlinked") return "unlinked";
					if (error instanceof WorkerError) {
						this.#service = "unreachable";
						this.#options.log.warn({ reason: error.message }, "the service is not reachable; trying again");
					} else {
						this.#options.log.warn(
							{ reason: (error as Error).message },
							"the agent could not do its work; trying again",
						);
					}
					await pause(backoff.next(), both);
				}
			}
			return "stopped";
		} finally {
			stop.abort();
			cancelWatch();
			await Promise.all([uplink, reporting]);
			await Promise.all([...this.#broadcasts.values()].map(({ broadcast }) => broadcast.close()));
		}
	}
	async #apply(state: ServiceState, signal: AbortSignal): Promise<void> {
		const { store, identity, client, log } = this.#options;
		for (const { id, command } of state.commands) {
			const outcome = await obey(store, identity, command);
			if (outcome.state === "done") {
				log.info({ command: outcome.command.type }, "carried out a command of the owner");
				// Before the service is told: one that does not take the word must not keep the owner's wish from coming true.
				await this.#reconcile();
				await client.acknowledge({ id, state: "done" }, signal);
				acknowledged(store, outcome.command);
			} else {
				log.warn({ refusal: outcome.code }, `refused a command: ${outcome.detail}`);
				await client.acknowledge({ id, state: "refused", code: outcome.code, detail: outcome.detail }, signal);
			}
		}
		this.#allowed = new Set(state.cameras.map(({ id }) => id));
		this.#takeNames(new Map(state.cameras.map(({ id, name }) => [id, name])));
		await this.#reconcile();
	}
	/** Stores something of a camera that its owner set here. */
	#set(id: string, change: Pick<StoredCamera, "privacy" | "ready">, otherwise: string): boolean {
		const { store, log } = this.#options;
		if (!store.current.cameras.some((camera) => camera.id === id)) return false;
		const cameras = store.current.cameras.map((camera) => (camera.id === id ? { ...camera, ...change } : camera));
		try {
			store.save({ ...store.current, cameras });
		} catch (error) {
			log.warn({ code: (error as NodeJS.ErrnoException).code }, "a switch could not be stored");
			throw new NotStored(otherwise);
		}
		return true;
	}
	#privacyOf({ id, privacy = ALWAYS_ON }: StoredCamera): Privacy {
		return this.#unstored.get(id) ?? privacy;
	}
	/** What is known of a camera whose access was not opened yet, or does not open. */
	#unread(id: string, privacy: Privacy): CameraState {
		const sinceMs = this.#options.clock.now();
		if (this.#foreign.has(id)) return { code: "stream-unsupported", sinceMs, detail: NOT_OURS };
		return { code: isOff(privacy, this.#wall(sinceMs)) ? "off" : "waiting", sinceMs };
	}
	/** How their owner calls the cameras now; kept for when the service is away. */
	#takeNames(names: ReadonlyMap<string, string | undefined>): void {
		const { store } = this.#options;
		const { cameras } = store.current;
		if (cameras.every(({ id, name }) => (names.get(id) ?? name) === name)) return;
		const named = cameras.map((camera) => {
			const name = names.get(camera.id);
			return name === undefined ? camera : { ...camera, name };
		});
		try {
			store.save({ ...store.current, cameras: named });
		} catch {
			// A full disk costs the names, and no camera.
		}
	}
	#switchPrivacy(): void {
		const { store, clock, switchedOff } = this.#options;
		const shown = this.#wall(clock.now());
		for (const camera of store.current.cameras) {
			const off = isOff(this.#privacyOf(camera), shown);
			this.#broadcasts.get(camera.id)?.broadcast.setOff(off);
			if (off) switchedOff?.(camera.id);
		}
	}
	/** Makes the broadcasts fit the stored cameras, and the announced ones those that the service allows too. */
	async #reconcile(): Promise<void> {
		const { store, identity, createSource, clock } = this.#options;
		const stored = new Map(store.current.cameras.map((camera) => [camera.id, camera]));
		for (const [id, { broadcast, sealed }] of this.#broadcasts) {
			if (stored.get(id)?.sealed === sealed) continue;
			this.#broadcasts.delete(id);
			await broadcast.close();
			if (!stored.has(id)) this.#reports.forget(id);
		}
		for (const { id, sealed, sound } of stored.values()) {
			const running = this.#broadcasts.get(id);
			if (running) {
				running.broadcast.setSound(sound);
				continue;
			}
			const access = await openAccess(store.current, identity, id, sealed);
			if (!access) {
				this.#foreign.add(id);
				continue;
			}
			this.#foreign.delete(id);
			// The owner may have set switches while it was opened.
			const now = store.current.cameras.find((other) => other.id === id);
			if (!now) continue;
			const { ready = false } = now;
			const broadcast = new CameraBroadcast({
				sources: {
					main: createSource(access, id),
					...(access.sub && { sub: createSource({ ...access, url: access.sub }, id) }),
				},
				sound,
				ready,
				off: isOff(this.#privacyOf(now), this.#wall(clock.now())),
				clock,
				sent: (bytes, kind) => this.#options.sent?.(id, bytes, kind),
				stateChanged: (state) => this.#reports.changed(id, state),
			});
			this.#broadcasts.set(id, { broadcast, sealed, address: access.url });
		}
		const published = [...this.#broadcasts.keys()].filter((id) => this.#allowed.has(id)).sort();
		if (published.join() === this.#published.join()) return;
		this.#published = published;
		this.#uplink.renew();
	}
}
