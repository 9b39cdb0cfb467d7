import { clearInterval, setInterval } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";
import { makeCertificate } from "@mivisus/transport/certificate";
import type { Session, SessionRequest, SessionServer } from "@mivisus/transport/port";
import { WIRE_ERROR_CODES, WireError } from "@mivisus/wire/errors";
import { toBase64Url } from "@mivisus/wire/ids";
import { Admission } from "./admission.ts";
import { certificateOf } from "./certificate.ts";
import type { RelayConfig } from "./config.ts";
import { Directory } from "./directory.ts";
import { ControlServer } from "./http.ts";
import { ACCEPT_MS, MAX_ACCOUNT_SESSIONS, MAX_SESSIONS, TICK_MS } from "./limits.ts";
import { listenUdp } from "./listen.ts";
import type { Log } from "./log.ts";
import { Revocations } from "./revocations.ts";
import { RelaySession } from "./session.ts";
import { listenTcp } from "./tcp.ts";
import { within } from "./within.ts";

/** Failures in a row after which only a new process helps, and the pause between them, ms. */
const MAX_ACCEPT_FAILURES = 20;
const ACCEPT_PAUSE_MS = 100;

/** A running data plane. */
export interface Plane {
	/** UDP port for WebTransport; `undefined` where sessions come over TCP alone. */
	readonly port: number | undefined;
	/** TCP port for the same where UDP is blocked. */
	readonly tcpPort: number;
	readonly httpPort: number;
	/** SHA-256 of the certificate, for clients that pin it. */
	readonly certificateHash: Uint8Array;
	/** When the certificate ends, ms since 1970. */
	readonly certificateNotAfter: number;
	/** Resolves when it stopped taking requests and a new process is needed. */
	readonly failed: Promise<void>;
	/** Ends every session and stops answering. The UDP port stays taken until the process ends (transport/http3). */
	close(): void;
}

/** Everything that a data plane knows, apart from where it listens. */
export class Relay {
	readonly directory = new Directory();
	readonly revocations = new Revocations();
	readonly sessions = new Set<RelaySession>();
	#admission: Admission;
	#log: Log;
	#now: () => number;
	#acceptMs: number;
	#entering = 0;
	#ending = false;
	#byAccount = new Map<string, number>();
	#refused = new Map<string, number>();
	#lastId = 0;

