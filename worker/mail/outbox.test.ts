import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../store/database.ts";
import { FileDatabase } from "../store/file-database.ts";
import { outboxStore, post } from "../store/outbox.ts";
import { accountRow } from "../store/testing/rows.ts";
import { type Mailer, MailRefused, type Message } from "./mail.ts";
import { BACK_OFF_S, Outbox, type OutboxEvent, type Posting } from "./outbox.ts";

let folder: string;
let database: Database;
let now: number;
let sent: Message[];
let events: OutboxEvent[];
let failure: (message: Message) => unknown;
let timers: { ms: number; run: () => void }[];
let outbox: Outbox;
const account = newId();
const open = (mailer: Mailer = { send: deliver }) =>
	new Outbox({
		store: outboxStore(database),
		mailer,
		clock: { now: () => now },
		origin: "https://mivisus.example",
		token: (id) => `token-of-${id}`,
		hash: (text) => `hash of ${text}`,
		after: (ms, run) => {
			const timer = { ms, run };
			timers.push(timer);
			return () => void timers.splice(timers.indexOf(timer), 1);
		},
		tell: (event) => events.push(event),
	});
async function deliver(message: Message): Promise<void> {
	const error = failure(message);
	if (error) throw error;
	sent.push(message);
}
const posting = (change: Partial<Posting> = {}): Posting => ({
	id: newId(),
	letter: "password-changed",
	accountId: account,
	recipient: "a@example.test",
	recipientKey: "a@example.test",
	language: "en",
	askedAt: now,
	...change,
});
const put = (...postings: Posting[]) =>
	database.write(async (db) => {
		for (const posting of postings) await post(db, posting);
	});
const rows = () => database.read.selectFrom("outbox").selectAll().execute();

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-outbox-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
	[now, sent, events, timers, failure] = [Date.UTC(2026, 10, 26), [], [], [], () => undefined];
	await database.write((db) => db.insertInto("accounts").values(accountRow("a@example.test", account)).execute());
	outbox = open();
});
afterEach(async () => {
	await outbox.close();
	await database.close();
	rmSync(folder, { recursive: true });
});

describe("the outbox", () => {
	it("02.13: hands a mail over and forgets it; tells its subject, and nobody's address", async () => {
		await put(posting());
		await outbox.settle();
		expect(sent.map(({ to, subject }) => [to, subject])).toEqual([
			["a@example.test", "Your Mivisus password was changed"],
		]);
		expect(await rows()).toEqual([]);
		expect(JSON.stringify(events)).not.toContain("example.test");
	});
	it("tries again with growing waits, the same mail under the same key, and gives up for the operator to see", async () => {
		failure = () => new Error("no route");
		await put(posting());
		const began = now;
		for (let attempt = 1; attempt <= BACK_OFF_S.length; attempt++) {
			await outbox.settle();
			const due = (await rows())[0]!;
			expect(due.attempts).toBe(attempt);
			expect(due.problem).toBe("unreachable");
			if (attempt === BACK_OFF_S.length) break;
			expect(due).toMatchObject({ state: "waiting", next_at: now + 1000 * (BACK_OFF_S[attempt - 1] ?? 0) });
			// Not a moment before it is due.
			now = due.next_at - 1;
			await outbox.settle();
			expect((await rows())[0]?.attempts).toBe(attempt);
			now = due.next_at;
		}
		expect((await rows())[0]).toMatchObject({ state: "dead" });
		expect(now - began).toBeGreaterThan(6 * 3_600_000);
		now += 30 * 86_400_000;
		await outbox.settle();
		expect(events.filter(({ what }) => what === "failed")).toHaveLength(BACK_OFF_S.length);
		expect(events.at(-1)).toMatchObject({ dead: true, problem: "unreachable" });
	});
	it("gives up at once on what the mail server will never take, and goes on with the others", async () => {
		failure = ({ to }) => (to === "gone@example.test" ? new MailRefused("smtp-550") : undefined);
		await put(posting({ recipient: "gone@example.test" }), posting(), posting());
		await outbox.settle();
		expect(sent).toHaveLength(2);
		expect(await rows()).toMatchObject([{ state: "dead", problem: "smtp-550" }]);
	});
	it("sleeps until the next one is due, and is woken by a new one", async () => {
		failure = () => new Error("no route");
		await put(posting());
		await outbox.settle();
		expect(timers.map(({ ms }) => ms)).toEqual([5000]);
		failure = () => undefined;
		await put(posting());
		await outbox.settle();
		expect(sent).toHaveLength(1);
		now += 5000;
		timers[0]?.run();
		await outbox.settle();
		expect(sent).toHaveLength(2);
	});
	it("a process that dies between handing over and noting it: the same mail once more, under the same key", async () => {
		const [first] = [posting()];
		await put(first);
		const store = outboxStore(database);
		const dying = new Outbox({
			store: { ...store, remove: () => Promise.reject(new Error("killed")) },
			mailer: { send: deliver },
			clock: { now: () => now },
			origin: "https://mivisus.example",
			token: (id: string) => id,
			hash: (text: string) => text,
			after: () => () => {},
			tell: (event: OutboxEvent) => events.push(event),
		});
		await dying.settle();
		now += 5000;
		await outbox.settle();
		expect(sent.map(({ id }) => id)).toEqual([first.id, first.id]);
		expect(await rows()).toEqual([]);
	});
	it("two processes at the same outbox send each mail once", async () => {
		await put(...Array.from({ length: 30 }, () => posting()));
		const second = open();
		await Promise.all([outbox.settle(), second.settle()]);
		await second.close();
		expect(sent).toHaveLength(30);
		expect(new Set(sent.map(({ id }) => id)).size).toBe(30);
	});
	it("a mail server that hangs does not hold up the end of the process", async () => {
		const hanging = open({ send: () => new Promise(() => {}) });
		await put(posting());
		void hanging.settle();
		await Promise.resolve();
		const closed = hanging.close();
		while (timers.length === 0) await new Promise((resolve) => setImmediate(resolve));
		for (const { run } of [...timers]) run();
		await closed;
	});
});

