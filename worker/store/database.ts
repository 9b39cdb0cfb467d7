import type { Client, InStatement } from "@libsql/client";
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

/** Runs one statement. */
export type Execute = (statement: InStatement) => ReturnType<Client["execute"]>;
/** The query side of kysely. */
export type Db = Kysely<Schema>;

/** Where the worker keeps everything: a file on this machine, or a libSQL server elsewhere. */
export interface Database {
	/** For reading only. */
	readonly read: Db;
	/** Runs `work` as one transaction; it commits when `work` resolves and leaves nothing when it rejects. */
	write<T>(work: (db: Db) => Promise<T>): Promise<T>;
	/** Sees to it that what was erased is in no log any more, as far as this side can. */
	checkpoint(): Promise<void>;
	/** The same for the file: no copy of what was erased lies in it, wherever the engine had moved it. Takes its time. */
	sweep(): Promise<void>;
	/** Resolves when what was under way is done. */
	close(): Promise<void>;
}

/** The database does not answer, or is too busy. What was asked for was not done, or the words of the error say so. */
export class DatabaseUnavailable extends Error {
	override name = "DatabaseUnavailable";
}

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

/** kysely over whatever executes one statement. */
export function kyselyOver(execute: Execute): Db {
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

const WRITING = /^\s*(?:insert|update|delete|replace|create|drop|alter)\b/i;

/** kysely that refuses to write. */
export const kyselyForReading = (execute: Execute): Db =>
	kyselyOver(async (statement) => {
		if (WRITING.test(typeof statement === "string" ? statement : statement.sql))
			throw new Error("writing goes through Database.write");
		return execute(statement);
	});

/** Throws when a connection does not hold the pragmas that durability and erasure rest on. */
export async function assertPragmas(execute: Execute, expected: Readonly<Record<string, number>>): Promise<void> {
	for (const [name, wanted] of Object.entries(expected)) {
		const { rows } = await execute(`PRAGMA ${name}`);
		const value = Number(Object.values(rows[0] ?? {})[0]);
		if (value !== wanted) throw new DatabaseUnavailable(`the connection has ${name} = ${value} instead of ${wanted}`);
	}
}

/**
 * Brings the tables up to date. Looks first: a database that is up to date is not written to. Whether a migration ran is
 * asked again inside its transaction, because another process may be starting as well.
 */
export async function migrate(
	execute: Execute,
	transact: (work: (execute: Execute) => Promise<void>) => Promise<void>,
): Promise<void> {
	const ran = async (run: Execute) => {
		const table = await run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'");
		if (table.rows.length === 0) return new Set();
		return new Set((await run("SELECT name FROM migrations")).rows.map((row) => row["name"]));
	};
	const before = await ran(execute);
	for (const { name, statements } of MIGRATIONS) {
		if (before.has(name)) continue;
		await transact(async (run) => {
			await run("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, ran_at INTEGER NOT NULL) STRICT");
			if ((await ran(run)).has(name)) return;
			for (const statement of statements) await run(statement);
			await run({ sql: "INSERT INTO migrations VALUES (?, unixepoch() * 1000)", args: [name] });
		});
	}
}
