import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestWorker } from "../../worker/http/testing/server.ts";
import { checkDatabase, openReadOnly } from "../../worker/store/check.ts";
import { scaled, seeded, seedOf } from "../scale.ts";
import { makeMailsDue } from "./outbox.ts";
import { Refused, Someone, stateOf } from "./people.ts";

const ROUNDS = Number(process.env["MIVISUS_FAULT_ROUNDS"] ?? scaled(10, 200));
const PEOPLE = 6;
let worker: TestWorker;
beforeAll(async () => {
	worker = await TestWorker.start();
});
afterAll(() => worker.close());
const file = () => join(worker.folder, "worker.db");

/** What is written of revocations: the relay has them in memory, the worker here. */
async function revocations(): Promise<Set<string>> {
	const client = openReadOnly(file());
	const { rows } = await client.execute("SELECT ref FROM revocations");
	client.close();
	return new Set(rows.map((row) => String(row["ref"])));
}
it(
	`D1: ${ROUNDS} times killed in the middle of everything, the worker has kept each promise and nothing by half`,
	async () => {
		const random = seeded(seedOf("D1"));
		const people = await Promise.all(
			Array.from({ length: PEOPLE }, (_, index) =>
				Someone.arrive(worker, `person-${index}@example.test`, random, () => openReadOnly(file())),
			),
		);
		let hurt = 0;
		for (let round = 0; round < ROUNDS; round++) {
			let left = 1 + Math.floor(random() * 60);
			let killed = false;
			const refusals: string[] = [];
			const live = async (someone: Someone) => {
				while (!killed) {
					try {
						await someone.act();
					} catch (error) {
						if (error instanceof Refused) refusals.push(error.message);
						else if (!killed) throw error;
						return;
					}
					left -= 1;
					if (left > 0 || killed) continue;
					killed = true;
					// Somewhere in what the others have under way.
					await new Promise((resolve) => setTimeout(resolve, random() * 12));
					await worker.end("SIGKILL");
				}
			};
			await Promise.all(people.map(live));
			expect(refusals).toEqual([]);
			hurt += people.filter(({ open }) => open !== undefined).length;
			expect(await checkDatabase(file(), Date.now()), `round ${round}, before the restart`).toEqual([]);
			await makeMailsDue(file());
			await worker.restart();
			const client = openReadOnly(file());
			for (const someone of people) {
				const wrong = someone.reconcile(await stateOf(client, someone.page.accountId));
				expect(wrong, `round ${round}`).toBeUndefined();
			}
			client.close();
			const written = await revocations();
			for (const { revoked } of people) expect(revoked.filter((each) => !written.has(each))).toEqual([]);
			for (const someone of people) {
				for (const cookie of someone.cookies)
					expect((await worker.call("GET", "/session", { cookie })).status, `round ${round}`).toBe(200);
			}
		}
		const done = people.reduce((sum, each) => sum + each.done, 0);
		const returns = people.reduce((sum, each) => sum + each.returns, 0);
		process.stdout.write(`D1: ${ROUNDS} kills, ${done} acknowledged, ${hurt} cut off, ${returns} left and came back\n`);
		expect(hurt).toBeGreaterThan(ROUNDS);
		// A mail is owed for each sign-up that was accepted, however often the worker died over it.
		await worker.end("SIGTERM");
		await makeMailsDue(file());
		await worker.restart();
		for (const email of people.flatMap(({ signedUp }) => signedUp)) await worker.mailbox.wait(({ to }) => to === email);
		expect(await checkDatabase(file(), Date.now())).toEqual([]);
	},
	scaled(120_000, 3_600_000),
);
