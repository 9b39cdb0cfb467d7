import { type Client, createClient, type InStatement, type Transaction } from "@libsql/client";
import {
	type CompiledQuery,
	type DatabaseConnection,
	type Dialect,
	type Driver,
	Kysely,
	type QueryResult,
	SqliteAdapter,
	SqliteIntrospector,
	SqliteQueryCompiler,
} from "kysely";
import { MIGRATIONS } from "./migrations.ts";
import type { Schema } from "./schema.ts";

/** kysely over whatever executes one statement. */
type Execute = (statement: InStatement) => ReturnType<Client["execute"]>;
/** The query side of kysely. */
export type Db = Kysely<Schema>;

const BUSY_TIMEOUT_MS = 5000;
/** What the writer's connection must hold. The client gives each connection of its pool the engine's defaults (decision 0006). */
const PRAGMAS = [
	`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
	"PRAGMA foreign_keys = ON",
	"PRAGMA secure_delete = ON",
	"PRAGMA synchronous = FULL",
];
const EXPECTED: Record<string, number> = { foreign_keys: 1, secure_delete: 1, synchronous: 2 };

const WRITING = /^\s*(?:insert|update|delete|replace|create|drop|alter)\b/i;

class Connection implements DatabaseConnection {
	#execute: Execute;
	constructor(execute: Execute) {
		this.#execute = execute;
	}
	async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
		const result = await this.#execute({ sql, args: parameters as never[] });
		return {
			rows: result.rows as unknown as R[],
			numAffectedRows: BigInt(result.rowsAffected),
			...(result.lastInsertRowid !== undefined && { insertId: result.lastInsertRowid }),
		};
	}
	streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
		throw new Error("streaming is not used");
	}
}

function kyselyOver(execute: Execute): Db {
	const driver: Driver = {
		init: async () => {},
		acquireConnection: async () => new Connection(execute),
		beginTransaction: () => Promise.reject(new Error("transactions go through Database.write")),
		commitTransaction: () => Promise.reject(new Error("transactions go through Database.write")),
		rollbackTransaction: () => Promise.reject(new Error("transactions go through Database.write")),
		releaseConnection: async () => {},
		destroy: async () => {},
	};
	const dialect: Dialect = {
		createAdapter: () => new SqliteAdapter(),
		createDriver: () => driver,
		createIntrospector: (db) => new SqliteIntrospector(db),
		createQueryCompiler: () => new SqliteQueryCompiler(),
	};
	return new Kysely<Schema>({ dialect });
}

/**
 * The database file. Reads go straight, over connections of their own; every write goes through one queue of short
 * `BEGIN IMMEDIATE` transactions on one connection, because the engine answers concurrent writers with SQLITE_BUSY and
 * only that connection's pragmas can be held (decision 0006).
 */
export class Database {
	/** For reading only. */
	readonly read: Db;
	#reader: Client;
	#writer: Client;
	#tail: Promise<unknown> = Promise.resolve();

	private constructor(writer: Client, reader: Client) {
		this.#writer = writer;
		this.#reader = reader;
		this.read = kyselyOver(async (statement) => {
			if (WRITING.test(typeof statement === "string" ? statement : statement.sql))
				throw new Error("writing goes through Database.write");
			return reader.execute(statement);
		});
	}
	/** Opens `url` (`file:…`; never `:memory:`, where two connections are two databases) and migrates it. */
	static async open(url: string): Promise<Database> {
		if (url.includes(":memory:")) throw new Error("an in-memory database is not supported: give a file");
		// With one connection there is never a second one to be handed out instead.
		const writer = createClient({ url, timeout: BUSY_TIMEOUT_MS, concurrency: 1 });
		await writer.execute("PRAGMA journal_mode = WAL");
		const database = new Database(writer, createClient({ url, timeout: BUSY_TIMEOUT_MS }));
		await database.#migrate();
		return database;
	}
	/** Runs `work` as one transaction; it commits when `work` resolves and leaves nothing when it rejects. */
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
	async #transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
		// Before each: a connection that could not be rolled back is replaced by a fresh one.
		for (const pragma of PRAGMAS) await this.#writer.execute(pragma);
		const transaction = await this.#writer.transaction("write");
		try {
			await assertPragmas((sql) => transaction.execute(sql));
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
	async #migrate(): Promise<void> {
		await this.#writer.execute(
			"CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, ran_at INTEGER NOT NULL) STRICT",
		);
		const done = await this.#writer.execute("SELECT name FROM migrations");
		const names = new Set(done.rows.map((row) => row["name"]));
		for (const { name, statements } of MIGRATIONS) {
			if (names.has(name)) continue;
			await this.#transact(async (transaction) => {
				for (const statement of statements) await transaction.execute(statement);
				await transaction.execute({ sql: "INSERT INTO migrations VALUES (?, unixepoch() * 1000)", args: [name] });
			});
		}
	}
}

/** Throws when a connection does not hold what durability and erasure rest on. */
async function assertPragmas(execute: (sql: string) => ReturnType<Client["execute"]>): Promise<void> {
	for (const [name, expected] of Object.entries(EXPECTED)) {
		const { rows } = await execute(`PRAGMA ${name}`);
		const value = Number(Object.values(rows[0] ?? {})[0]);
		if (value !== expected) throw new Error(`the connection has ${name} = ${value} instead of ${expected}`);
	}
}
