import type { Camera, CameraStore, CarriedCommand } from "../cameras/cameras.ts";
import { Problem } from "../problems.ts";
import type { Database, Db } from "./database.ts";
import { revoke } from "./revocations.ts";
import { watchedAccounts } from "./rights.ts";
import type { CameraTable, CommandTable } from "./schema.ts";

const toCamera = (row: CameraTable): Camera => ({
	id: row.id,
	accountId: row.account_id,
	agentId: row.agent_id,
	name: row.name,
	scheme: row.scheme,
	host: row.host,
	port: row.port,
	path: row.path,
	sound: row.sound === 1,
	createdAt: row.created_at,
});
const toCommand = (row: CommandTable): CarriedCommand => ({
	id: row.id,
	accountId: row.account_id,
	agentId: row.agent_id,
	cameraId: row.camera_id,
	statement: row.statement,
	state: row.state,
	code: row.code,
	detail: row.detail,
	createdAt: row.created_at,
});
const bump = (db: Db, accountId: string) =>
	db
		.updateTable("accounts")
		.set((e) => ({ revision: e("revision", "+", 1) }))
		.where("id", "=", accountId)
		.execute();
/** False when a command with this id was carried before. */
async function store(db: Db, command: CarriedCommand): Promise<boolean> {
	const row = {
		id: command.id,
		account_id: command.accountId,
		agent_id: command.agentId,
		camera_id: command.cameraId,
		statement: command.statement,
		state: command.state,
		code: null,
		detail: null,
		created_at: command.createdAt,
	};
	const result = await db
		.insertInto("commands")
		.values(row)
		.onConflict((on) => on.doNothing())
		.executeTakeFirst();
	return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** Cameras and carried commands in the database. */
export const cameraStore = (database: Database, revoked: () => void): CameraStore => ({
	list: async (accountId) =>
		(
			await database.read
				.selectFrom("cameras")
				.selectAll()
				.where("account_id", "=", accountId)
				.orderBy("created_at")
				.execute()
		).map(toCamera),
	find: async (accountId, id) => {
		const row = await database.read
			.selectFrom("cameras")
			.selectAll()
			.where("id", "=", id)
			.where("account_id", "=", accountId)
			.executeTakeFirst();
		return row && toCamera(row);
	},
	insert: (camera, command) =>
		database.write(async (db) => {
			const row = {
				id: camera.id,
				account_id: camera.accountId,
				agent_id: camera.agentId,
				name: camera.name,
				scheme: camera.scheme,
				host: camera.host,
				port: camera.port,
				path: camera.path,
				sound: 0,
				created_at: camera.createdAt,
			};
			const result = await db
				.insertInto("cameras")
				.values(row)
				.onConflict((on) => on.doNothing())
				.executeTakeFirst();
			if (Number(result.numInsertedOrUpdatedRows ?? 0) === 0) return false;
			// Both or neither: a rejection takes the camera's row back.
			if (command && !(await store(db, command))) throw new Problem("already-exists");
			await bump(db, camera.accountId);
			return true;
		}),
	rename: (accountId, id, name) =>
		database.write(async (db) => {
			const result = await db
				.updateTable("cameras")
				.set({ name })
				.where("id", "=", id)
				.where("account_id", "=", accountId)
				.executeTakeFirst();
			return result.numUpdatedRows === 1n;
		}),
	readdress: ({ scheme, host, port, path }, command) =>
		database.write(async (db) => {
			const result = await db
				.updateTable("cameras")
				.set({ scheme, host, port, path })
				.where("id", "=", command.cameraId)
				.where("account_id", "=", command.accountId)
				.where("agent_id", "=", command.agentId)
				.executeTakeFirst();
			if (result.numUpdatedRows !== 1n) return false;
			// Both or neither: a rejection takes the address back.
			if (!(await store(db, command))) throw new Problem("already-exists");
			await bump(db, command.accountId);
			return true;
		}),
	remove: async (accountId, id, command, iat) => {
		const done = await database.write(async (db) => {
			await db.deleteFrom("stream_events").where("camera_id", "=", id).where("account_id", "=", accountId).execute();
			const result = await db
				.deleteFrom("cameras")
				.where("id", "=", id)
				.where("account_id", "=", accountId)
				.executeTakeFirst();
			if (result.numDeletedRows !== 1n) return false;
			await db.deleteFrom("commands").where("camera_id", "=", id).where("account_id", "=", accountId).execute();
			if (command) await store(db, command);
			await revoke(db, [`camera:${id}`], iat);
			await bump(db, accountId);
			return true;
		});
		if (done) revoked();
		return done;
	},
	carry: (command) =>
		database.write(async (db) => {
			if (!(await store(db, command))) return false;
			await bump(db, command.accountId);
			return true;
		}),
	findCommand: async (accountId, id) => {
		const row = await database.read
			.selectFrom("commands")
			.selectAll()
			.where("id", "=", id)
			.where("account_id", "=", accountId)
			.executeTakeFirst();
		return row && toCommand(row);
	},
	acknowledge: (agentId, id, answer, soundOf) =>
		database.write(async (db) => {
			const row = await db
				.selectFrom("commands")
				.selectAll()
				.where("id", "=", id)
				.where("agent_id", "=", agentId)
				.where("state", "=", "waiting")
				.executeTakeFirst();
			if (!row) return false;
			await db.updateTable("commands").set(answer).where("id", "=", id).execute();
			const sound = soundOf(toCommand(row));
			if (sound === undefined) return true;
			// A command may name any camera; an agent speaks for its own.
			await db
				.updateTable("cameras")
				.set({ sound: sound ? 1 : 0 })
				.where("id", "=", row.camera_id)
				.where("agent_id", "=", agentId)
				.execute();
			return true;
		}),
	streamed: async (accountId, agentId, events, { since, max }) => {
		await database.write(async (db) => {
			if (!(await watchedAccounts(db).where("id", "=", accountId).executeTakeFirst())) return;
			const { count } = await db
				.selectFrom("stream_events")
				.select((e) => e.fn.countAll<number>().as("count"))
				.where("account_id", "=", accountId)
				.where("at", ">", since)
				.executeTakeFirstOrThrow();
			if (count + events.length > max) return;
			const cameras = await db.selectFrom("cameras").select("id").where("agent_id", "=", agentId).execute();
			const own = new Set(cameras.map(({ id }) => id));
			const rows = events
				.filter(({ camera }) => own.has(camera))
				.map(({ camera, at, status }) => ({ account_id: accountId, camera_id: camera, at, status }));
			if (rows.length > 0) await db.insertInto("stream_events").values(rows).execute();
		});
	},
	agentView: async (accountId, agentId) => {
		// The revision first: a change in between is then seen as news again, never missed.
		const { revision, state } = await database.read
			.selectFrom("accounts")
			.select(["revision", "state"])
			.where("id", "=", accountId)
			.executeTakeFirstOrThrow();
		const cameras = await database.read
			.selectFrom("cameras")
			.select(["id", "name"])
			.where("agent_id", "=", agentId)
			.orderBy("id")
			.execute();
		const commands = await database.read
			.selectFrom("commands")
			.select(["id", "statement as command"])
			.where("agent_id", "=", agentId)
			.where("state", "=", "waiting")
			// Restricted or leaving: only the order to forget a camera that was deleted goes out; others wait (policy 07.6, 07.3).
			.$if(state === "restricted" || state === "leaving", (query) =>
				query.where("camera_id", "not in", (of) => of.selectFrom("cameras").select("id")),
			)
			.orderBy("created_at")
			.limit(50)
			.execute();
		return { revision, cameras, commands };
	},
	ownsAgent: async (accountId, agentId) => {
		const row = await database.read
			.selectFrom("agents")
			.select("id")
			.where("id", "=", agentId)
			.where("account_id", "=", accountId)
			.where("state", "!=", "refused")
			.executeTakeFirst();
		return row !== undefined;
	},
	countCommands: async (agentId) => {
		const { count } = await database.read
			.selectFrom("commands")
			.select((e) => e.fn.countAll<number>().as("count"))
			.where("agent_id", "=", agentId)
			.executeTakeFirstOrThrow();
		return count;
	},
});
