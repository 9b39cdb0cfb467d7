import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, DatabaseUnavailable } from "./database.ts";
import { FileDatabase } from "./file-database.ts";
import { MIGRATIONS } from "./migrations.ts";
import { RemoteDatabase, type RemoteOptions } from "./remote-database.ts";
import { HranaEndpoint } from "./testing/hrana.ts";
import { accountRow } from "./testing/rows.ts";

const TOKEN = "token of the tests";
let folder: string;
let database: Database;
let endpoint: HranaEndpoint;

const openRemote = async (options: RemoteOptions): Promise<RemoteDatabase> => {
	const remote = new RemoteDatabase(options);
	await remote.migrate();
	return remote;
};
const KINDS = {
	"a file": async () => FileDatabase.open(`file:${join(folder, "db")}`),
	// Patient beyond what production is: on a machine under load twenty writers take turns for longer than a person would wait.
	"a remote one": async () => openRemote({ url: endpoint.url, authToken: TOKEN, patienceMs: 60_000 }),
};

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-store-"));
	endpoint = await HranaEndpoint.start({ file: join(folder, "db"), token: TOKEN, busyMs: 300 });
});
afterEach(async () => {
	endpoint.cut = undefined;
	await database.close();
	await endpoint.close();
	rmSync(folder, { recursive: true });
});

const emails = async () => {
	const rows = await database.read.selectFrom("accounts").select("email").orderBy("email").execute();
	return rows.map(({ email }) => email);
};
const add = (email: string) =>
	database.write((db) => db.insertInto("accounts").values(accountRow(email)).execute()).then(() => {});

describe.each(Object.entries(KINDS))("%s", (_, open) => {
	beforeEach(async () => {
		database = await open();
	});
	it("a rejected transaction leaves nothing, and the next one works", async () => {
		const failing = database.write(async (db) => {
			await db.insertInto("accounts").values(accountRow("gone")).execute();
			throw new Error("no");
		});
		await expect(failing).rejects.toThrow("no");
		await add("there");
		expect(await emails()).toEqual(["there"]);
	});
	it("a statement that the engine refuses undoes what came before it, and keeps the engine's words", async () => {
		const failing = database.write(async (db) => {
			await db.insertInto("accounts").values(accountRow("twice")).execute();
			await db.insertInto("accounts").values(accountRow("twice")).execute();
		});
		await expect(failing).rejects.toThrow(/UNIQUE constraint failed/);
		expect(await emails()).toEqual([]);
	});
	it("refuses a child without its parent", async () => {
		const orphan = { jti_hash: "h", id: newId(), account_id: newId(), created_at: 1, expires_at: 2 };
		await expect(database.write((db) => db.insertInto("sessions").values(orphan).execute())).rejects.toThrow(
			/FOREIGN KEY/,
		);
	});
	it("what a transaction wrote is seen by itself at once, and by others when it is whole", async () => {
		await database.write(async (db) => {
			await db.insertInto("accounts").values(accountRow("new")).execute();
			expect(await db.selectFrom("accounts").select("email").execute()).toHaveLength(1);
			expect(await emails()).toEqual([]);
		});
		expect(await emails()).toEqual(["new"]);
	});
	it("D2: 20 concurrent writers, 200 transactions, none lost and none busy", async () => {
		await add("a");
		const bump = () =>
			database.write(async (db) => {
				const { revision } = await db.selectFrom("accounts").select("revision").executeTakeFirstOrThrow();
				await db
					.updateTable("accounts")
					.set({ revision: revision + 1 })
					.execute();
			});
		const before = await database.read.selectFrom("accounts").select("revision").executeTakeFirstOrThrow();
		await Promise.all(
			Array.from({ length: 20 }, async () => {
				for (let i = 0; i < 10; i++) await bump();
			}),
		);
		const after = await database.read.selectFrom("accounts").select("revision").executeTakeFirstOrThrow();
		expect(after.revision - before.revision).toBe(200);
	});
	it("numbers, texts and nothing come back as they went in", async () => {
		const big = Number.MAX_SAFE_INTEGER;
		await database.write((db) =>
			db
				.insertInto("accounts")
				.values({ ...accountRow("é😀 x"), created_at: big, accepted_at: null })
				.execute(),
		);
		const row = await database.read
			.selectFrom("accounts")
			.select(["email", "created_at", "accepted_at"])
			.limit(1)
			.executeTakeFirst();
		expect(row).toEqual({ email: "é😀 x", created_at: big, accepted_at: null });
	});
	it("nothing is written past the transactions", async () => {
		await expect(database.read.insertInto("accounts").values(accountRow("a")).execute()).rejects.toThrow(
			"writing goes through Database.write",
		);
	});
	it("is migrated once, also when several processes begin at once, and keeps its data", async () => {
		await add("kept");
		const others = await Promise.all([open(), open(), open()]);
		for (const other of others) await other.close();
		const ran = await sql<{ name: string }>`SELECT name FROM migrations`.execute(database.read);
		expect(ran.rows.map(({ name }) => name)).toEqual(MIGRATIONS.map(({ name }) => name));
		expect(await emails()).toEqual(["kept"]);
	});
	it("closes when what is under way is done", async () => {
		let done = false;
		const held = database.write(async (db) => {
			await db.insertInto("accounts").values(accountRow("late")).execute();
			done = true;
		});
		await database.close();
		expect(done).toBe(true);
		await held;
	});
});

