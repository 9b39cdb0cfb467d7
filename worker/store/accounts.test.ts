import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "@mivisus/wire/ids";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccountStore, Proof } from "../accounts/accounts.ts";
import { Accounts } from "../accounts/accounts.ts";
import type { Posting } from "../mail/outbox.ts";
import { Passwords } from "../passwords/passwords.ts";
import { nodeKdf, nodeRandom } from "../platform/node.ts";
import { accountStore } from "./accounts.ts";
import type { Database } from "./database.ts";
import { FileDatabase } from "./file-database.ts";
import { sessionStore } from "./sessions.ts";
import { accountRow } from "./testing/rows.ts";

const NOW = 1_800_000_000_000;
let folder: string;
let database: Database;
let store: AccountStore;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-accounts-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
	store = accountStore(database, () => {});
});
afterEach(async () => {
	await database.close();
	rmSync(folder, { recursive: true });
});

const insert = (row: { email: string; state?: "unconfirmed"; password_hash?: string }) => {
	const whole = { ...accountRow(row.email), created_at: NOW, ...row };
	return database.write((db) => db.insertInto("accounts").values(whole).execute()).then(() => whole.id);
};
const link = (accountId: string, purpose: "confirmation" | "address", newEmail: string | null = null) => {
	const row = {
		id: newId(),
		token_hash: newId(),
		account_id: accountId,
		purpose,
		new_email: newEmail,
		new_email_key: newEmail,
		asked_at: NOW,
		expires_at: NOW + 1000,
		used_at: null,
	};
	return database.write((db) => db.insertInto("links").values(row).execute()).then(() => row.token_hash);
};
const notice = (accountId: string, id = newId()): Posting => ({
	id,
	letter: "address-changed",
	accountId,
	recipient: "a",
	recipientKey: "a",
	language: "en",
	askedAt: NOW,
});
const states = async () =>
	Object.fromEntries(
		(await database.read.selectFrom("accounts").select(["email", "state"]).execute()).map((row) => [
			row.email,
			row.state,
		]),
	);

/** The room over the store, with a quick hash. */
const rooms = () =>
	new Accounts({
		store,
		passwords: new Passwords(nodeKdf, nodeRandom, { ln: 11, r: 8, p: 1 }),
		clock: { now: () => NOW },
		hash: (text) => text,
		posted: () => {},
	});

describe("confirming", () => {
	it("comes first: nobody proves to be an account whose address is not proved, whatever the password", async () => {
		const passwords = new Passwords(nodeKdf, nodeRandom, { ln: 10, r: 8, p: 1 });
		const email = "a@example.test";
		const id = await insert({ email, state: "unconfirmed", password_hash: await passwords.hash("calm sentence") });
		expect(await rooms().authenticate(email, "calm sentence")).toBeUndefined();
		await store.makeActive(id);
		expect(await rooms().authenticate(email, "calm sentence")).toBeDefined();
	});
	it("does not hold for a password that took the proved one's place meanwhile, and uses nothing up then", async () => {
		const id = await insert({ email: "a", state: "unconfirmed", password_hash: "of the second sign-up" });
		const token = await link(id, "confirmation");
		expect(await store.confirm(token, "of the first sign-up", NOW)).toBe(false);
		expect(await states()).toEqual({ a: "unconfirmed" });
		expect(await store.confirm(token, "of the second sign-up", NOW)).toBe(true);
		expect(await states()).toEqual({ a: "active" });
		expect(await store.confirm(token, "of the second sign-up", NOW)).toBe(false);
	});
	it("ends what was opened before the address was proved; such a session opens nothing in the meantime", async () => {
		const id = await insert({ email: "a", state: "unconfirmed" });
		const sessions = sessionStore(database, () => {});
		await database.write((db) =>
			db
				.insertInto("sessions")
				.values({ id: newId(), account_id: id, jti_hash: "j", created_at: NOW, expires_at: NOW + 1000, proved_at: NOW })
				.execute(),
		);
		expect(await sessions.find("j", NOW)).toBeUndefined();
		expect(await store.confirm(await link(id, "confirmation"), "h", NOW)).toBe(true);
		expect(await sessions.find("j", NOW)).toBeUndefined();
		expect(await sessions.list(id, NOW)).toEqual([]);
	});
	it("works with a password whose hash has yesterday's costs: the hash is made anew, and the link still counts", async () => {
		const cheap = new Passwords(nodeKdf, nodeRandom, { ln: 10, r: 8, p: 1 });
		const id = await insert({ email: "a", state: "unconfirmed", password_hash: await cheap.hash("calm sentence") });
		const token = await link(id, "confirmation");
		const accounts = rooms();
		expect((await accounts.confirm(token, "calm sentence")).account).toEqual({
			id,
			email: "a",
			fullName: "N",
			state: "active",
			language: "en",
		});
		expect((await store.find(id))?.passwordHash).toMatch(/^\$scrypt\$ln=11,/);
	});
});

