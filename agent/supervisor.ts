import type { Session } from "@mivisus/transport/port";
import type { CameraAccess } from "@mivisus/wire/signed";
import { Backoff, pause } from "./backoff.ts";
import { acknowledged, obey, openAccess } from "./pairing/commands.ts";
import type { Identity } from "./pairing/identity.ts";
import { CameraBroadcast } from "./publish/broadcast.ts";
import type { BroadcastClock, MediaSource } from "./publish/media.ts";
import { StreamReports } from "./publish/stream-reports.ts";
import { Uplink } from "./publish/uplink.ts";
import type { StateStore } from "./secrets/state.ts";
import { type RelayAccess, type ServiceState, type WorkerClient, WorkerError } from "./worker-client.ts";

/** How long one look for news may hang at the service, ms. */
const LONG_POLL_MS = 25_000;

/** A look that hangs at the service takes longer; so many quick ones in a row, and the agent waits between them. */
const QUICK_MS = 1000;
const MAX_QUICK = 10;

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
	connect(access: RelayAccess, signal: AbortSignal): Promise<Session>;
	clock: BroadcastClock;
	log: AgentLog;
}

/**
 * Runs an enrolled agent: hears the service's news, obeys the owner's commands, keeps the uplink and the cameras. The
 * service may leave a camera out of its list (then it is not published), but can add or change none.
 */
export class Supervisor {
	#options: SupervisorOptions;
	#broadcasts = new Map<string, { broadcast: CameraBroadcast; sealed: string; ready: boolean }>();
	#allowed = new Set<string>();
	#published: string[] = [];
	#uplink: Uplink;
	#reports: StreamReports;
	/** Media bytes that left the house since the start. */
	sentBytes = 0;

	constructor(options: SupervisorOptions) {
		this.#options = options;
		const { client, log } = options;
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
			onState: (state, error) =>
				error
					? log.warn({ uplink: state, reason: error.message }, "the relay is not reachable; trying again")
					: log.info({ uplink: state }, "uplink"),
		});
	}
	/** Runs until `signal` aborts, or until the service says that this agent was unlinked (resolves `"unlinked"`). */
	async run(signal: AbortSignal): Promise<"stopped" | "unlinked"> {
		const stop = new AbortController();
		const both = AbortSignal.any([signal, stop.signal]);
		let uplink: Promise<void> | undefined;
		const reporting = this.#reports.run(both);
		let revision: number | string = 0;
		let quick = 0;
		const backoff = new Backoff({ baseMs: 500, capMs: 20_000, random: Math.random });
		try {
			while (!signal.aborted) {
				try {
					const begunMs = performance.now();
					const state = await this.#options.client.state(revision, LONG_POLL_MS, both);
					await this.#apply(state, both);
					revision = state.revision;
					backoff.reset();
					uplink ??= this.#uplink.run(both);
					quick = performance.now() - begunMs < QUICK_MS ? quick + 1 : 0;
					if (quick > MAX_QUICK) await pause(QUICK_MS, both);
				} catch (error) {
					if (signal.aborted) break;
					if (error instanceof WorkerError && error.code === "agent-unlinked") return "unlinked";
					this.#options.log.warn({ reason: (error as Error).message }, "the service is not reachable; trying again");
					await pause(backoff.next(), both);
				}
			}
			return "stopped";
		} finally {
			stop.abort();
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
				await client.acknowledge({ id, state: "done" }, signal);
				acknowledged(store, outcome.command);
			} else {
				log.warn({ refusal: outcome.code }, `refused a command: ${outcome.detail}`);
				await client.acknowledge({ id, state: "refused", code: outcome.code, detail: outcome.detail }, signal);
			}
		}
		this.#allowed = new Set(state.cameras.map(({ id }) => id));
		await this.#reconcile();
	}
	/** Makes the broadcasts fit the stored cameras, and the announced ones those that the service allows too. */
	async #reconcile(): Promise<void> {
		const { store, identity, createSource, clock } = this.#options;
		const stored = new Map(store.current.cameras.map((camera) => [camera.id, camera]));
		for (const [id, { broadcast, sealed, ready }] of this.#broadcasts) {
			const kept = stored.get(id);
			if (kept?.sealed === sealed && (kept.ready ?? false) === ready) continue;
			this.#broadcasts.delete(id);
			await broadcast.close();
			if (!stored.has(id)) this.#reports.forget(id);
		}
		for (const { id, sealed, sound, ready = false } of stored.values()) {
			const running = this.#broadcasts.get(id);
			if (running) {
				running.broadcast.setSound(sound);
				continue;
			}
			const access = await openAccess(store.current, identity, id, sealed);
			if (!access) continue;
			const broadcast = new CameraBroadcast({
				sources: {
					main: createSource(access, id),
					...(access.sub && { sub: createSource({ ...access, url: access.sub }, id) }),
				},
				sound,
				ready,
				clock,
				sent: (bytes) => {
					this.sentBytes += bytes;
				},
				stateChanged: (state) => this.#reports.changed(id, state),
			});
			this.#broadcasts.set(id, { broadcast, sealed, ready });
		}
		const published = [...this.#broadcasts.keys()].filter((id) => this.#allowed.has(id)).sort();
		if (published.join() === this.#published.join()) return;
		this.#published = published;
		this.#uplink.renew();
	}
}
