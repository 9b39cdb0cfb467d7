import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { verifyDetached } from "@mivisus/wire/archive";
import { importVerificationKeys } from "@mivisus/wire/token";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { scaled, seeded, seedOf } from "../../test/scale.ts";
import { assemble, type Worker } from "../assemble.ts";
import { type Table, tables } from "../data-map/map.ts";
import { runJobs } from "../jobs.ts";
import type { Message } from "../mail/mail.ts";
import { ledgerFile } from "../platform/ledger.node.ts";
import { after, sha256 } from "../platform/node.ts";
import { newSecrets, useSecrets, type WorkerSecrets } from "../platform/secrets.ts";
import { BACKUP_DAYS, ERASED_WITHIN_DAYS, UNDO_DAYS } from "../rights/erasure.ts";
import { FileDatabase } from "./file-database.ts";
import { type Canary, seedPerson } from "./testing/person.ts";

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 10, 26, 9, 30);
let folder: string;
let path: string;
let database: FileDatabase;
let client: Client;
let secrets: WorkerSecrets;
let worker: Worker;
let now: number;
let mails: Message[];
let ada: { id: string; emailKey: string; canaries: Canary[] };
let eve: typeof ada;

async function open(): Promise<void> {
	database = await FileDatabase.open(`file:${path}`);
	worker = assemble({
		database,
		secrets,
		origin: "https://mivisus.example",
		relay: { url: "https://relay.example", control: "http://127.0.0.1:1", instance: "relay-1" },
		clock: { now: () => now },
		after,
		// One process's background work is awaited here instead.
		keep: () => {},
		addressOf: () => "192.0.2.1",
		onFault: (error) => {
			throw error;
		},
		mailer: { send: async (message) => void mails.push(message) },
		onMail: () => {},
		region: "eu-west-3",
		recipients: [],
		ledgerFile: ledgerFile(join(folder, "erasures")),
	});
}
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-erasure-"));
	path = join(folder, "db");
	now = START;
	mails = [];
	secrets = await useSecrets(await newSecrets());
	await open();
	client = createClient({ url: `file:${path}`, timeout: 5000 });
	// As the worker's own connections have it: what this one moved from page to page would stay where it was.
	await client.execute("PRAGMA secure_delete = ON");
	ada = await seedPerson(client, "ada", START);
	eve = await seedPerson(client, "eve", START);
	await client.execute("UPDATE accounts SET state = 'active', erase_at = NULL, state_before = NULL");
	await client.execute("UPDATE outbox SET state = 'waiting', letter = 'password-changed', next_at = 9e15");
});
afterEach(async () => {
	client.close();
	await database.close();
	rmSync(folder, { recursive: true });
});
const jobs = () => runJobs(database, worker.accounts, worker.erasure, { now: () => now });
const accountOf = async (id: string) => {
	const account = await worker.accounts.find(id);
	if (!account) throw new Error("no such account");
	return account;
};
/** Every byte that the database's files hold. */
const bytes = () =>
	readdirSync(folder)
		.filter((name) => name.startsWith("db"))
		.map((name) => readFileSync(join(folder, name)).toString("latin1"))
		.join("");
const found = (canaries: Canary[]) => {
	const all = bytes();
	return canaries.filter(({ value }) => all.includes(value)).map(({ column }) => column);
};
/** Everything of the data map that erasure leaves, e.g. a request's number. */
const left = new Set(
	(tables as [string, Table][]).flatMap(([name, { erasure, columns }]) =>
		typeof erasure === "object"
			? Object.keys(columns)
					.filter((column) => !erasure.forget.includes(column))
					.map((column) => `${name}.${column}`)
			: [],
	),
);

