import { type Client, createClient, type Transaction } from "@libsql/client";
import { assertPragmas, type Database, type Db, kyselyForReading, kyselyOver, migrate } from "./database.ts";

const BUSY_TIMEOUT_MS = 5000;
/** What the writer's connection must hold. The client gives each connection of its pool the engine's defaults (decision 0006). */
const PRAGMAS = [
	`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
	"PRAGMA foreign_keys = ON",
	"PRAGMA secure_delete = ON",
	"PRAGMA synchronous = FULL",
];
const EXPECTED = { foreign_keys: 1, secure_delete: 1, synchronous: 2 };

/**
 * A database file. Reads go straight, over connections of their own; every write goes through one queue of short
 * `BEGIN IMMEDIATE` transactions on one connection, because the engine answers concurrent writers with SQLITE_BUSY and
 * only that connection's pragmas can be held (decision 0006).
 */
export class FileDatabase implements Database {
	readonly read: Db;
	#reader: Client;
	#writer: Client;
	#tail: Promise<unknown> = Promise.resolve();

	private constructor(writer: Client, reader: Client) {
		this.#writer = writer;
		this.#reader = reader;
		this.read = kyselyForReading((statement) => reader.execute(statement));
	}
	/** Opens `url` (`file:…`; never `:memory:`, where two connections are two databases) and migrates it. */
	static async open(url: string): Promise<FileDatabase> {
		if (url.includes(":memory:")) throw new Error("an in-memory database is not supported: give a file");
		// With one connection there is never a second one to be handed out instead.
		const writer = createClient({ url, timeout: BUSY_TIMEOUT_MS, concurrency: 1 });
		await writer.execute("PRAGMA journal_mode = WAL");
		const database = new FileDatabase(writer, createClient({ url, timeout: BUSY_TIMEOUT_MS }));
		await migrate(
			(statement) => writer.execute(statement),
			(work) => database.#transact((transaction) => work((statement) => transaction.execute(statement))),
		);
		return database;
	}
	write<T>(work: (db: Db) => Promise<T>): Promise<T> {
		const run = this.#tail.then(() => this.#transact((transaction) => work(kyselyOver((s) => transaction.execute(s)))));
		this.#tail = run.catch(() => {});
		return run;
	}
	/** Empties the write-ahead log into the file, so that erased text is in neither. */
	async checkpoint(): Promise<void> {
		const run = this.#tail.then(() => this.#writer.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
		this.#tail = run.catch(() => {});
		await run;
	}
	async close(): Promise<void> {
		await this.#tail;
		this.#reader.close();
		this.#writer.close();
	}
	async #begin(): Promise<Transaction> {
		try {
			// Before each: a connection that could not be rolled back is replaced by a fresh one.
			for (const pragma of PRAGMAS) await this.#writer.execute(pragma);
			return await this.#writer.transaction("write");
		} catch (error) {
			// The client leaves a BEGIN that waited in vain open on its connection, where nothing could commit any more.
			this.#writer.reconnect();
			throw error;
		}
	}
	async #transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
		const transaction = await this.#begin();
		try {
			await assertPragmas((sql) => transaction.execute(sql), EXPECTED);
			const result = await work(transaction);
			await transaction.commit();
			return result;
		} catch (error) {
			if (!transaction.closed) await transaction.rollback();
			throw error;
		} finally {
			transaction.close();
		}
	}
}
