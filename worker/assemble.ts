import type { Context, Hono } from "hono";
import { Accounts } from "./accounts/accounts.ts";
import { Agents } from "./agents/agents.ts";
import { createApp } from "./app.ts";
import { Cameras } from "./cameras/cameras.ts";
import { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import { Passwords } from "./passwords/passwords.ts";
import { hmac, hmacEquals, nodeKdf, nodeRandom, sha256 } from "./platform/node.ts";
import type { WorkerSecrets } from "./platform/secrets.node.ts";
import { relayPlace } from "./relay-place.ts";
import { RevocationPusher } from "./revocations/pusher.ts";
import { Sessions } from "./sessions/sessions.ts";
import { accountStore, sessionStore } from "./store/accounts.ts";
import { agentStore, revocationStore } from "./store/agents.ts";
import { cameraStore } from "./store/cameras.ts";
import type { Database } from "./store/database.ts";
import { PER_CALLER, PER_NETWORK_OPEN, SignInGuard, Throttle } from "./throttle/throttle.ts";
import { RelayTokens } from "./tokens/relay-tokens.ts";

/** What differs between deployments. */
export interface AssembleOptions {
	database: Database;
	secrets: WorkerSecrets;
	origin: string;
	relay: { url: string; control: string; instance: string };
	clock: Clock;
	after: (ms: number, run: () => void) => () => void;
	addressOf(c: Context): string;
	onFault(error: Error, correlation: string): void;
}
/** The worker, put together. */
export interface Worker {
	app: Hono;
	accounts: Accounts;
	revocations: RevocationPusher;
}

/** Joins rooms, stores and keys; the one place that knows them all. */
export function assemble(options: AssembleOptions): Worker {
	const { database, secrets, origin, relay, clock, after, addressOf, onFault } = options;
	const changes = new Changes();
	const changed = (accountId: string) => changes.notify(accountId);
	const revocations = new RevocationPusher({
		store: revocationStore(database),
		clock,
		key: secrets.controlKey,
		relay: { url: relay.control, instance: relay.instance },
		fetch,
		after,
	});
	const revoked = () => revocations.poke();
	const accounts = new Accounts(accountStore(database), new Passwords(nodeKdf, nodeRandom), clock);
	const rooms = {
		accounts,
		sessions: new Sessions({
			store: sessionStore(database, revoked),
			keys: secrets.sessionKeys,
			clock,
			hash: sha256,
			random: nodeRandom,
		}),
		agents: new Agents({
			store: agentStore(database, changed, revoked),
			clock,
			hash: sha256,
			nonceMac: {
				make: (text) => hmac(secrets.nonceKey, text),
				check: (text, mark) => hmacEquals(secrets.nonceKey, text, mark),
			},
			random: nodeRandom,
		}),
		cameras: new Cameras(cameraStore(database, revoked), clock, changed),
		tokens: new RelayTokens(secrets.tokenKey, relayPlace({ ...relay, fetch, clock }), clock),
		changes,
		guard: new SignInGuard(clock),
		open: new Throttle(PER_NETWORK_OPEN, clock),
		callers: new Throttle(PER_CALLER, clock),
		after,
	};
	return { app: createApp({ rooms, origin, relayOrigins: [relay.url], addressOf, onFault }), accounts, revocations };
}
