import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { afterEach, beforeEach, expect, it } from "vitest";
import { seeded, seedOf } from "../test/scale.ts";
import type { Posting } from "../worker/mail/outbox.ts";
import { Desk, DeskRefusal } from "../worker/rights/desk.ts";
import { REQUEST_KINDS } from "../worker/rights/rights.ts";
import { deskStore } from "../worker/store/desk.ts";
import { erasureStore } from "../worker/store/erasure.ts";
import { exportStore } from "../worker/store/exports.ts";
import { FileDatabase } from "../worker/store/file-database.ts";
import { accountRow } from "../worker/store/testing/rows.ts";

const DAY_MS = 86_400_000;
let folder: string;
let file: string;
let database: FileDatabase;
let now: number;
let desk: Desk;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-desk-"));
	file = join(folder, "db");
	database = await FileDatabase.open(`file:${file}`);
	now = Date.UTC(2026, 0, 31, 12);
	const notice = (letter: Posting["letter"], account: { id: string; email: string }): Posting => ({
		id: newId(),
		letter,
		accountId: account.id,
		recipient: account.email,
		recipientKey: account.email,
		language: "en",
		askedAt: now,
	});
	desk = new Desk(deskStore(database), { now: () => now }, notice);
	await database.write((db) => db.insertInto("accounts").values(accountRow("ada@example.test")).execute());
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});
const letters = async () =>
	(await database.read.selectFrom("outbox").select("letter").execute()).map(({ letter }) => letter);