	constructor(options: { config: RelayConfig; log: Log; now: () => number; acceptMs?: number }) {
		const { config, log, now, acceptMs = ACCEPT_MS } = options;
		const { instance: audience, tokenKeys: keys } = config;
		this.#admission = new Admission({ audience, keys, revocations: this.revocations, now });
		this.#log = log;
		this.#now = now;
		this.#acceptMs = acceptMs;
		this.revocations.onChange(() => {
			for (const session of this.sessions) if (this.revocations.voids(session.claims)) session.close("revoked");
		});
	}
	/** Takes requests until the server ends. Rejects when it goes on failing; one bad request never ends the loop. */
	async serve(server: SessionServer): Promise<void> {
		for (let failures = 0; failures < MAX_ACCEPT_FAILURES; ) {
			let request: SessionRequest | null;
			try {
				request = await server.next();
			} catch (error) {
				failures += 1;
				this.#log.warn({ error: (error as Error).message }, "a request could not be taken");
				await pause(ACCEPT_PAUSE_MS);
				continue;
			}
			if (!request) return;
			failures = 0;
			this.#enter(request, server.transport).catch((error) => {
				this.#log.warn({ error: (error as Error).name }, "a session failed while it was admitted");
			});
		}
		throw new Error("no request can be taken any more");
	}
	tick(): void {
		for (const session of this.sessions) session.tick();
		this.#admission.prune();
		this.revocations.prune(this.#now());
		// One line for many: a flood of bad tokens must not become a flood of lines.
		if (this.#refused.size > 0) this.#log.info(Object.fromEntries(this.#refused), "sessions refused");
		this.#refused.clear();
	}
	/** Tells every session to go, and takes no new one: who was told comes back within milliseconds, and would be lost again. */
	end(): void {
		this.#ending = true;
		for (const session of this.sessions) session.close("going-away");
	}
	#leave(root: string): void {
		const left = (this.#byAccount.get(root) ?? 1) - 1;
		if (left > 0) this.#byAccount.set(root, left);
		else this.#byAccount.delete(root);
	}
	async #enter(request: SessionRequest, transport: string): Promise<void> {
		const refuse = (status: number, reason: string) => {
			this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
			// Not waited for: a peer that takes no answer would hold a place among those who enter.
			request.reject(status).catch(() => {});
		};
		if (this.#ending) return refuse(503, "ending");
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
			this.#byAccount.set(claims.root, inside + 1);
			leave = () => this.#leave(claims.root);
			relaySession = new RelaySession({
				session: await acceptInTime(request, this.#acceptMs),
				claims,
				directory: this.directory,
				now: this.#now,
				onChosen: () => this.#admission.burn(claims.jti),
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
		const id = ++this.#lastId;
		this.#log.debug({ session: id, transport }, "session began");
		await relaySession.run();
		this.sessions.delete(relaySession);
		leave();
		this.#log.debug({ session: id, transport, ended: relaySession.endedAs ?? "by the peer" }, "session ended");
	}
}

/** Answers yes; a peer that does not take the answer is given up. */
function acceptInTime(request: SessionRequest, ms: number): Promise<Session> {
	let late = false;
	const accepting = request.accept().then((session) => {
		if (late) session.close(WIRE_ERROR_CODES.timeout, "too late");
		return session;
	});
	return within(ms, accepting, () => {
		late = true;
		return new WireError("timeout", "the peer does not take the answer");
	});
}

/**
 * Starts a data plane in this process. Rejects when a port is taken, and with ConfigError when the transport that is asked
 * for does not load.
 */
export async function startPlane(options: { config: RelayConfig; log: Log; now?: () => number }): Promise<Plane> {
	const { config, log, now = Date.now } = options;
	const certificate = config.certificate
		? certificateOf(config.certificate)
		: await makeCertificate({ hosts: config.hosts, now: now() });
	const relay = new Relay({ config, log, now });
	const startedAtMs = now();
	const servers: SessionServer[] = [];
	const control = new ControlServer({
		audience: config.instance,
		keys: config.controlKeys,
		revocations: relay.revocations,
		now,
		health: () => ({
			status: "ok",
			instance: config.instance,
			startedAtMs,
			transports: servers.map(({ transport }) => transport),
			sessions: relay.sessions.size,
			broadcasts: relay.directory.size,
			revocationSeq: relay.revocations.lastSeq,
			certificateHashes: [toBase64Url(certificate.sha256)],
			certificateNotAfterMs: certificate.notAfter,
		}),
	});
	const httpPort = await control.listen(config.httpHost, config.httpPort);
	const closing: { close(): void }[] = [control];
	const orClose = (error: unknown): never => {
		for (const part of closing) part.close();
		throw error;
	};
	const tcp = await listenTcp(config).catch(orClose);
	closing.unshift(tcp);
	const udp = await listenUdp(config, certificate, log).catch(orClose);
	servers.push(...(udp ? [udp, tcp] : [tcp]));
	const failed = new Promise<void>((resolve) => {
		for (const server of servers) {
			relay.serve(server).catch((error) => {
				log.error({ transport: server.transport, error: (error as Error).message }, "the relay stopped listening");
				resolve();
			});
		}
	});
	const timer = setInterval(() => relay.tick(), TICK_MS);
	const ports = { port: udp?.port, tcpPort: tcp.port, httpPort };
	log.info({ instance: config.instance, pid: process.pid, ...ports }, "relay is listening");
	return {
		...ports,
		certificateHash: certificate.sha256,
		certificateNotAfter: certificate.notAfter,
		failed,
		close: () => {
			clearInterval(timer);
			relay.end();
			for (const part of closing) part.close();
		},
	};
}
