import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Posting } from "../../worker/mail/outbox.ts";
import { nodeRandom, sha256 } from "../../worker/platform/node.ts";
import { UNDO_MS } from "../../worker/rights/erasure.ts";
import { type Session, Sessions } from "../../worker/sessions/sessions.ts";
import { accountStore } from "../../worker/store/accounts.ts";
import { checkDatabase } from "../../worker/store/check.ts";
import { erasureStore } from "../../worker/store/erasure.ts";
import { FileDatabase } from "../../worker/store/file-database.ts";
import { sweep } from "../../worker/store/housekeeping.ts";
import { outboxStore } from "../../worker/store/outbox.ts";
import { sessionStore } from "../../worker/store/sessions.ts";
import { accountRow } from "../../worker/store/testing/rows.ts";
import { scaled, seedOf } from "../scale.ts";
import { Model } from "./model.ts";

const CLIENTS = 50;
const SECOND = 1000;
const DAY = 86_400 * SECOND;
/** How long the mail says that its link works. */
const RESET_MS = 600 * SECOND;
/** Few clients do most, so that they meet. */
const client = fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(CLIENTS - 1) });
/** One of those that there are, however many. */
const which = fc.nat(1_000_000);
/** One step of a history. New ones (further kinds of links, rights) are added here, in {@link Real.step} and in the model. */
const step = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("begin" as const), client }) },
	{ weight: 6, arbitrary: fc.record({ do: fc.constant("check" as const), which }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("end" as const), client, which }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("end others" as const), which }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("renew" as const), which }) },
	{
		weight: 1,
		arbitrary: fc.record({ do: fc.constant("race" as const), which, times: fc.integer({ min: 2, max: 6 }) }),
	},
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("mail" as const), client }) },
	{
		weight: 3,
		arbitrary: fc.record({ do: fc.constant("use" as const), which, times: fc.integer({ min: 1, max: 5 }) }),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), client }) },
	{
		weight: 2,
		arbitrary: fc.record({ do: fc.constant("undo" as const), which, times: fc.integer({ min: 1, max: 4 }) }),
	},
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("erase" as const) }) },
	{
		weight: 1,
		arbitrary: fc.record({
			do: fc.constant("last moment" as const),
			link: fc.constantFrom("reset" as const, "undo" as const),
			client,
			/** ms before the link's end. */
			before: fc.nat(1),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			do: fc.constant("wait" as const),
			ms: fc.oneof(
				fc.nat(20 * SECOND),
				fc.nat(20 * 60 * SECOND),
				fc.nat(40 * DAY),
				fc.constantFrom(10 * 60 * SECOND, 30 * DAY, 30 * DAY - 1, 7 * DAY, 7 * DAY - 1),
				fc.integer({ min: -DAY, max: 0 }),
			),
		}),
	},
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The worker's rooms over a real file, driven in step with the model. */
class Real {
	readonly model = new Model();
	#folder: string;
	#database: FileDatabase;
	#sessions: Sessions;
	#accounts;
	#outbox;
	/** What each client was given, as the model counts it. */
	#cookies: string[] = [];
	#ids: string[] = [];
	#tokens: string[] = [];
	#undoTokens: string[] = [];
	#erasure;
	private constructor(folder: string, database: FileDatabase) {
		this.#folder = folder;
		this.#database = database;
		this.#sessions = new Sessions({
			store: sessionStore(database, () => {}),
			keys: [{ id: "k1", secret: new Uint8Array(32).fill(7) }],
			clock: { now: () => this.model.now },
			hash: sha256,
			random: nodeRandom,
		});
		this.#accounts = accountStore(database, () => {});
		this.#outbox = outboxStore(database);
		this.#erasure = erasureStore(
			database,
			() => {},
			() => {},
		);
	}
	static async open(): Promise<Real> {
		const folder = mkdtempSync(join(tmpdir(), "mivisus-model-"));
		const database = await FileDatabase.open(`file:${join(folder, "db")}`);
		await database.write(async (db) => {
			for (let i = 0; i < CLIENTS; i++)
				await db
					.insertInto("accounts")
					.values(accountRow(addressOf(i), accountOf(i)))
					.execute();
		});
		return new Real(folder, database);
	}
	async close(): Promise<void> {
		await this.#database.close();
		rmSync(this.#folder, { recursive: true });
	}
	async step(taken: Step): Promise<void> {
		const { model } = this;
		const cookie = "which" in taken && this.#cookies.length > 0 ? taken.which % this.#cookies.length : undefined;
		switch (taken.do) {
			case "wait":
				model.now += taken.ms;
				return;
			case "sweep":
				model.sweep();
				return sweep(this.#database, model.now);
			case "begin": {
				const proof = { passwordHash: "h" };
				const value = await this.#sessions.begin(accountOf(taken.client), "Firefox, Linux", proof);
				expect(value !== undefined).toBe(model.begin(taken.client));
				if (value !== undefined) await this.#given(value);
				return;
			}
			case "mail":
				return this.#mail(taken.client);
			case "use":
				return this.#use(taken.which, taken.times);
			case "leave":
				return this.#leave(taken.client);
			case "undo":
				return this.#undo(taken.which, taken.times);
			case "erase":
				return this.#erase();
			case "last moment":
				return this.#lastMoment(taken);
		}
		if (cookie === undefined) return;
		switch (taken.do) {
			case "check":
				await this.#check(cookie);
				return;
			case "end": {
				const id = this.#ids[cookie] ?? "";
				const ended = await this.#sessions
					.end(accountOf(taken.client), id)
					.then(() => true, refusal("not-found", false));
				expect(ended).toBe(model.end(taken.client, cookie));
				return;
			}
		}
		const session = await this.#check(cookie);
		if (!session) return;
		const account = model.opens(cookie)!;
		switch (taken.do) {
			case "end others":
				await this.#sessions.endOthers(session);
				model.endAll(account, cookie);
				return;
			case "renew":
				await this.#renewed(cookie, await this.#sessions.renew(session));
				return;
			case "race": {
				// One cookie takes the old one's place, however many ask; whoever comes too late is told so.
				const asked = await Promise.all(
					Array.from({ length: taken.times }, () => this.#sessions.renew(session).catch(refusal("unauthorized", ""))),
				);
				const given = asked.filter((each) => each !== "");
				expect(given).toHaveLength(1);
				await this.#renewed(cookie, given[0]!);
			}
		}
	}
	/** Everything that was ever given opens what the model says, and nothing else. */
	async settle(): Promise<void> {
		for (const cookie of this.#cookies.keys()) await this.#check(cookie);
		for (let i = 0; i < CLIENTS; i++)
			expect((await this.#sessions.list(accountOf(i))).length).toBe(this.model.count(i));
		await sweep(this.#database, this.model.now);
		expect(await checkDatabase(join(this.#folder, "db"), this.model.now)).toEqual([]);
	}
	async #check(cookie: number): Promise<Session | undefined> {
		const found = await this.#sessions.check(this.#cookies[cookie] ?? "");
		const account = this.model.opens(cookie);
		expect(found?.session.accountId).toBe(account === undefined ? undefined : accountOf(account));
		return found?.session;
	}
	async #given(value: string): Promise<void> {
		this.#cookies.push(value);
		this.#ids.push((await this.#sessions.check(value))?.session.id ?? "");
	}
	async #renewed(cookie: number, setCookie: string): Promise<void> {
		this.model.renew(cookie);
		this.#cookies.push(/^session=([^;]+)/.exec(setCookie)?.[1] ?? "");
		this.#ids.push(this.#ids[cookie] ?? "");
	}
	async #mail(client: number): Promise<void> {
		const token = newId();
		// As when somebody types an address: nobody knows yet whose it is.
		await this.#accounts.post({ ...this.#posting("reset", client), accountId: undefined });
		const due = await this.#outbox.take(
			this.model.now,
			() => this.model.now,
			() => sha256(token),
		);
		expect(due?.letter !== undefined).toBe(this.model.mail(client));
		if (due?.letter) this.#tokens.push(token);
		await this.#outbox.remove(due?.id ?? "");
	}
	async #use(which: number, times: number): Promise<void> {
		if (this.#tokens.length === 0) return;
		const link = which % this.#tokens.length;
		const account = Math.max(0, this.model.links[link]!.account);
		const hash = sha256(this.#tokens[link]!);
		const { now } = this.model;
		// A8: however many use it at the same moment, one of them does.
		const used = await Promise.all(
			Array.from({ length: times }, () =>
				this.#accounts.reset(hash, "h", this.#posting("password-reset", account), now, Math.floor(now / 1000)),
			),
		);
		expect(used.filter(Boolean).length).toBe(this.model.use(link) ? 1 : 0);
		await this.#database.write((db) => db.deleteFrom("outbox").execute());
	}
	async #leave(client: number): Promise<void> {
		const { now } = this.model;
		// Of one that is gone nothing can be stored: its mail names a row that is not there.
		if (this.model.isGone(client)) return;
		const request = { number: newId(), kind: "erasure" as const, receivedAt: now, dueAt: now + 30 * DAY };
		const posting = this.#posting("leaving", client);
		const left = await this.#erasure.leave(accountOf(client), {
			eraseAt: now + UNDO_MS,
			iat: Math.floor(now / 1000),
			request,
			posting,
		});
		expect(left).toBe(this.model.leave(client));
		if (!left) return;
		const token = newId();
		const due = await this.#outbox.take(
			now,
			() => now,
			() => sha256(token),
		);
		expect(due?.letter?.name).toBe("leaving");
		this.#undoTokens.push(token);
		await this.#outbox.remove(due?.id ?? "");
	}
	async #undo(which: number, times: number): Promise<void> {
		if (this.#undoTokens.length === 0) return;
		const link = which % this.#undoTokens.length;
		const { account } = this.model.undos[link]!;
		const hash = sha256(this.#undoTokens[link]!);
		const asked = Array.from({ length: times }, () =>
			this.#erasure.undo(hash, this.#posting("stays", Math.max(0, account)), this.model.now),
		);
		const taken = (await Promise.all(asked)).filter(Boolean).length;
		expect(taken).toBe(this.model.undo(link) ? 1 : 0);
		await this.#database.write((db) => db.deleteFrom("outbox").execute());
	}
	/** A link is mailed and used in the moment in which it ends: chance alone seldom meets that. */
	async #lastMoment({ link, client, before }: Extract<Step, { do: "last moment" }>): Promise<void> {
		await (link === "reset" ? this.#mail(client) : this.#leave(client));
		this.model.now += (link === "reset" ? RESET_MS : UNDO_MS) - before;
		if (link === "reset") await this.#use(this.#tokens.length - 1, 2);
		else await this.#undo(this.#undoTokens.length - 1, 2);
	}
	async #erase(): Promise<void> {
		const { now } = this.model;
		const due = await this.#erasure.due(now, CLIENTS);
		for (const { id } of due) {
			const entry = { accountHash: sha256(id), erasedAt: now, receipt: newId() };
			const receiptOf = async () => ({ document: "{}", signature: "s" });
			expect(await this.#erasure.erase(id, now, entry, receiptOf, undefined)).toBeDefined();
		}
		expect(due).toHaveLength(this.model.erase());
	}
	#posting(letter: Posting["letter"], client: number): Posting {
		return {
			id: newId(),
			letter,
			accountId: accountOf(client),
			recipient: addressOf(client),
			recipientKey: addressOf(client),
			language: "en",
			askedAt: this.model.now,
		};
	}
}
/** For what must be refused in this way and no other. */
const refusal =
	<T>(code: string, gives: T) =>
	(error: unknown): T => {
		expect(error).toMatchObject({ code });
		return gives;
	};
const accountOf = (index: number) => `account-${index}`;
const addressOf = (index: number) => `client-${index}@example.test`;

it(
	`D4, A8: whatever ${CLIENTS} clients do with sessions, mailed links and leaving, in whatever order, the store does what the model says`,
	async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 150, size: "max" }), async (steps) => {
				const real = await Real.open();
				try {
					for (const taken of steps) await real.step(taken);
					await real.settle();
				} finally {
					await real.close();
				}
			}),
			{ seed: seedOf("D4"), numRuns: scaled(25, 1500) },
		);
	},
	scaled(60_000, 3_600_000),
);
