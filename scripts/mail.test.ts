import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FileDatabase } from "../worker/store/file-database.ts";

const run = (...args: string[]) => {
	const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", "scripts/mail.ts", ...args], {
		encoding: "utf8",
	});
	return { said: stdout + stderr, status };
};

it("the operator sees dead mails without addresses, puts one back, drops another", async () => {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-mail-"));
	const file = join(folder, "db");
	const database = await FileDatabase.open(`file:${file}`);
	try {
		await database.write(async (db) => {
			for (const id of ["mail-1", "mail-2"]) {
				await db
					.insertInto("outbox")
					.values({
						id,
						letter: "reset",
						recipient: "ada@example.test",
						recipient_key: "ada@example.test",
						language: "en",
						state: "dead",
						attempts: 8,
						next_at: 0,
						asked_at: Date.now() - 120_000,
						problem: "smtp-550",
					})
					.execute();
			}
		});
		expect(run(file).said).toMatch(/mail-1 {2}dead .*reset .*8 attempts {2}smtp-550 {2}2 min old/);
		expect(run(file).said).not.toContain("ada@");
		expect(run(file, "retry", "mail-1")).toMatchObject({ status: 0 });
		expect(run(file, "drop", "mail-2")).toMatchObject({ status: 0 });
		expect(run(file, "drop", "mail-1")).toMatchObject({ status: 1 });
		const rows = await database.read.selectFrom("outbox").select(["id", "state", "attempts"]).execute();
		expect(rows).toEqual([{ id: "mail-1", state: "waiting", attempts: 0 }]);
		expect(run(file, "burn")).toMatchObject({ status: 2 });
		expect(run(join(folder, "nothing"))).toMatchObject({ status: 2 });
	} finally {
		await database.close();
		rmSync(folder, { recursive: true });
	}
}, 60_000);