describe("A5: a sign-in that was being checked while all sessions were ended", () => {
	const begin = async (accountId: string, proof: Proof) => {
		const session = { id: newId(), accountId, jtiHash: newId(), createdAt: NOW, expiresAt: NOW + 1000 };
		const sessions = sessionStore(database, () => {});
		return sessions.insert({ ...session, label: "", provedAt: NOW, lastUsedDay: "2026-11-26" }, proof);
	};
	it("begins nothing with a password that was changed, or once the account is leaving", async () => {
		const id = await insert({ email: "a", password_hash: "old" });
		expect(await begin(id, { passwordHash: "old" })).toBe(true);
		await store.changePassword(id, "new", "none", notice(id), 0);
		expect(await begin(id, { passwordHash: "old" })).toBe(false);
		expect(await begin(id, { passwordHash: "new" })).toBe(true);
		await database.write((db) => db.updateTable("accounts").set({ state: "restricted" }).execute());
		expect(await begin(id, { passwordHash: "new" })).toBe(true);
		for (const state of ["leaving", "erased", "unconfirmed"] as const) {
			await database.write((db) => db.updateTable("accounts").set({ state }).execute());
			expect(await begin(id, { passwordHash: "new" }), state).toBe(false);
		}
	});
	it("begins nothing with a passkey that was removed, or is somebody else's", async () => {
		const [id, other] = [await insert({ email: "a" }), await insert({ email: "b" })];
		const passkey = { id: "k", account_id: id, credential_id: "c", public_key: "p", counter: 0, transports: "[]" };
		await database.write((db) =>
			db
				.insertInto("passkeys")
				.values({ ...passkey, label: "", created_at: NOW, last_used_day: null })
				.execute(),
		);
		expect(await begin(id, { passkeyId: "k" })).toBe(true);
		expect(await begin(other, { passkeyId: "k" })).toBe(false);
		await database.write((db) => db.deleteFrom("passkeys").execute());
		expect(await begin(id, { passkeyId: "k" })).toBe(false);
	});
});

describe("a hash with newer costs", () => {
	it("does not bring back a password that was changed while it was made", async () => {
		const id = await insert({ email: "a", password_hash: "of the new password" });
		await store.replaceHash(id, "of the old password", "of the old password, dearer");
		expect((await store.find(id))?.passwordHash).toBe("of the new password");
		await store.replaceHash(id, "of the new password", "of the new password, dearer");
		expect((await store.find(id))?.passwordHash).toBe("of the new password, dearer");
	});
});

describe("another address", () => {
	it("is not kept from its owner by somebody's sign-up with it that nobody confirmed", async () => {
		const owner = await insert({ email: "old" });
		const squatter = await insert({ email: "new", state: "unconfirmed" });
		await link(squatter, "confirmation");
		expect(await store.changeEmail(await link(owner, "address", "new"), notice(owner), NOW)).toBe(true);
		expect(await states()).toEqual({ new: "active" });
	});
	it("stays with the account that proved it", async () => {
		const owner = await insert({ email: "old" });
		await insert({ email: "new" });
		expect(await store.changeEmail(await link(owner, "address", "new"), notice(owner), NOW)).toBe(false);
		expect(await states()).toEqual({ old: "active", new: "active" });
	});
});

it("of mails that are posted together either all stand in the outbox or none", async () => {
	const id = await insert({ email: "a" });
	const twice = notice(id);
	await expect(store.post(notice(id), twice, twice)).rejects.toThrow(/UNIQUE/);
	expect(await database.read.selectFrom("outbox").select("id").execute()).toEqual([]);
	await store.post(notice(id), twice);
	expect(await database.read.selectFrom("outbox").select("id").execute()).toHaveLength(2);
});
