import { clearInterval, setInterval } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";
import { makeCertificate } from "@mivisus/transport/certificate";
import type { Session, SessionRequest, SessionServer } from "@mivisus/transport/port";
import { SESSION_WINDOW_BYTES } from "@mivisus/transport/tcp/session";
import { sessionWithin } from "@mivisus/transport/within";
import { WIRE_ERROR_CODES, WireError } from "@mivisus/wire/errors";
import { suffixOf } from "@mivisus/wire/moq/path";
import { PEER_PREFIX } from "@mivisus/wire/relay-tracks";
import type { RelayClaims, Revocation } from "@mivisus/wire/token";
import { Admission } from "./admission.ts";
import { Budget } from "./budget.ts";
import { certificateOf } from "./certificate.ts";
import type { RelayConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { Directory } from "./directory.ts";
import {
	ACCEPT_MS,
	DRAIN_MS,
	MAX_ACCOUNT_SESSIONS,
	MAX_SESSIONS,
	SESSIONS_PER_DEBUG_LINE,
	TICK_MS,
	VIEWER_WINDOW_BYTES,
} from "./limits.ts";
import { listenUdp } from "./listen.ts";
import type { Log } from "./log.ts";
import { type MemoryPlan, MemoryWatch, planMemory, sessionCost } from "./memory.ts";
import { Meter, type RefusalReason } from "./meter.ts";
import { Metrics } from "./metrics.ts";
import { placesOf, portError, udpError } from "./ports.ts";
import { Queues } from "./queues.ts";
import { Revocations } from "./revocations.ts";
import { RelaySession } from "./session.ts";
import { Tally } from "./tally.ts";
import { listenTcp } from "./tcp.ts";

/** Failures in a row after which only a new process helps, and the pause between them, ms. */
const MAX_ACCEPT_FAILURES = 20;
const ACCEPT_PAUSE_MS = 100;

/** A running data plane. */
export interface Plane {
	/** What tokens for it name as their audience. */
	readonly instance: string;
	/** UDP port for WebTransport; `undefined` where sessions come over TCP alone. */
	readonly port: number | undefined;
	/** TCP port for the same where UDP is blocked. */
	readonly tcpPort: number;
	/** What it serves, the best first. */
	readonly transports: readonly Session["transport"][];
	/** SHA-256 of the certificate, for clients that pin it. */
	readonly certificateHash: Uint8Array;
	/** When the certificate ends, ms since 1970. */
	readonly certificateNotAfter: number;
	/** Resolves when it stopped taking requests and a new process is needed. */
	readonly failed: Promise<void>;
	status(): { sessions: number; broadcasts: number; ready: boolean };
	/** Ends the sessions that rest on what was taken back, and lets none of them in again. */
	revoke(revocations: readonly Revocation[]): void;
	/** Lets nobody in any more and tells everybody to go elsewhere. Resolves when they went, or had long enough. */
	drain(): Promise<void>;
	/** What it counted and holds, as Prometheus reads it. */
	metrics(): Promise<string>;
	/** Ends every session and stops answering. The UDP port stays taken until the process ends (transport/http3). */
	close(): void;
}

/** Everything that a data plane knows, apart from where it listens. */
export class Relay {
	readonly meter = new Meter();
	readonly memory: MemoryPlan;
	readonly queues: Queues;
	readonly directory: Directory;
	readonly revocations = new Revocations();
	readonly sessions = new Set<RelaySession>();
	#admission: Admission;
	#log: Log;
	#now: () => number;
	#acceptMs: number;
	#entering = 0;
	#ending = false;
	/** Transports that take requests. */
	#serving = 0;
	#byAccount = new Map<string, number>();
	#tally: Tally;
	#watch: MemoryWatch;
	/** For what sessions hold. */
	#sessionBudget: Budget;
	#lastId = 0;
	#onEmpty: () => void = () => {};

	constructor(options: {
		config: RelayConfig;
		log: Log;
		now: () => number;
		acceptMs?: number;
		residentBytes?: () => number;
	}) {
		const { config, log, now, acceptMs = ACCEPT_MS, residentBytes = process.memoryUsage.rss } = options;
		this.memory = planMemory(config.memoryMiB);
		this.queues = new Queues(this.memory.queuedBytes);
		this.directory = new Directory(this.meter, this.memory);
		this.#watch = new MemoryWatch(this.memory.ceilingBytes, residentBytes);
		this.#sessionBudget = new Budget(this.memory.sessionBytes);
		const { instance: audience, tokenKeys: keys } = config;
		this.#admission = new Admission({ audience, keys, revocations: this.revocations, now });
		this.#log = log;
		this.#now = now;
		this.#tally = new Tally(this.meter, log, now());
		this.#acceptMs = acceptMs;
		this.revocations.onChange(() => {
			for (const session of this.sessions) if (this.revocations.voids(session.claims)) session.close("revoked");
		});
	}
	/** Takes requests until the server ends. Rejects when it goes on failing; one bad request never ends the loop. */
	async serve(server: SessionServer): Promise<void> {
		this.#serving += 1;
		try {
			await this.#serve(server);
		} finally {
			this.#serving -= 1;
		}
	}
	/** Whether somebody new may come in. */
	get ready(): boolean {
		return !this.#ending && this.#serving > 0;
	}
	async #serve(server: SessionServer): Promise<void> {
		for (let failures = 0; failures < MAX_ACCEPT_FAILURES; ) {
			let request: SessionRequest | null;
			try {
				request = await server.next();
			} catch (error) {
				failures += 1;
				this.meter.acceptFailures[server.transport] += 1;
				this.#tally.failed((error as Error).message);
				await pause(ACCEPT_PAUSE_MS);
				continue;
			}
			if (!request) return;
			failures = 0;
			this.#enter(request, server.transport).catch(() => {
				this.meter.enterFailures += 1;
			});
		}
		throw new Error("no request can be taken any more");
	}
	tick(): void {
		for (const session of this.sessions) session.tick();
		this.#admission.prune();
		this.revocations.prune(this.#now());
		this.#tally.tick(this.#now());
		this.#lookAtMemory();
	}
	#lookAtMemory(): void {
		const changed = this.#watch.look();
		if (!changed) return;
		this.directory.keep(!this.#watch.short);
		if (this.#watch.short) {
			this.#log.warn(changed, "memory is short: nobody new is let in, and nothing is kept for those who come late");
		} else this.#log.info(changed, "memory is enough again");
	}
	/** Takes no new session, tells those there are to go elsewhere, and resolves when they went or `ms` passed. */
	async drain(ms: number): Promise<void> {
		this.#ending = true;
		for (const session of this.sessions) session.leave();
		if (this.sessions.size === 0) return;
		const empty = new Promise<void>((resolve) => {
			this.#onEmpty = resolve;
		});
		await Promise.race([empty, pause(ms)]);
	}
	/** Tells every session to go, and takes no new one: who was told comes back within milliseconds, and would be lost again. */
	end(): void {
		this.#ending = true;
		for (const session of this.sessions) session.close("going-away");
		this.#tally.flush();
	}
	#leave(root: string): void {
		const left = (this.#byAccount.get(root) ?? 1) - 1;
		if (left > 0) this.#byAccount.set(root, left);
		else this.#byAccount.delete(root);
	}
	async #enter(request: SessionRequest, transport: Session["transport"]): Promise<void> {
		const refuse = (status: number, reason: RefusalReason) => {
			this.meter.refused[reason] += 1;
			// Not waited for: a peer that takes no answer would hold a place among those who enter.
			request.reject(status).catch(() => {});
		};
		if (this.#ending) return refuse(503, "ending");
		if (this.#watch.short) return refuse(503, "memory");
		if (this.sessions.size + this.#entering >= MAX_SESSIONS) return refuse(503, "too-many-sessions");
		this.#entering += 1;
		let relaySession: RelaySession;
		let leave = () => {};
		try {
			const { path, query } = request;
			const admitted = await this.#admission.admit({ path, query, transport });
			if ("refusal" in admitted) return refuse(admitted.refusal.status, admitted.refusal.reason);
			const { claims } = admitted;
			const inside = this.#byAccount.get(claims.root) ?? 0;
			if (inside >= MAX_ACCOUNT_SESSIONS) return refuse(429, "too-many-of-account");
			const windowBytes = publishes(claims) ? SESSION_WINDOW_BYTES : VIEWER_WINDOW_BYTES;
			const cost = sessionCost(windowBytes);
			if (!this.#sessionBudget.take(cost)) return refuse(503, "memory");
			this.#byAccount.set(claims.root, inside + 1);
			leave = () => {
				this.#sessionBudget.give(cost);
				this.#leave(claims.root);
			};
			relaySession = new RelaySession({
				session: await acceptInTime(request, windowBytes, this.#acceptMs),
				claims,
				directory: this.directory,
				now: this.#now,
				onChosen: () => this.#admission.burn(claims.jti),
				meter: this.meter,
				queues: this.queues,
			});
			this.sessions.add(relaySession);
		} catch (error) {
			leave();
			throw error;
		} finally {
			this.#entering -= 1;
		}
		// A push, or the end, may have come while the session was accepted.
		if (this.#ending) relaySession.close("going-away");
		if (this.revocations.voids(relaySession.claims)) relaySession.close("revoked");
		this.meter.sessionsBegun[transport] += 1;
		const id = ++this.#lastId;
		const told = id % SESSIONS_PER_DEBUG_LINE === 1;
		if (told) this.#log.debug({ session: id, transport }, "session began");
		await relaySession.run();
		this.sessions.delete(relaySession);
		if (this.sessions.size === 0) this.#onEmpty();
		leave();
		this.meter.sessionsOver[transport] += 1;
		this.meter.sessionsEnded[relaySession.endedAs ?? "by-peer"] += 1;
		if (told) this.#log.debug({ session: id, transport, ended: relaySession.endedAs ?? "by-peer" }, "session ended");
	}
}

/** Whether these claims let somebody send more than reports. */
function publishes({ put }: RelayClaims): boolean {
	return put.some((path) => suffixOf(path, PEER_PREFIX) === undefined);
}

/** Answers yes; a peer that does not take the answer is given up. */
function acceptInTime(request: SessionRequest, windowBytes: number, ms: number): Promise<Session> {
	const late = () => new WireError("timeout", "the peer does not take the answer");
	const ended = { code: WIRE_ERROR_CODES.timeout, reason: "too late" };
	return sessionWithin(ms, request.accept({ windowBytes }), late, ended);
}

/**
 * Starts a data plane in this process. Rejects when a port is taken, and with ConfigError when the transport that is asked
 * for does not load.
 */
export async function startPlane(options: {
	config: RelayConfig;
	log: Log;
	now?: () => number;
	/** What was taken back before it began. */
	revocations?: readonly Revocation[];
}): Promise<Plane> {
	const { config, log, now = Date.now, revocations = [] } = options;
	const certificate = config.certificate
		? certificateOf(config.certificate)
		: await makeCertificate({ hosts: config.hosts, now: now() });
	const relay = new Relay({ config, log, now });
	relay.revocations.apply(revocations, now());
	const metrics = new Metrics(relay.meter, {
		queuedBytes: () => relay.queues.bytes,
		cachedBytes: () => relay.directory.cachedBytes,
		broadcasts: () => relay.directory.size,
		revocations: () => relay.revocations.held,
		arrivingBytes: () => relay.directory.arrivingBytes,
		ceilingBytes: relay.memory.ceilingBytes,
	});
	const places = placesOf(config);
	const tcp = await listenTcp(config).catch((error) => {
		throw portError(error, places.tcp);
	});
	const udp = await listenUdp(config, certificate, log).catch(async (error) => {
		tcp.close();
		throw error instanceof ConfigError ? error : await udpError(error, places.udp);
	});
	const servers: readonly SessionServer[] = udp ? [udp, tcp] : [tcp];
	const failed = new Promise<void>((resolve) => {
		for (const server of servers) {
			relay.serve(server).catch((error) => {
				log.error({ transport: server.transport, error: (error as Error).message }, "the relay stopped listening");
				resolve();
			});
		}
	});
	const timer = setInterval(() => relay.tick(), TICK_MS);
	const { instance } = config;
	const place = { instance, port: udp?.port, tcpPort: tcp.port, transports: servers.map(({ transport }) => transport) };
	log.info({ pid: process.pid, ...place }, "relay is listening");
	return {
		...place,
		certificateHash: certificate.sha256,
		certificateNotAfter: certificate.notAfter,
		failed,
		status: () => ({ sessions: relay.sessions.size, broadcasts: relay.directory.size, ready: relay.ready }),
		revoke: (taken) => relay.revocations.apply(taken, now()),
		drain: () => relay.drain(DRAIN_MS),
		metrics: () => metrics.text(),
		close: () => {
			clearInterval(timer);
			relay.end();
			tcp.close();
			metrics.close();
		},
	};
}