describe("P3: erasing an account", () => {
	it("06.2, 07.3: after seven days not one byte of it is left in any file, and everybody else's are", async () => {
		expect(found(ada.canaries)).toHaveLength(ada.canaries.length);
		// A mail about somebody else's account is on its way to her address.
		await client.execute({
			sql: "UPDATE outbox SET recipient_key = ? WHERE account_id = ?",
			args: [ada.emailKey, eve.id],
		});
		const { eraseAt } = await worker.erasure.leave(await accountOf(ada.id));
		expect(eraseAt).toBe(START + UNDO_DAYS * DAY_MS);
		now = eraseAt - 1;
		expect((await jobs()).erased).toBe(0);
		now = eraseAt;
		expect((await jobs()).erased).toBe(1);
		await worker.outbox.sendDue();
		await database.checkpoint();
		expect(found(ada.canaries).filter((column) => !left.has(column))).toEqual([]);
		expect(bytes()).not.toContain(ada.emailKey);
		const lasting = eve.canaries.filter(({ column }) =>
			/^(accounts|agents|cameras|devices|passkeys|directives)\./.test(column),
		);
		expect(found(lasting)).toHaveLength(lasting.length);
		expect((await client.execute("SELECT id FROM accounts")).rows).toHaveLength(1);
	});
	it("the receipt is signed, counts what was deleted, says what stays and until when, and names nobody", async () => {
		await worker.erasure.leave(await accountOf(ada.id));
		now += UNDO_DAYS * DAY_MS;
		await jobs();
		await worker.outbox.sendDue();
		// It may be on its way already, by the jobs' own word that there is one.
		const mail = await vi.waitUntil(() =>
			mails.find(({ subject }) => subject === "Your Mivisus account was erased" || subject.includes("effacé")),
		);
		const number = /receipt#([0-9A-Z-]{14})/.exec(mail.text)?.[1] ?? "";
		const { document, signature } = await worker.erasure.receipt(number);
		const keys = await importVerificationKeys(secrets.documentKeys);
		await verifyDetached("mivisus-receipt", new TextEncoder().encode(document), signature, keys);
		await expect(
			verifyDetached("mivisus-receipt", new TextEncoder().encode(document.replace("2", "3")), signature, keys),
		).rejects.toThrow("bad-signature");
		const receipt = JSON.parse(document);
		expect(receipt).toMatchObject({
			number,
			deleted: { accounts: 1, cameras: 2, agents: 2 },
			anonymised: { requests: 3 },
		});
		for (const { value } of ada.canaries) expect(document).not.toContain(value);
		expect(document).not.toContain(ada.id);
		const goneBy = Date.parse(receipt.backupsGoneBy);
		expect(goneBy).toBeLessThanOrEqual(START + ERASED_WITHIN_DAYS * DAY_MS);
		expect(UNDO_DAYS + BACKUP_DAYS).toBeLessThan(ERASED_WITHIN_DAYS);
		expect(Object.keys(receipt.deleted)).toEqual(
			(tables as [string, Table][]).filter(([, { erasure }]) => erasure === "delete").map(([name]) => name),
		);
	});
	/** The database as it was at `backUp`, brought back after all that happened since. */
	const backUp = async () => {
		await database.checkpoint();
		copyFileSync(path, join(folder, "backup"));
	};
	const restore = async () => {
		client.close();
		await database.close();
		for (const name of readdirSync(folder).filter((each) => each.startsWith("db"))) rmSync(join(folder, name));
		copyFileSync(join(folder, "backup"), path);
		await open();
		client = createClient({ url: `file:${path}`, timeout: 5000 });
	};
	const stateOf = async (id: string) =>
		(await client.execute({ sql: "SELECT state FROM accounts WHERE id = ?", args: [id] })).rows[0]?.["state"];
	it("D5: a backup from before, restored, is erased again before anybody is served", async () => {
		await backUp();
		const before = found(ada.canaries).length;
		await worker.erasure.leave(await accountOf(ada.id));
		now += UNDO_DAYS * DAY_MS;
		await jobs();
		await restore();
		rmSync(join(folder, "backup"));
		expect(found(ada.canaries)).toHaveLength(before);
		expect(await worker.erasure.replay(true)).toBe(1);
		expect(found(ada.canaries).filter((column) => !left.has(column))).toEqual([]);
		expect(await worker.erasure.replay(true)).toBe(0);
		expect(await worker.accounts.find(eve.id)).toBeDefined();
	});
	it("D5: so do the hour's jobs, where the ledger's rows were put back into the restored database and there is no file", async () => {
		await client.execute({
			sql: "INSERT INTO erasures (account_hash, erased_at, receipt) VALUES (?, ?, 'of-before')",
			args: [sha256(ada.id), now],
		});
		expect(await jobs()).toMatchObject({ again: 1, failed: [] });
		expect(await worker.accounts.find(ada.id)).toBeUndefined();
		// And the file has learnt it.
		expect(await ledgerFile(join(folder, "erasures")).read()).toEqual([
			{ accountHash: sha256(ada.id), erasedAt: now, receipt: "of-before" },
		]);
	});
	it("D5: a restored database that forgot who left lets them leave, with a new link; who came back stays", async () => {
		await backUp();
		await worker.erasure.leave(await accountOf(ada.id));
		now += 3 * DAY_MS;
		await restore();
		await worker.erasure.replay();
		expect(await stateOf(ada.id)).toBe("active");
		await worker.erasure.replay(true);
		expect(await stateOf(ada.id)).toBe("leaving");
		await worker.outbox.sendDue();
		const token = /undo#(\S+)/.exec(mails.at(-1)?.text ?? "")?.[1] ?? "";
		// A backup of a leaving account, whose person then takes it back; restored when the week is over.
		await backUp();
		await worker.erasure.undo(token);
		now += UNDO_DAYS * DAY_MS;
		await restore();
		expect(await stateOf(ada.id)).toBe("leaving");
		await worker.erasure.replay(true);
		expect(await stateOf(ada.id)).toBe("active");
		expect(await jobs()).toMatchObject({ erased: 0, failed: [] });
		expect(await stateOf(ada.id)).toBe("active");
	});
	it("D5: who came back once and left again goes on leaving, where the machine died before the ledger had the second leaving", async () => {
		const file = join(folder, "erasures");
		await worker.erasure.leave(await accountOf(ada.id));
		now += DAY_MS;
		await worker.outbox.sendDue();
		await worker.erasure.undo(/undo#(\S+)/.exec(mails.at(-1)?.text ?? "")?.[1] ?? "");
		now += DAY_MS;
		const before = readFileSync(file);
		await worker.erasure.leave(await accountOf(ada.id));
		writeFileSync(file, before);
		expect((await ledgerFile(file).read()).at(-1)).toHaveProperty("backAt");
		await worker.erasure.replay(true);
		expect(await stateOf(ada.id)).toBe("leaving");
	});
	it("killed between the ledger and the rows, it is erased by the next jobs, and its person has the receipt", async () => {
		const { eraseAt } = await worker.erasure.leave(await accountOf(ada.id));
		now = eraseAt;
		await ledgerFile(join(folder, "erasures")).append({
			accountHash: sha256(ada.id),
			erasedAt: now,
			receipt: "unsent",
		});
		expect(await worker.erasure.replay(true)).toBe(0);
		expect(await jobs()).toMatchObject({ erased: 1, failed: [] });
		await worker.outbox.sendDue();
		expect(mails.filter(({ text }) => text.includes("/receipt#"))).toHaveLength(1);
	});
	it("one account that cannot be erased stands in nobody's way, and the operator is told", async () => {
		for (const { id } of [ada, eve]) await worker.erasure.leave(await accountOf(id));
		now += UNDO_DAYS * DAY_MS;
		await client.execute(
			`CREATE TRIGGER stuck BEFORE DELETE ON accounts WHEN OLD.id = '${ada.id}' BEGIN SELECT RAISE(ABORT, 'stuck'); END`,
		);
		const { failed } = await jobs();
		expect(failed.map(({ step }) => step)).toEqual(["erasing accounts"]);
		expect([await stateOf(ada.id), await stateOf(eve.id)]).toEqual(["leaving", undefined]);
		await client.execute("DROP TRIGGER stuck");
		expect(await jobs()).toMatchObject({ erased: 1, failed: [] });
	});
	it("07.7: what else was asked for is closed as withdrawn, and a request by mail outlives an undo", async () => {
		const own = { sql: "SELECT kind, outcome FROM requests WHERE account_id = ? AND channel = 'mail'", args: [ada.id] };
		await client.execute("DELETE FROM requests");
		for (const kind of ["access", "erasure"])
			await client.execute({
				sql: "INSERT INTO requests (number, account_id, kind, channel, received_at, due_at) VALUES (?, ?, ?, 'mail', ?, ?)",
				args: [`number-${kind}`, ada.id, kind, now, now + 1],
			});
		const { eraseAt } = await worker.erasure.leave(await accountOf(ada.id));
		await worker.outbox.sendDue();
		await worker.erasure.undo(/undo#(\S+)/.exec(mails.at(-1)?.text ?? "")?.[1] ?? "");
		expect((await client.execute(own)).rows).toMatchObject([{ outcome: null }, { outcome: null }]);
		await worker.erasure.leave(await accountOf(ada.id));
		now = eraseAt + 1;
		await jobs();
		const closed = await client.execute("SELECT kind, outcome FROM requests WHERE channel = 'mail' ORDER BY kind");
		expect(closed.rows).toMatchObject([
			{ kind: "access", outcome: "withdrawn" },
			{ kind: "erasure", outcome: "done" },
		]);
	});
	it("is taken back with the mailed link, once, and only in time; then all is as before", async () => {
		for (const state of ["active", "restricted"]) {
			mails = [];
			await client.execute({ sql: "UPDATE accounts SET state = ? WHERE id = ?", args: [state, ada.id] });
			const { eraseAt } = await worker.erasure.leave(await accountOf(ada.id));
			await worker.outbox.sendDue();
			const token = /undo#(\S+)/.exec(mails.at(-1)?.text ?? "")?.[1] ?? "";
			now = eraseAt;
			await expect(worker.erasure.undo(token)).rejects.toThrow("link-unusable");
			now = eraseAt - 1;
			await worker.erasure.undo(token);
			expect((await accountOf(ada.id)).state).toBe(state);
			await expect(worker.erasure.undo(token)).rejects.toThrow("link-unusable");
			now = eraseAt + 1;
			expect((await jobs()).erased).toBe(0);
			expect(
				(
					await client.execute({
						sql: "SELECT outcome FROM requests WHERE account_id = ? AND kind = 'erasure'",
						args: [ada.id],
					})
				).rows,
			).toContainEqual(expect.objectContaining({ outcome: "withdrawn" }));
		}
	});
});

it("P3: of many who leave on many days, with others writing all the while, each is gone on the day, to the byte; nobody else is", async () => {
	const random = seeded(seedOf("P3"));
	const people = [ada, eve];
	for (let n = 0; n < scaled(4, 40); n++) people.push(await seedPerson(client, `person${n}x`, START));
	await client.execute("UPDATE accounts SET state = 'active', erase_at = NULL, state_before = NULL");
	await client.execute("UPDATE outbox SET state = 'waiting', letter = 'password-changed', next_at = 9e15");
	const leaving = new Map<string, number>();
	const gone = new Set<string>();
	for (let hour = 0; hour < 24 * scaled(12, 40); hour += 6) {
		now = START + hour * 3_600_000;
		for (const { id } of people) {
			if (gone.has(id) || leaving.has(id)) continue;
			if ((hour === 0 && id === ada.id) || random() < 0.03)
				leaving.set(id, (await worker.erasure.leave(await accountOf(id))).eraseAt);
			else if (random() < 0.3) await worker.accounts.update(id, { fullName: `renamed-${id}-${hour}` });
		}
		expect((await jobs()).failed).toEqual([]);
		// The last word to whoever is gone is on its way for a moment.
		await worker.outbox.sendDue();
		// The next run of the jobs, an hour later.
		now += 3_600_000;
		expect((await jobs()).failed).toEqual([]);
		now -= 3_600_000;
		for (const [id, eraseAt] of leaving) {
			if (eraseAt > now) continue;
			leaving.delete(id);
			gone.add(id);
			const { canaries } = people.find((each) => each.id === id) ?? ada;
			expect(found(canaries).filter((column) => !left.has(column))).toEqual([]);
			expect(bytes()).not.toContain(`renamed-${id}`);
		}
	}
	for (const { id, canaries } of people) {
		const agents = canaries.filter(({ column }) => column === "agents.name");
		expect(found(agents)).toHaveLength(gone.has(id) ? 0 : agents.length);
	}
	expect(gone.size).toBeGreaterThan(0);
}, 600_000);

describe("06.1, 06.5: an account that nobody uses", () => {
	it("has a month after the word, however late that comes: the machine may have been off", async () => {
		await client.execute("UPDATE accounts SET active_day = '2026-11-26', warned_day = NULL");
		now = Date.UTC(2029, 5, 1);
		expect(await jobs()).toMatchObject({ warned: 2, left: 0 });
		now += 29 * DAY_MS;
		expect(await jobs()).toMatchObject({ warned: 0, left: 0 });
		now += DAY_MS;
		expect(await jobs()).toMatchObject({ warned: 0, left: 2 });
	});
	it("stays when somebody signs in, or restricts its use, between the look and the closing", async () => {
		for (const sql of [
			"UPDATE accounts SET active_day = '2028-11-26', warned_day = NULL WHERE id = ?",
			"UPDATE accounts SET state = 'restricted', warned_day = '2028-10-26' WHERE id = ?",
		]) {
			await client.execute(
				"UPDATE accounts SET state = 'active', warned_day = '2028-10-26', active_day = '2026-11-26'",
			);
			const account = await accountOf(ada.id);
			await client.execute({ sql, args: [ada.id] });
			expect(await worker.erasure.leaveUnused(account)).toBe(false);
			expect((await accountOf(ada.id)).state).toMatch(/active|restricted/);
		}
	});
	it("is told after 23 months, leaves after 24, and one sign-in keeps it", async () => {
		const client2 = client;
		const { rows: open } = await client2.execute(
			"SELECT number FROM requests WHERE kind = 'erasure' AND channel = 'self' AND closed_at IS NULL",
		);
		const openBefore = open.length;
		await client2.execute({ sql: "UPDATE accounts SET active_day = '2026-11-26', warned_day = NULL", args: [] });
		const told = () =>
			mails.filter(({ subject }) => /23 months|removed because|inutilisé/.test(subject)).map(({ to }) => to);
		now = Date.UTC(2028, 9, 25);
		expect(await jobs()).toMatchObject({ warned: 0, left: 0 });
		now = Date.UTC(2028, 9, 26);
		expect(await jobs()).toMatchObject({ warned: 2, left: 0 });
		expect(await jobs()).toMatchObject({ warned: 0, left: 0 });
		await worker.outbox.sendDue();
		expect(told()).toHaveLength(2);
		// Eve signs in.
		await client2.execute({
			sql: "UPDATE accounts SET active_day = '2028-10-27', warned_day = NULL WHERE id = ?",
			args: [eve.id],
		});
		now = Date.UTC(2028, 10, 25);
		expect(await jobs()).toMatchObject({ left: 0 });
		now = Date.UTC(2028, 10, 26);
		expect(await jobs()).toMatchObject({ left: 1, failed: [] });
		await worker.outbox.sendDue();
		// Not in words that say that its person asked for it, and no request of theirs is made up.
		const last = mails.at(-1);
		expect(last?.subject).toMatch(/unused|inutilisé/);
		expect(last?.text).not.toMatch(/you asked|vous avez demandé/);
		const { rows } = await client2.execute(
			"SELECT number FROM requests WHERE kind = 'erasure' AND channel = 'self' AND closed_at IS NULL",
		);
		expect(rows.length).toBe(openBefore);
		now += UNDO_DAYS * DAY_MS;
		expect(await jobs()).toMatchObject({ erased: 1 });
		expect(await worker.accounts.find(eve.id)).toBeDefined();
		expect(await worker.accounts.find(ada.id)).toBeUndefined();
	});
});
