import { type Client, createClient, LibsqlError, type Transaction } from "@libsql/client";
import {
	assertPragmas,
	type Database,
	DatabaseUnavailable,
	type Db,
	kyselyForReading,
	kyselyOver,
	migrate,
} from "./database.ts";

const BUSY_TIMEOUT_MS = 5000;
/** What the writer's connection must hold. The client gives each connection of its pool the engine's defaults (decision 0006). */
const PRAGMAS = [
	`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
	"PRAGMA foreign_keys = ON",
	"PRAGMA secure_delete = ON",
	"PRAGMA synchronous = FULL",
];
const EXPECTED = { foreign_keys: 1, secure_delete: 1, synchronous: 2 };
/** What the engine may say of the place where the file lies, not of what was asked. */
const OF_THE_PLACE: Readonly<Record<string, string>> = {
	SQLITE_BUSY: "The database is busy.",
	SQLITE_FULL: "The disk is full.",
	SQLITE_IOERR: "The disk cannot be written or read, or is full.",
	SQLITE_READONLY: "The database file cannot be written.",
	SQLITE_CANTOPEN: "The database file cannot be opened: is its folder there, and may this user write in it?",
	SQLITE_NOTADB: "The database file is none.",
	SQLITE_CORRUPT: "The database file is damaged.",
};

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
		this.read = kyselyForReading((statement) => reader.execute(statement).catch(tell));
	}
	/** Opens `url` (`file:…`; never `:memory:`, where two connections are two databases) and migrates it. */
	static async open(url: string): Promise<FileDatabase> {
		if (url.includes(":memory:")) throw new Error("an in-memory database is not supported: give a file");
		// With one connection there is never a second one to be handed out instead.
		const writer = clientOf(url, 1);
		await writer.execute("PRAGMA journal_mode = WAL").catch(tell);
		const database = new FileDatabase(writer, clientOf(url));
		await migrate(
			(statement) => writer.execute(statement).catch(tell),
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
		const run = this.#tail.then(() => this.#writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").catch(tell));
		this.#tail = run.catch(() => {});
		// The engine calls it no error when somebody who reads the file keeps the log from being emptied.
		if ((await run).rows[0]?.["busy"] !== 0) throw new DatabaseUnavailable("The log is in use and was not emptied.");
	}
	/**
	 * Writes the whole file anew, then empties the log. `secure_delete` zeroes what is deleted, but where the engine moves rows
	 * from one page to another it leaves their copies in the space between (seen in the bytes of the file, SQLite 3.45): a row
	 * that is deleted later is then still there.
	 */
	async sweep(): Promise<void> {
		const run = this.#tail.then(() => this.#writer.execute("VACUUM").catch(tell));
		this.#tail = run.catch(() => {});
		await run;
		await this.checkpoint();
	}
	async close(): Promise<void> {
		await this.#tail;
		this.#reader.close();
		this.#writer.close();
	}
	async #begin(): Promise<Transaction> {
		// Before each: a connection that could not be rolled back is replaced by a fresh one.
		for (const pragma of PRAGMAS) await this.#writer.execute(pragma);
		return this.#writer.transaction("write");
	}
	async #transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
		let transaction: Transaction | undefined;
		try {
			transaction = await this.#begin();
			const begun = transaction;
			await assertPragmas((sql) => begun.execute(sql), EXPECTED);
			const result = await work(begun);
			await transaction.commit();
			return result;
		} catch (error) {
			// Undoes what was done, if anything.
			transaction?.close();
			const told = toldOf(error);
			// The client leaves a BEGIN that waited in vain open on its connection, where nothing could commit any more.
			if (told !== error) this.#writer.reconnect();
			throw told;
		}
	}
}

function clientOf(url: string, concurrency?: number): Client {
	try {
		return createClient({ url, timeout: BUSY_TIMEOUT_MS, ...(concurrency !== undefined && { concurrency }) });
	} catch (error) {
		throw new DatabaseUnavailable(OF_THE_PLACE["SQLITE_CANTOPEN"], { cause: error });
	}
}
/** An error as the rooms may show it. */
function toldOf(error: unknown): unknown {
	if (!(error instanceof LibsqlError)) return error;
	const code = Object.keys(OF_THE_PLACE).find((each) => error.code === each || error.code.startsWith(`${each}_`));
	return code === undefined ? error : new DatabaseUnavailable(OF_THE_PLACE[code], { cause: error });
}
function tell(error: unknown): never {
	throw toldOf(error);
}