describe("a letter with a link", () => {
	const link = () => database.read.selectFrom("links").selectAll().execute();
	const ask = (letter: "reset" | "confirmation", change: Partial<Posting> = {}) =>
		posting({ letter, accountId: undefined, ...change });
	it("A2: for an address without account there is none, and nothing of it is left", async () => {
		await put(ask("reset", { recipient: "nobody@example.test", recipientKey: "nobody@example.test" }));
		await outbox.settle();
		expect(sent).toEqual([]);
		expect(await rows()).toEqual([]);
	});
	it.each(["leaving", "erased"] as const)("an account that is %s is not written to", async (state) => {
		await database.write((db) => db.updateTable("accounts").set({ state }).execute());
		await put(ask("reset"), posting());
		await outbox.settle();
		expect(sent).toEqual([]);
	});
	it.each(["confirmation", "reset"] as const)(
		"%s: carries no name before the address is proved: anybody may have typed it",
		async (letter) => {
			const full_name = "Win a prize at evil.example";
			await database.write((db) => db.updateTable("accounts").set({ full_name, state: "unconfirmed" }).execute());
			await put(ask(letter));
			await outbox.settle();
			expect(`${sent[0]?.subject}${sent[0]?.text}${sent[0]?.html}`).toContain("#token-of-");
			expect(`${sent[0]?.subject}${sent[0]?.text}${sent[0]?.html}`).not.toContain("evil");
		},
	);
	it("counts from when it is sent, and only its hash is kept", async () => {
		await put(ask("reset"));
		now += 3_600_000;
		await outbox.settle();
		const [kept] = await link();
		expect(kept).toMatchObject({ purpose: "reset", expires_at: now + 600_000, used_at: null });
		expect(kept?.token_hash).toBe(`hash of token-of-${kept?.id}`);
		expect(sent[0]?.text).toContain(`/reset#token-of-${kept?.id}`);
	});
	it("A01: a newer one voids the older, also when the older is sent later", async () => {
		const [older, newer] = [ask("reset"), ask("reset", { askedAt: now + 1 })];
		await put(newer);
		now += 10;
		await outbox.settle();
		await put(older);
		await outbox.settle();
		expect(sent).toHaveLength(1);
		expect((await link()).map(({ id }) => id)).toEqual([newer.id]);
	});
	it("A8: sent again after a crash, a link that was used stays used", async () => {
		const asked = ask("reset");
		await put(asked);
		await outbox.settle();
		await database.write((db) => db.updateTable("links").set({ used_at: now }).execute());
		await put(asked);
		await outbox.settle();
		expect((await link())[0]?.used_at).toBe(now);
		expect(sent).toHaveLength(1);
	});
});
