import type { Db } from "../../worker/store/database.ts";
import { accountRow } from "../../worker/store/testing/rows.ts";

const NOW = Date.UTC(2026, 10, 26);
/** After how many transactions an account goes again. */
const LIFE = 5;
const PADDING = "x".repeat(300);

/** The `n`th transaction, from 1 on, of a history of which it is known what stands there after each. */
export async function happen(db: Db, n: number): Promise<void> {
	const id = `account-${n}`;
	await db
		.insertInto("accounts")
		.values({ ...accountRow(id, id), full_name: PADDING })
		.execute();
	for (const which of ["a", "b"]) {
		const name = `${which}-${n}`;
		await db
			.insertInto("sessions")
			.values({ jti_hash: name, id: name, account_id: id, created_at: NOW, expires_at: NOW + 1, proved_at: NOW })
			.execute();
	}
	if (n <= LIFE) return;
	await db
		.deleteFrom("sessions")
		.where("account_id", "=", `account-${n - LIFE}`)
		.execute();
	await db
		.deleteFrom("accounts")
		.where("id", "=", `account-${n - LIFE}`)
		.execute();
}

/** What stands there after `n` of them. */
export function standing(n: number): string[] {
	const numbers = Array.from({ length: Math.min(n, LIFE) }, (_, index) => n - index);
	return numbers.flatMap((number) => [`a-${number} of account-${number}`, `b-${number} of account-${number}`]).sort();
}

/** What really does, in the same words. */
export async function found(db: Db): Promise<string[]> {
	const rows = await db
		.selectFrom("accounts")
		.leftJoin("sessions", "sessions.account_id", "accounts.id")
		.select(["sessions.id as session", "accounts.id as account"])
		.execute();
	return rows.map(({ session, account }) => `${session} of ${account}`).sort();
}
