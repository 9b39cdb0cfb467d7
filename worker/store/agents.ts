import type { Agent, AgentStore, Device } from "../agents/agents.ts";
import type { Database } from "./database.ts";
import { revoke } from "./revocations.ts";
import { watchedAccounts } from "./rights.ts";
import type { AgentTable, DeviceTable } from "./schema.ts";

const toAgent = (row: AgentTable): Agent => ({
	id: row.id,
	accountId: row.account_id,
	name: row.name,
	signKey: row.sign_key,
	sealKey: row.seal_key,
	state: row.state,
	lastSeenDay: row.last_seen_day,
	createdAt: row.created_at,
});
const toDevice = (row: DeviceTable): Device => ({
	id: row.id,
	accountId: row.account_id,
	agentId: row.agent_id,
	label: row.label,
	signKey: row.sign_key,
	sealKey: row.seal_key,
	createdAt: row.created_at,
	confirmed: row.confirmed === 1,
});

/** Agents, devices and enrolments in the database. */
export const agentStore = (
	database: Database,
	changed: (accountId: string) => void,
	revoked: () => void,
): AgentStore => ({
	announce: ({ codeHash, name, signKey, sealKey, expiresAt }, now) =>
		database.write(async (db) => {
			await db.deleteFrom("enrolments").where("expires_at", "<=", now).execute();
			const row = {
				code_hash: codeHash,
				name,
				sign_key: signKey,
				seal_key: sealKey,
				expires_at: expiresAt,
				agent_id: null,
				device_id: null,
				mac: null,
			};
			const result = await db
				.insertInto("enrolments")
				.values(row)
				.onConflict((on) => on.doNothing())
				.executeTakeFirst();
			return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
		}),
	findEnrolment: async (codeHash, now) => {
		const row = await database.read
			.selectFrom("enrolments")
			.selectAll()
			.where("code_hash", "=", codeHash)
			.where("expires_at", ">", now)
			.executeTakeFirst();
		return (
			row && {
				codeHash,
				name: row.name,
				signKey: row.sign_key,
				sealKey: row.seal_key,
				expiresAt: row.expires_at,
				agentId: row.agent_id,
			}
		);
	},
	claim: (codeHash, agent, device, mac, now) =>
		database.write(async (db) => {
			const used = await db
				.updateTable("enrolments")
				.set({ agent_id: agent.id, device_id: device.id, mac })
				.where("code_hash", "=", codeHash)
				.where("agent_id", "is", null)
				.where("expires_at", ">", now)
				.executeTakeFirst();
			if (used.numUpdatedRows !== 1n) return false;
			// An agent that the account has already gets one more device.
			await db
				.insertInto("agents")
				.onConflict((on) => on.column("id").doNothing())
				.values({
					id: agent.id,
					account_id: agent.accountId,
					name: agent.name,
					sign_key: agent.signKey,
					seal_key: agent.sealKey,
					state: agent.state,
					created_at: agent.createdAt,
					last_seen_day: null,
				})
				.execute();
			await db
				.insertInto("devices")
				.values({
					id: device.id,
					account_id: device.accountId,
					agent_id: device.agentId,
					label: device.label,
					sign_key: device.signKey,
					seal_key: device.sealKey,
					created_at: device.createdAt,
					confirmed: 0,
				})
				.execute();
			return true;
		}),
	findClaim: async (codeHash, now) => {
		const row = await database.read
			.selectFrom("enrolments")
			.selectAll()
			.where("code_hash", "=", codeHash)
			.where("expires_at", ">", now)
			.executeTakeFirst();
		if (!row?.agent_id || !row.device_id || !row.mac) return undefined;
		const agent = await database.read
			.selectFrom("agents")
			.selectAll()
			.where("id", "=", row.agent_id)
			.executeTakeFirst();
		const device = await database.read
			.selectFrom("devices")
			.selectAll()
			.where("id", "=", row.device_id)
			.executeTakeFirst();
		return agent && device && { agent: toAgent(agent), device: toDevice(device), mac: row.mac };
	},
	accept: async (agentId, deviceId) => {
		await database.write(async (db) => {
			await db.updateTable("agents").set({ state: "active" }).where("id", "=", agentId).execute();
			await db
				.updateTable("devices")
				.set({ confirmed: 1 })
				.where("agent_id", "=", agentId)
				.where("id", "=", deviceId)
				.execute();
		});
	},
	refuse: async (agentId, deviceId) => {
		await database.write(async (db) => {
			await db
				.updateTable("agents")
				.set({ state: "refused" })
				.where("id", "=", agentId)
				.where("state", "=", "claimed")
				.execute();
			await db
				.deleteFrom("devices")
				.where("agent_id", "=", agentId)
				.where("id", "=", deviceId)
				.where("confirmed", "=", 0)
				.execute();
		});
	},
	find: async (agentId) => {
		const row = await database.read
			.selectFrom("agents")
			.innerJoin("accounts", "accounts.id", "agents.account_id")
			.leftJoin("objections", (on) =>
				on.onRef("objections.account_id", "=", "agents.account_id").on("objections.purpose", "=", "reliability"),
			)
			.selectAll("agents")
			.select(["accounts.state as account_state", "objections.id as objection"])
			.where("agents.id", "=", agentId)
			.executeTakeFirst();
		// Restricted: nothing else is done. Objected to: not collected (policy 07.5, 07.6).
		return row && { ...toAgent(row), watched: row.account_state === "active" && row.objection === null };
	},
	list: async (accountId) =>
		(
			await database.read
				.selectFrom("agents")
				.selectAll()
				.where("account_id", "=", accountId)
				.orderBy("created_at")
				.execute()
		).map(toAgent),
	devices: async (accountId) =>
		(
			await database.read
				.selectFrom("devices")
				.selectAll()
				.where("account_id", "=", accountId)
				.orderBy("created_at")
				.execute()
		).map(toDevice),
	touch: async (agentId, day) => {
		await database.write((db) =>
			db
				.updateTable("agents")
				.set({ last_seen_day: day })
				.where("id", "=", agentId)
				// Its person may have objected, or restricted its use, while the call was under way.
				.where("account_id", "in", watchedAccounts(db))
				.execute(),
		);
	},
	unlink: async (accountId, agentId, iat) => {
		const done = await database.write(async (db) => {
			const owned = await db
				.selectFrom("agents")
				.select("id")
				.where("id", "=", agentId)
				.where("account_id", "=", accountId)
				.executeTakeFirst();
			if (!owned) return false;
			const cameras = await db.selectFrom("cameras").select("id").where("agent_id", "=", agentId).execute();
			await db.deleteFrom("commands").where("agent_id", "=", agentId).execute();
			const ids = cameras.map(({ id }) => id);
			if (ids.length > 0) await db.deleteFrom("stream_events").where("camera_id", "in", ids).execute();
			await db.deleteFrom("cameras").where("agent_id", "=", agentId).execute();
			await db.deleteFrom("devices").where("agent_id", "=", agentId).execute();
			await db.deleteFrom("agents").where("id", "=", agentId).execute();
			await db
				.updateTable("accounts")
				.set((e) => ({ revision: e("revision", "+", 1) }))
				.where("id", "=", accountId)
				.execute();
			const refs = [`agent:${agentId}`, ...cameras.map(({ id }) => `camera:${id}`)];
			await revoke(db, refs, iat);
			return true;
		});
		if (done) {
			changed(accountId);
			revoked();
		}
		return done;
	},
});