it("P35: a request by mail has a number, a day to be answered by, a reminder at day 20; its person is told of each step", async () => {
	const request = await desk.enter("access", " ADA@example.test ", now);
	expect(request).toMatchObject({ requester: null, accountId: expect.any(String) });
	expect(new Date(request.dueAt).toISOString()).toBe("2026-02-28T12:00:00.000Z");
	const stranger = await desk.enter("other", "someone@example.test", now);
	expect(stranger).toMatchObject({ requester: "someone@example.test", accountId: null });
	now += 20 * DAY_MS - 1;
	expect((await desk.watch()).reminded).toEqual([]);
	now += 1;
	expect((await desk.watch()).reminded.sort()).toEqual([request.number, stranger.number].sort());
	expect((await desk.watch()).reminded).toEqual([]);
	const until = await desk.extend(request.number, "we wait for a translation");
	expect(new Date(until).toISOString()).toBe("2026-04-30T12:00:00.000Z");
	await expect(desk.extend(request.number, "again")).rejects.toThrow("once is all");
	await desk.close(request.number, "done", "copy sent");
	await expect(desk.close(request.number, "done", "again")).rejects.toThrow("no open request");
	expect(await letters()).toEqual(["request-received", "request-extended", "request-answered"]);
	now += 30 * DAY_MS;
	expect((await desk.watch()).overdue).toEqual([stranger.number]);
	await expect(desk.extend(stranger.number, "late")).rejects.toThrow("first month is over");
	await expect(desk.close(stranger.number, "refused", "no")).rejects.toThrow("names the article");
	await desk.close(stranger.number, "refused", "art. 12(5): manifestly unfounded");
	expect(await desk.open()).toEqual([]);
});
it("P4: a year of requests, answered by whoever follows the reminders: none is late", async () => {
	const random = seeded(seedOf("a year of requests"));
	let entered = 0;
	for (let today = 0; today < 365 + 100; today++) {
		now += DAY_MS;
		if (today < 365 && random() < 0.3) {
			const kind = REQUEST_KINDS[Math.floor(random() * REQUEST_KINDS.length)] ?? "other";
			await desk.enter(
				kind,
				random() < 0.5 ? "ada@example.test" : `p${today}@example.test`,
				now - Math.floor(random() * 2 * DAY_MS),
			);
			entered += 1;
		}
		const { overdue } = await desk.watch();
		expect(overdue).toEqual([]);
		// The operator looks once in three days, does what is marked, and puts off a few.
		if (today % 3 !== 0) continue;
		for (const request of await desk.open()) {
			if (request.remindedAt === null) continue;
			if (request.extendedAt === null && random() < 0.1) await desk.extend(request.number, "much to look through");
			else if (request.extendedAt === null || request.dueAt - now < 10 * DAY_MS)
				await desk.close(request.number, "done", "answered");
		}
	}
	expect(entered).toBeGreaterThan(60);
	expect(await desk.open()).toEqual([]);
}, 60_000);
it("says what is wrong: no address, tomorrow", async () => {
	await expect(desk.enter("access", "no address", now)).rejects.toThrow(DeskRefusal);
	await expect(desk.enter("access", "a@example.test", now + 1)).rejects.toThrow("future");
	await expect(desk.enter("access", "a@example.test", Date.UTC(1926, 0, 1))).rejects.toThrow("Is the year right");
	const { number } = await desk.enter("access", "a@example.test", now);
	await expect(desk.extend(number, "  ")).rejects.toThrow("Say why");
	await expect(desk.close(number, "done", " \n ")).rejects.toThrow("Say what was done");
	await expect(desk.close(number, "refused", "an artichoke asked")).rejects.toThrow("names the article");
	await desk.close(` ${number.toLowerCase()} `, "refused", "Article 12(5): manifestly unfounded");
});
it("07.7, 06.2: who had written without an account sees and erases the request with one; a leaving account's is its own", async () => {
	const before = await desk.enter("access", "Bob@Example.test", now);
	const row = accountRow("bob@example.test");
	await database.write((db) => db.insertInto("accounts").values(row).execute());
	const subject = { id: row.id, emailKey: row.email_key, language: "en" as const };
	const page = await exportStore(database).page("requests", subject, undefined, 10);
	expect(page.map(({ number }) => number)).toEqual([before.number]);
	await database.write((db) => db.updateTable("accounts").set({ state: "leaving" }).where("id", "=", row.id).execute());
	expect(await desk.enter("erasure", "bob@example.test", now)).toMatchObject({ accountId: row.id, requester: null });
	await database.write((db) =>
		db
			.insertInto("requests")
			.values({
				number: "SELF",
				account_id: row.id,
				requester: null,
				kind: "erasure",
				channel: "self",
				received_at: now,
				due_at: now,
			})
			.execute(),
	);
	await expect(desk.close("SELF", "refused", "art. 17(3): we keep it")).rejects.toThrow("closes by itself");
	const entry = { accountHash: "h", erasedAt: now, receipt: "r" };
	const store = erasureStore(
		database,
		() => {},
		() => {},
	);
	await store.erase(row.id, undefined, entry, async () => ({ document: "", signature: "" }), undefined);
	const left = await database.read.selectFrom("requests").select(["account_id", "requester", "evidence"]).execute();
	expect(left).toHaveLength(3);
	for (const each of left) expect(each).toEqual({ account_id: null, requester: null, evidence: null });
});
it("the operator's commands", () => {
	const run = (name: string, ...args: string[]) => {
		const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", `scripts/${name}.ts`, ...args], {
			encoding: "utf8",
		});
		return { said: stdout + stderr, status };
	};
	expect(run("requests", file).said).toBe("Nothing waits for an answer.\n");
	const today = new Date().toISOString().slice(0, 10);
	const added = run("requests", file, "add", "erasure", "someone@example.test", today);
	expect(added.said).toMatch(
		/^[0-9A-Z-]{14}, to be answered by \d{4}-\d\d-\d\d\. There is no such account: answer by mail\.\n$/,
	);
	const number = added.said.slice(0, 14);
	expect(run("requests", file).said).toMatch(new RegExp(`^${number} .*erasure .*someone@example.test\n$`));
	expect(run("requests", file, "add", "gift", "a@b.test")).toMatchObject({ status: 1 });
	expect(run("requests", file, "refuse", number, "no")).toMatchObject({ status: 1 });
	expect(run("requests", file, "done", number, "erased by hand")).toMatchObject({ status: 0 });
	expect(run("requests", file, "burn")).toMatchObject({ status: 2 });
	expect(run("requests", file, "add", "access", "a@b.test", "2026-02-31").said).toContain("is no day");
	const foreign = join(folder, "foreign");
	writeFileSync(foreign, "");
	for (const name of ["requests", "retention"])
		expect(run(name, foreign)).toEqual({ status: 2, said: `${foreign}: it is not a worker's database\n` });
	expect(readFileSync(foreign, "utf8")).toBe("");
	expect(run("requests", join(folder, "nothing"))).toMatchObject({ status: 2 });
	const report = run("retention", file, "2029-12-31");
	expect(report.said).toMatch(/ 1 {2}requests {2}\(07\.7\)/);
	expect(report.said).toContain("nothing was changed");
	expect(run("requests", file).said).toBe("Nothing waits for an answer.\n");
	expect(run("retention", file, "soon")).toMatchObject({ status: 2 });
}, 90_000);
