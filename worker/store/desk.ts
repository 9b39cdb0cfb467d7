import type { Selectable } from "kysely";
import type { DeskRequest, DeskStore } from "../rights/desk.ts";
import type { Database } from "./database.ts";
import { post } from "./outbox.ts";
import type { RequestTable } from "./schema.ts";

const toRequest = (row: Selectable<RequestTable>): DeskRequest => ({
	number: row.number,
	kind: row.kind,
	channel: row.channel,
	receivedAt: row.received_at,
	dueAt: row.due_at,
	remindedAt: row.reminded_at,
	extendedAt: row.extended_at,
	requester: row.requester,
	accountId: row.account_id,
});

/** The operator's desk in the database. */
export const deskStore = (database: Database): DeskStore => {
	const accountBy = async (column: "id" | "email_key", value: string) => {
		const row = await database.read
			.selectFrom("accounts")
			.select(["id", "email", "full_name", "state", "language"])
			.where(column, "=", value)
			// A leaving account's too: else its address would stay when the account goes.
			.where("state", "in", ["active", "restricted", "leaving"])
			.executeTakeFirst();
		return row && { id: row.id, email: row.email, fullName: row.full_name, state: row.state, language: row.language };
	};
	return {
		findAccount: (emailKey) => accountBy("email_key", emailKey),
		insert: async (request, posting) => {
			await database.write(async (db) => {
				await db
					.insertInto("requests")
					.values({
						number: request.number,
						account_id: request.accountId,
						requester: request.requester,
						kind: request.kind,
						channel: request.channel,
						received_at: request.receivedAt,
						due_at: request.dueAt,
					})
					.execute();
				if (posting) await post(db, posting);
			});
		},
		open: async () => {
			const rows = await database.read
				.selectFrom("requests")
				.selectAll()
				.where("closed_at", "is", null)
				.orderBy("due_at")
				.execute();
			return rows.map(toRequest);
		},
		find: async (number) => {
			const row = await database.read
				.selectFrom("requests")
				.selectAll()
				.where("number", "=", number)
				.where("closed_at", "is", null)
				.executeTakeFirst();
			return (
				row && {
					request: toRequest(row),
					account: row.account_id === null ? undefined : await accountBy("id", row.account_id),
				}
			);
		},
		extend: (number, due_at, extension, now, posting) =>
			database.write(async (db) => {
				const { numUpdatedRows } = await db
					.updateTable("requests")
					.set({ due_at, extension, extended_at: now })
					.where("number", "=", number)
					.where("closed_at", "is", null)
					.where("extended_at", "is", null)
					.executeTakeFirst();
				if (numUpdatedRows !== 1n) return false;
				if (posting) await post(db, posting);
				return true;
			}),
		close: (number, outcome, evidence, now, posting) =>
			database.write(async (db) => {
				const { numUpdatedRows } = await db
					.updateTable("requests")
					.set({ closed_at: now, outcome, evidence })
					.where("number", "=", number)
					.where("closed_at", "is", null)
					.executeTakeFirst();
				if (numUpdatedRows !== 1n) return false;
				if (posting) await post(db, posting);
				return true;
			}),
		remind: (receivedBy, now) =>
			database.write(async (db) => {
				const rows = await db
					.updateTable("requests")
					.set({ reminded_at: now })
					.where("closed_at", "is", null)
					.where("reminded_at", "is", null)
					.where("received_at", "<=", receivedBy)
					// A leaving account's erasure does itself.
					.where((eb) => eb.or([eb("kind", "!=", "erasure"), eb("channel", "=", "mail")]))
					.returning("number")
					.execute();
				return rows.map(({ number }) => number);
			}),
	};
};
