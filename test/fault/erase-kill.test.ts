import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestPage } from "../../worker/http/testing/parties.ts";
import { TestWorker } from "../../worker/http/testing/server.ts";
import { ledgerFile } from "../../worker/platform/ledger.node.ts";
import { checkDatabase, openReadOnly } from "../../worker/store/check.ts";
import { scaled, seeded, seedOf } from "../scale.ts";
import { makeMailsDue } from "./outbox.ts";

const PEOPLE = scaled(20, 200);
let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start({ MIVISUS_PROXIES: "1" });
});
afterAll(() => worker.close());
const file = () => join(worker.folder, "worker.db");

/** How many rows of each table belong to the account. */
async function rowsOf(client: Client, accountId: string): Promise<Record<string, number>> {
	const { rows } = await client.execute(
		"SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'account_id' WHERE m.type = 'table'",
	);
	const counts = rows.map(
		({ name }) => `SELECT '${name}' AS name, count(*) AS n FROM "${name}" WHERE account_id = :id`,
	);
	const all = [...counts, "SELECT 'accounts', count(*) FROM accounts WHERE id = :id"].join(" UNION ALL ");
	const found = await client.execute({ sql: all, args: { id: accountId } });
	return Object.fromEntries(found.rows.map((row) => [String(row["name"]), Number(row["n"])]));
}
const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, n) => all + n, 0);

it(
	`D1, D4: killed while it erases ${PEOPLE} accounts, each is whole or gone, and in the end each is gone with a receipt`,
	async () => {
		const random = seeded(seedOf("D1-erase"));
		const people: { id: string; email: string }[] = [];
		for (let index = 0; index < PEOPLE; index++) {
			const email = `goes-${index}@example.test`;
			const page = await TestPage.open(worker, email);
			// Not everybody: all agents here come from one network, which may link only so many at once.
			if (index % 5 === 0) await page.addCamera(await page.link());
			expect((await page.call("DELETE", "/account")).status).toBe(202);
			people.push({ id: page.accountId, email });
		}
		// The mails of the leaving are out: the only ones that may change anything from now on are the receipts'.
		for (const { email } of people) await worker.mailed(email, "/undo");
		await worker.end();
		const writer = createClient({ url: `file:${file()}`, timeout: 5000 });
		await writer.execute("UPDATE accounts SET erase_at = 1 WHERE state = 'leaving'");
		writer.close();
		const look = openReadOnly(file());
		const before = new Map<string, Record<string, number>>();
		for (const { id } of people) before.set(id, await rowsOf(look, id));
		look.close();
		let gone = 0;
		let kills = 0;
		let parted = 0;
		while (gone < PEOPLE) {
			await worker.restart();
			await new Promise((resolve) => setTimeout(resolve, random() * 40));
			await worker.end("SIGKILL");
			kills += 1;
			expect(kills, "kills until all were gone").toBeLessThan(10 * PEOPLE);
			expect(await checkDatabase(file(), Date.now())).toEqual([]);
			const client = openReadOnly(file());
			gone = 0;
			for (const { id } of people) {
				const there = await rowsOf(client, id);
				if (sum(there) === 0) gone += 1;
				else expect(there, `after ${kills} kills`).toEqual(before.get(id));
			}
			const { rows } = await client.execute("SELECT account_hash FROM erasures JOIN receipts ON number = receipt");
			expect(rows).toHaveLength(gone);
			client.close();
			if (gone > 0 && gone < PEOPLE) parted += 1;
			// Whatever is gone stands in the file that a restored database is held against.
			const lines = await ledgerFile(join(worker.folder, "worker.db.erasures")).read();
			const hashes = new Set(lines.flatMap((line) => ("erasedAt" in line ? [line.accountHash] : [])));
			for (const row of rows) expect(hashes).toContain(String(row["account_hash"]));
		}
		process.stdout.write(`D1: ${kills} kills until ${PEOPLE} were erased, ${parted} with some gone and some not\n`);
		expect(parted).toBeGreaterThan(0);
		await makeMailsDue(file());
		await worker.restart();
		for (const { email } of people)
			await worker.mailbox.wait(({ to, text }) => to === email && text.includes("/receipt#"));
	},
	scaled(120_000, 1_200_000),
);
