import { type Client, createClient, type InValue, LibsqlError, type Transaction } from "@libsql/client";
import { z } from "zod";

const Value = z.discriminatedUnion("type", [
	z.object({ type: z.literal("null") }),
	z.object({ type: z.literal("integer"), value: z.string().regex(/^-?\d+$/) }),
	z.object({ type: z.literal("float"), value: z.number() }),
	z.object({ type: z.literal("text"), value: z.string() }),
	z.object({ type: z.literal("blob"), base64: z.string() }),
]);
export const Stmt = z.object({
	sql: z.string().nullish(),
	sql_id: z.number().nullish(),
	args: z.array(Value).default([]),
	named_args: z.array(z.object({ name: z.string(), value: Value })).default([]),
});
export type Stmt = z.infer<typeof Stmt>;
export type Condition =
	| { type: "ok" | "error"; step: number }
	| { type: "not"; cond: Condition }
	| { type: "and" | "or"; conds: Condition[] }
	| { type: "is_autocommit" };
const Condition: z.ZodType<Condition> = z.lazy(() =>
	z.discriminatedUnion("type", [
		z.object({ type: z.enum(["ok", "error"]), step: z.number() }),
		z.object({ type: z.literal("not"), cond: Condition }),
		z.object({ type: z.enum(["and", "or"]), conds: z.array(Condition) }),
		z.object({ type: z.literal("is_autocommit") }),
	]),
);
export const Batch = z.object({ steps: z.array(z.object({ condition: Condition.nullish(), stmt: Stmt })) });

function fromWire(value: z.infer<typeof Value>): InValue {
	switch (value.type) {
		case "null":
			return null;
		case "integer":
			return BigInt(value.value);
		case "blob":
			return Buffer.from(value.base64, "base64");
		default:
			return value.value;
	}
}
/** The client gives whole numbers as bigint here, so that they are told from floats. */
function toWire(value: unknown): object {
	if (value === null) return { type: "null" };
	if (typeof value === "bigint") return { type: "integer", value: String(value) };
	if (typeof value === "number") return { type: "float", value };
	if (typeof value === "string") return { type: "text", value };
	return { type: "blob", base64: Buffer.from(value as ArrayBuffer).toString("base64") };
}

const busy = () => new LibsqlError("database is locked", "SQLITE_BUSY");

/** Who may write now: the engine itself would block this whole process while it waits. */
export class WriterLock {
	#held = false;
	#waiting: (() => void)[] = [];
	/** Rejects with SQLITE_BUSY after `ms`. */
	async take(ms: number): Promise<void> {
		if (!this.#held) {
			this.#held = true;
			return;
		}
		await new Promise<void>((resolve, reject) => {
			const mine = () => {
				clearTimeout(timer);
				resolve();
			};
			const timer = setTimeout(() => {
				this.#waiting.splice(this.#waiting.indexOf(mine), 1);
				reject(busy());
			}, ms);
			this.#waiting.push(mine);
		});
	}
	release(): void {
		const next = this.#waiting.shift();
		if (next) next();
		else this.#held = false;
	}
}

/** One stream: one connection, with the transaction that was begun on it. */
export class HranaStream {
	/** Stored SQL texts. */
	readonly texts = new Map<number, string>();
	closed = false;
	#client: Client;
	#lock: WriterLock;
	#busyMs: number;
	#transaction: Transaction | undefined;
	#writes = false;
	#ready: Promise<unknown> | undefined;

	constructor(file: string, lock: WriterLock, busyMs: number) {
		this.#client = createClient({ url: `file:${file}`, concurrency: 1, timeout: 0, intMode: "bigint" });
		this.#lock = lock;
		this.#busyMs = busyMs;
	}
	get autocommit(): boolean {
		return this.#transaction === undefined;
	}
	text({ sql, sql_id }: { sql?: string | null | undefined; sql_id?: number | null | undefined }): string {
		const text = sql ?? this.texts.get(sql_id ?? -1);
		if (text === undefined) throw new LibsqlError("there is no such stored SQL text", "SQL_TEXT_NOT_FOUND");
		return text;
	}
	async execute(stmt: Stmt): Promise<object> {
		const sql = this.text(stmt);
		await this.#open();
		const none = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
		const begin = /^\s*BEGIN(?:\s+(IMMEDIATE|EXCLUSIVE))?/i.exec(sql);
		if (begin) {
			await this.#begin(begin[1] !== undefined);
			return none;
		}
		const end = /^\s*(COMMIT|END|ROLLBACK)\s*;?\s*$/i.exec(sql);
		if (end) {
			await this.#end(end[1]?.toUpperCase() !== "ROLLBACK");
			return none;
		}
		const args =
			stmt.named_args.length > 0
				? Object.fromEntries(stmt.named_args.map(({ name, value }) => [name, fromWire(value)]))
				: stmt.args.map(fromWire);
		const result = await (this.#transaction ?? this.#client).execute({ sql, args });
		return {
			cols: result.columns.map((name, index) => ({ name, decltype: result.columnTypes[index] || null })),
			rows: result.rows.map((row) => result.columns.map((_, index) => toWire(row[index]))),
			affected_row_count: result.rowsAffected,
			last_insert_rowid: result.lastInsertRowid === undefined ? null : String(result.lastInsertRowid),
		};
	}
	async sequence(sql: string): Promise<void> {
		await this.#open();
		await (this.#transaction ?? this.#client).executeMultiple(sql);
	}
	/** Undoes what is not committed. */
	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.#transaction?.close();
		this.#free();
		this.#client.close();
	}
	#open(): Promise<unknown> {
		this.#ready ??= (async () => {
			for (const pragma of ["journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"])
				await this.#client.execute(`PRAGMA ${pragma}`);
		})();
		return this.#ready;
	}
	async #begin(writes: boolean): Promise<void> {
		if (this.#transaction) throw new LibsqlError("cannot start a transaction within a transaction", "SQLITE_ERROR");
		if (writes) await this.#lock.take(this.#busyMs);
		this.#writes = writes;
		try {
			this.#transaction = await this.#client.transaction(writes ? "write" : "deferred");
		} catch (error) {
			this.#free();
			throw error;
		}
	}
	async #end(commits: boolean): Promise<void> {
		const transaction = this.#transaction;
		if (!transaction) throw new LibsqlError("no transaction is active", "SQLITE_ERROR");
		try {
			await (commits ? transaction.commit() : transaction.rollback());
		} finally {
			transaction.close();
			this.#free();
		}
	}
	#free(): void {
		this.#transaction = undefined;
		if (this.#writes) this.#lock.release();
		this.#writes = false;
	}
}
