import type { Context, Hono } from "hono";
import { Accounts } from "./accounts/accounts.ts";
import { Agents } from "./agents/agents.ts";
import { createApp, originsOf } from "./app.ts";
import { Cameras } from "./cameras/cameras.ts";
import { Changes } from "./changes.ts";
import type { After, Clock } from "./clock.ts";
import type { Recipient } from "./data-map/recipients.ts";
import { Exports } from "./export/exports.ts";
import type { Mailer } from "./mail/mail.ts";
import { Outbox, type OutboxEvent } from "./mail/outbox.ts";
import { Passkeys } from "./passkeys/passkeys.ts";
import { type Kdf, Passwords } from "./passwords/passwords.ts";
import { hmac, hmacEquals, nodeKdf, nodeRandom, sha256, sha256Stream } from "./platform/node.ts";
import type { WorkerSecrets } from "./platform/secrets.ts";
import { relayPlace } from "./relay-place.ts";
import { RevocationPusher } from "./revocations/pusher.ts";
import { dueAt } from "./rights/deadlines.ts";
import { Erasure, type LedgerFile } from "./rights/erasure.ts";
import { Rights } from "./rights/rights.ts";
import { Sessions } from "./sessions/sessions.ts";
import { accountStore } from "./store/accounts.ts";
import { agentStore } from "./store/agents.ts";
import { cameraStore } from "./store/cameras.ts";
import type { Database } from "./store/database.ts";
import { erasureStore } from "./store/erasure.ts";
import { exportStore } from "./store/exports.ts";
import { outboxStore } from "./store/outbox.ts";
import { passkeyStore, usedStore } from "./store/passkeys.ts";
import { revocationStore } from "./store/revocations.ts";
import { rightsStore } from "./store/rights.ts";
import { sessionStore } from "./store/sessions.ts";
import {
	PER_ACCOUNT_COPIES,
	PER_ACCOUNT_RIGHTS,
	PER_CALLER,
	PER_MAILBOX,
	PER_NETWORK_MAIL,
	PER_NETWORK_OPEN,
	SignInGuard,
	Throttle,
} from "./throttle/throttle.ts";
import { RelayTokens } from "./tokens/relay-tokens.ts";

/** How long after an answer its mail is looked at, ms. */
const MAIL_AFTER_MS = 40;

/** What differs between deployments. */
export interface AssembleOptions {
	database: Database;
	secrets: WorkerSecrets;
	origin: string;
	relay: { url: string; tcpUrl?: string | undefined; control: string; instance: string };
	clock: Clock;
	after: After;
	addressOf(c: Context): string;
	onFault(error: Error, correlation: string): void;
	mailer: Mailer;
	/** Tells the operator what became of mails; never to whom they went. */
	onMail(event: OutboxEvent): void;
	/**
	 * Where many processes serve and a request's work may be ended once it is answered (Workers): keeps `work` going until it
	 * is done. Without it, this one process sees to what goes on in the background, tries again, and remembers by itself.
	 */
	keep?: (work: Promise<void>) => void;
	/** Instead of Node's own scrypt. */
	kdf?: Kdf;
	/** Where several processes serve: how long one relies on hearing of news by itself, ms. */
	lookAgainMs?: number;
	/** Where data is kept, as copies of data state it. */
	region: string;
	/** The ledger of erasures beside the database, where there are files. */
	ledgerFile?: LedgerFile | undefined;
	/** Who else gets data in this deployment. */
	recipients: readonly Recipient[];
	/** Told in each answer, for tests only. */
	runtime?: string | undefined;
}
/** The worker, put together. */
export interface Worker {
	app: Hono;
	accounts: Accounts;
	revocations: RevocationPusher;
	outbox: Outbox;
	erasure: Erasure;
}