describe("a remote one, over a bad network", () => {
	beforeEach(async () => {
		await endpoint.close();
		endpoint = await HranaEndpoint.start({ file: join(folder, "db"), token: TOKEN, idleMs: 700 });
		database = await openRemote({ url: endpoint.url, authToken: TOKEN });
	});
	it("several begin on an empty database at once", async () => {
		const file = join(folder, "other");
		const other = await HranaEndpoint.start({ file, token: TOKEN, busyMs: 0 });
		const url = other.url;
		const opened = await Promise.all(Array.from({ length: 4 }, () => openRemote({ url, authToken: TOKEN })));
		expect(await opened[0]?.read.selectFrom("accounts").select("id").execute()).toEqual([]);
		await other.close();
	});
	it.each(["request", "answer"] as const)("D6: cut in the middle (%s lost): nothing is half done", async (cut) => {
		const failing = database.write(async (db) => {
			await db.insertInto("accounts").values(accountRow("first")).execute();
			endpoint.cut = cut;
			await db.insertInto("accounts").values(accountRow("second")).execute();
		});
		await expect(failing).rejects.toThrow("The database cannot be reached. Nothing was changed.");
		await expect(failing).rejects.toBeInstanceOf(DatabaseUnavailable);
		endpoint.cut = undefined;
		// The abandoned transaction runs out at the server; writers wait for that, not longer.
		await add("third");
		expect(await emails()).toEqual(["third"]);
		expect(endpoint.open).toBe(0);
	});
	it("D6: cut at the commit: never told as done, and what is not known is said", async () => {
		for (const cut of ["request", "answer"] as const) {
			const failing = database.write(async (db) => {
				await db.insertInto("accounts").values(accountRow(cut)).execute();
				endpoint.cut = cut;
			});
			await expect(failing, cut).rejects.toThrow("It is not known whether the change was made.");
			endpoint.cut = undefined;
			await add(`after ${cut}`);
		}
		// Whole or not at all: the second one arrived, only its answer did not.
		expect(await emails()).toEqual(["after answer", "after request", "answer"]);
	});
	it("D6: not reached at all: reading and writing say so, and work again afterwards", async () => {
		endpoint.cut = "request";
		await expect(emails()).rejects.toThrow("The database cannot be reached. It was not done.");
		await expect(add("x")).rejects.toThrow("The database cannot be reached. Nothing was changed.");
		endpoint.cut = undefined;
		await add("x");
		expect(await emails()).toEqual(["x"]);
	});
	it("a writer that holds on for ever makes the others refuse, and the work of none runs twice", async () => {
		await database.close();
		const stubborn = await HranaEndpoint.start({ file: join(folder, "busy"), token: TOKEN, busyMs: 0 });
		database = await openRemote({ url: stubborn.url, authToken: TOKEN, patienceMs: 300 });
		let ran = 0;
		let release = () => {};
		const holder = database.write(async (db) => {
			await db.insertInto("accounts").values(accountRow("holder")).execute();
			await new Promise<void>((resolve) => {
				release = resolve;
			});
		});
		const waiting = database.write(async (db) => {
			ran += 1;
			await db.insertInto("accounts").values(accountRow("waiting")).execute();
		});
		await expect(waiting).rejects.toThrow("The database is busy. Nothing was changed.");
		expect(ran).toBe(0);
		release();
		await holder;
		expect(await emails()).toEqual(["holder"]);
		await stubborn.close();
	});
	it("a wrong token is refused, and the error does not show it", async () => {
		const opening = openRemote({ url: endpoint.url, authToken: "a wrong secret" });
		const error = (await opening.catch((e: unknown) => e)) as Error;
		expect(error).toBeInstanceOf(DatabaseUnavailable);
		expect(`${error.message}${(error.cause as Error).message}`).not.toContain("a wrong secret");
	});
	it("a stream's baton works once, and not for a stranger", async () => {
		const ask = async (body: object) => {
			const response = await fetch(`${endpoint.url}/v3/pipeline`, {
				method: "POST",
				headers: { authorization: `Bearer ${TOKEN}` },
				body: JSON.stringify(body),
			});
			// biome-ignore lint/suspicious/noExplicitAny: an answer of whatever shape is looked into
			return { status: response.status, json: (await response.json()) as any };
		};
		const { json } = await ask({ requests: [{ type: "execute", stmt: { sql: "SELECT 1 AS one" } }] });
		expect(json.results[0].response.result.rows).toEqual([[{ type: "integer", value: "1" }]]);
		expect((await ask({ baton: json.baton, requests: [{ type: "close" }] })).status).toBe(200);
		expect((await ask({ baton: json.baton, requests: [] })).json.code).toBe("STREAM_EXPIRED");
	});
});
