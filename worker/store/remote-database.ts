import { type Client, createClient, LibsqlError, type Transaction } from "@libsql/client/web";
import {
	assertPragmas,
	type Database,
	DatabaseUnavailable,
	type Db,
	type Execute,
	kyselyForReading,
	kyselyOver,
	migrate,
} from "./database.ts";

/** A request that the server has not answered by then has failed, ms. */
const TIMEOUT_MS = 10_000;
/** How long a transaction waits for the writers before it, ms; servers end one that takes five seconds. */
const PATIENCE_MS = 6000;
/** The first and the longest wait between two attempts, ms. */
const WAIT_MS = { first: 10, most: 250 };
/** The rest is the server's business: its operator holds it to synchronous=FULL and to erasing what is deleted. */
const EXPECTED = { foreign_keys: 1 };

export interface RemoteOptions {
	/** `libsql://…` or `https://…`; plain `http://…` on this machine only. */
	url: string;
	authToken?: string | undefined;
	patienceMs?: number;
}

/**
 * A libSQL server, over Hrana on HTTP. The server keeps writers apart; there is no queue here: on Workers the request that
 * holds a place in a queue may be ended at any moment, and everybody behind it would wait for ever. For the same reason
 * each call has a client of its own (it is an object without a connection): none waits for a promise of another request.
 */
export class RemoteDatabase implements Database {
	readonly read: Db;
	#options: RemoteOptions;
	#open = new Set<Promise<unknown>>();

	constructor(options: RemoteOptions) {
		this.#options = options;
		this.read = kyselyForReading((statement) => this.#execute(statement));
	}
	/** Brings the tables up to date if they are not. */
	migrate(): Promise<void> {
		return migrate(
			(statement) => this.#execute(statement),
			(work) => this.#transact(work),
		);
	}
	async write<T>(work: (db: Db) => Promise<T>): Promise<T> {
		const run = this.#transact((execute) => work(kyselyOver(execute)));
		this.#open.add(run);
		try {
			return await run;
		} finally {
			this.#open.delete(run);
		}
	}
	/** The server empties its log itself; its operator sees to how soon (docs/guide/deploy.md). */
	async checkpoint(): Promise<void> {}
	async sweep(): Promise<void> {}
	async close(): Promise<void> {
		await Promise.allSettled(this.#open);
	}
	#client(): Client {
		const { url, authToken } = this.#options;
		return createClient({
			url,
			...(authToken !== undefined && { authToken }),
			fetch: (request: Request) => fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
		});
	}
	async #execute(statement: Parameters<Execute>[0]): ReturnType<Execute> {
		try {
			return await this.#client().execute(statement);
		} catch (error) {
			throw told(error, "It was not done.");
		}
	}
	/** Begins a transaction. Tried again while others write: nothing of the caller's work has run yet. */
	async #begin(): Promise<Transaction> {
		const deadline = Date.now() + (this.#options.patienceMs ?? PATIENCE_MS);
		for (let wait = WAIT_MS.first; ; wait = Math.min(WAIT_MS.most, wait * 2)) {
			const transaction = await this.#client().transaction("write");
			try {
				// The first statement takes BEGIN IMMEDIATE along.
				await assertPragmas((sql) => transaction.execute(sql), EXPECTED);
				return transaction;
			} catch (error) {
				transaction.close();
				if (!isBusy(error) || Date.now() > deadline) throw told(error, "Nothing was changed.");
				const pause = wait * (0.5 + Math.random());
				await new Promise((resolve) => setTimeout(resolve, pause));
			}
		}
	}
	async #transact<T>(work: (execute: Execute) => Promise<T>): Promise<T> {
		const transaction = await this.#begin();
		try {
			const result = await work((statement) =>
				transaction.execute(statement).catch((error: unknown) => {
					throw told(error, "Nothing was changed.");
				}),
			);
			try {
				await transaction.commit();
			} catch (error) {
				throw told(error, "It is not known whether the change was made.");
			}
			return result;
		} catch (error) {
			// A server that cannot be reached undoes the transaction by itself when it runs out.
			await transaction.rollback().catch(() => {});
			throw error;
		} finally {
			transaction.close();
		}
	}
}

const codeOf = (error: unknown) => (error instanceof LibsqlError ? error.code : "");
const isBusy = (error: unknown) => codeOf(error).startsWith("SQLITE_BUSY");

/** What the engine said stays as it is; everything else means that the server could not be worked with. */
function told(error: unknown, outcome: string): unknown {
	if (error instanceof DatabaseUnavailable || (codeOf(error).startsWith("SQLITE_") && !isBusy(error))) return error;
	const why = isBusy(error) ? "The database is busy." : "The database cannot be reached.";
	return new DatabaseUnavailable(`${why} ${outcome}`, { cause: error });
}