/** Joins rooms, stores and keys; the one place that knows them all. */
export function assemble(options: AssembleOptions): Worker {
	const { database, secrets, origin, relay, clock, after, addressOf, onFault, keep, runtime } = options;
	// On Workers it is refused as another object's method.
	const call = globalThis.fetch.bind(globalThis);
	const changes = new Changes(options.lookAgainMs);
	const changed = (accountId: string) => changes.notify(accountId);
	const revocations = new RevocationPusher({
		store: revocationStore(database),
		clock,
		key: secrets.controlKey,
		relay: { url: relay.control, instance: relay.instance },
		fetch: call,
		after,
	});
	// What could not be done now is tried again by whoever comes next, and every few seconds (main.*.ts).
	const revoked = keep ? () => keep(revocations.push().catch(() => {})) : () => revocations.poke();
	const mac = {
		make: (text: string) => hmac(secrets.nonceKey, text),
		check: (text: string, mark: string) => hmacEquals(secrets.nonceKey, text, mark),
	};
	const outbox = new Outbox({
		store: outboxStore(database),
		mailer: options.mailer,
		clock,
		origin,
		// Made anew from the mail's id whenever it is sent: no copy of a link lies in the database.
		token: (id) => mac.make(`link.${id}`),
		hash: sha256,
		after,
		tell: options.onMail,
	});
	// A little later: work that only a known address makes must not stand in the time that its own answer takes (A2).
	const later = () => new Promise<void>((resolve) => void after(MAIL_AFTER_MS, resolve));
	const posted = () => {
		const work = later().then(() => (keep ? outbox.sendDue().catch(() => {}) : outbox.poke()));
		keep?.(work);
	};
	const accountsStored = accountStore(database, revoked);
	const useOnce = usedStore(database);
	const accounts = new Accounts({
		store: accountsStored,
		passwords: new Passwords(options.kdf ?? nodeKdf, nodeRandom),
		clock,
		hash: sha256,
		posted,
	});
	const erasure = new Erasure({
		store: erasureStore(database, revoked, changed),
		clock,
		hash: sha256,
		key: secrets.documentKey,
		service: origin,
		notice: (letter, account) => accounts.notice(letter, account),
		receiptMail: (to, number) => accounts.lastWord(to, number),
		dueAt,
		posted,
		onFault: (error) => onFault(error, "the ledger of erasures"),
		file: options.ledgerFile,
	});
	const rights = new Rights({
		store: rightsStore(database, revoked, changed),
		clock,
		notice: (letter, account) => accounts.notice(letter, account),
		posted,
	});
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
			nonceMac: mac,
			random: nodeRandom,
			useOnce: keep && useOnce,
		}),
		cameras: new Cameras(cameraStore(database, revoked), clock, changed),
		tokens: new RelayTokens(secrets.tokenKey, relayPlace({ ...relay, fetch: call, clock }), clock),
		changes,
		passkeys: new Passkeys({
			store: passkeyStore(database),
			clock,
			mac,
			hash: sha256,
			random: nodeRandom,
			origins: [...originsOf(origin)],
			domain: new URL(origin).hostname,
			posted,
		}),
		rights,
		erasure,
		exports: new Exports({
			keep,
			made: (accountId) => rights.copied(accountId),
			onFault: (error) => onFault(error, "a copy"),
			store: exportStore(database),
			find: accountsStored.find,
			useOnce: ({ hash, expiresAt }) => useOnce(hash, expiresAt),
			mac,
			hash: sha256,
			hasher: sha256Stream,
			key: secrets.documentKey,
			clock,
			after,
			service: origin,
			region: options.region,
			recipients: options.recipients,
		}),
		documentKeys: secrets.documentKeys,
		copies: new Throttle(PER_ACCOUNT_COPIES, clock),
		uses: new Throttle(PER_ACCOUNT_RIGHTS, clock),
		mailboxes: new Throttle(PER_MAILBOX, clock),
		mails: new Throttle(PER_NETWORK_MAIL, clock),
		guard: new SignInGuard(clock),
		open: new Throttle(PER_NETWORK_OPEN, clock),
		callers: new Throttle(PER_CALLER, clock),
		after,
	};
	return {
		app: createApp({
			rooms,
			origin,
			relayOrigins: [relay.url, relay.tcpUrl].flatMap((url) => url ?? []),
			addressOf,
			onFault,
			runtime,
		}),
		accounts,
		revocations,
		outbox,
		erasure,
	};
}
