import { createHmac } from "node:crypto";
import fc from "fast-check";
import { SignJWT } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { scaled } from "../../test/scale.ts";
import { parseEmail } from "../accounts/email.ts";
import { Passwords, PasswordsBusy } from "../passwords/passwords.ts";
import { passwordProblem } from "../passwords/strength.ts";
import { nodeKdf, nodeRandom, sha256 } from "../platform/node.ts";
import { SESSION_SECONDS, type Session, type SessionStore, Sessions, sessionCookie, setCookie } from "./sessions.ts";

/** The same bytes in another spelling: the last letter of base64url carries bits that count for nothing. */
const equivalent = (token: string, good: string) => {
	const [parts, others] = [token.split("."), good.split(".")];
	const bytes = (part = "") => Buffer.from(part, "base64url");
	return (
		parts.length === 3 &&
		parts.every((part, i) =>
			i < 2 ? part === others[i] : /^[\w-]*$/.test(part) && bytes(part).equals(bytes(others[i])),
		)
	);
};
const secret = new Uint8Array(32).fill(7);
let now: number;
let rows: Map<string, Session>;
let sessions: Sessions;
beforeEach(() => {
	now = Date.UTC(2026, 10, 25);
	rows = new Map();
	const store: SessionStore = {
		insert: async (session, proof) => {
			if (!("passwordHash" in proof) || proof.passwordHash !== "h") return false;
			rows.set(session.jtiHash, { ...session });
			return true;
		},
		find: async (hash, at) => {
			const session = rows.get(hash);
			const account = { id: "acct", email: "a", fullName: "a", state: "active" as const, language: "en" as const };
			return session && session.expiresAt > at ? { session: { ...session }, account } : undefined;
		},
		touch: async (id, lastUsedDay) => {
			for (const row of rows.values()) if (row.id === id) row.lastUsedDay = lastUsedDay;
		},
		rotate: async ({ jtiHash }, to, provedAt) => {
			const row = rows.get(jtiHash);
			rows.delete(jtiHash);
			if (row) rows.set(to, { ...row, jtiHash: to, provedAt });
			return row !== undefined;
		},
		list: async () => [],
		endById: async (_, id) => {
			const found = [...rows.values()].find((row) => row.id === id);
			return found !== undefined && rows.delete(found.jtiHash);
		},
		endOthers: async () => {},
	};
	sessions = new Sessions({
		store,
		keys: [{ id: "k1", secret }],
		clock: { now: () => now },
		hash: sha256,
		random: nodeRandom,
	});
});

const begin = async (label: string) => (await sessions.begin("acct", label, { passwordHash: "h" })) ?? "";

describe("a session", () => {
	it("08.3: lives 30 days and not a second more, and ends at sign-out", async () => {
		const token = await begin("Firefox, Linux");
		now += SESSION_SECONDS * 1000 - 6000;
		expect(await sessions.check(token)).toMatchObject({ session: { accountId: "acct" } });
		now += 12_000;
		expect(await sessions.check(token)).toBeUndefined();
		const second = await begin("Firefox, Linux");
		await sessions.end("acct", (await sessions.check(second))!.session.id);
		expect(await sessions.check(second)).toBeUndefined();
	});
	it("is fresh for ten minutes after its owner proved who they are; then a new proof gives a new cookie, the old one opens nothing", async () => {
		const token = await begin("Firefox, Linux");
		const began = now;
		now += 10 * 60_000;
		expect(sessions.isFresh((await sessions.check(token))!.session)).toBe(true);
		now += 1;
		const old = (await sessions.check(token))!.session;
		expect(sessions.isFresh(old)).toBe(false);
		const renewed = await sessions.renew(old);
		expect(renewed).toContain(`Max-Age=${Math.floor((began + SESSION_SECONDS * 1000 - now) / 1000)}`);
		const value = /^session=([^;]+)/.exec(renewed)?.[1] ?? "";
		const { session } = (await sessions.check(value))!;
		expect(session.id).toBe(old.id);
		expect(sessions.isFresh(session)).toBe(true);
		expect(await sessions.check(token)).toBeUndefined();
		await expect(sessions.renew(old)).rejects.toThrow("unauthorized");
		now = began + SESSION_SECONDS * 1000 + 1;
		expect(await sessions.check(value)).toBeUndefined();
	});
	it("knows on which day it was last used, and no closer", async () => {
		const token = await begin("Firefox, Linux");
		now += 86_400_000;
		await sessions.check(token);
		expect([...rows.values()][0]?.lastUsedDay).toBe("2026-11-26");
	});
	it("the database holds no value that opens it", async () => {
		const token = await begin("Firefox, Linux");
		const { jti } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());
		expect(JSON.stringify([...rows])).not.toContain(jti);
	});
	it("A4: hostile tokens are refused, none throws", async () => {
		const token = await begin("Firefox, Linux");
		const { jti } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString());
		const iat = Math.floor(now / 1000);
		const good = { jti, sub: "acct", iss: "mivisus", aud: "mivisus-web", iat, exp: iat + 100 };
		const make = (claims: object, header: object = {}, key = secret) =>
			new SignJWT(claims as never)
				.setProtectedHeader({ alg: "HS256", typ: "session+jwt", kid: "k1", ...header } as never)
				.sign(key);
		expect(await sessions.check(await make(good))).toBeDefined();
		const raw = (header: object, claims: object) => {
			const body = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
			return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
		};
		const { exp: _exp, ...noExp } = good;
		const { jti: _jti, ...noJti } = good;
		const header = { alg: "HS256", typ: "session+jwt", kid: "k1" };
		const hostile = [
			"",
			"a.b.c",
			`${token}x`,
			"x".repeat(65536),
			await make(noExp),
			await make(noJti),
			await make({ ...good, exp: iat - 10 }),
			await make({ ...good, aud: "other" }),
			await make({ ...good, iss: "other" }),
			await make({ ...good, sub: "another" }),
			await make({ ...good, jti: "unknown" }),
			await make({ ...good, iat: iat + 1000 }),
			await make(good, { typ: "JWT" }),
			await make(good, { kid: "k2" }),
			await make(good, { alg: "HS512" }, new Uint8Array(64).fill(7)),
			await make(good, {}, new Uint8Array(32).fill(8)),
			raw({ ...header, alg: "none" }, good),
			raw({ ...header, jwk: { kty: "oct", k: "AAAA" }, kid: undefined }, good),
			raw(header, { ...good, exp: "tomorrow" }),
			raw(header, { ...good, exp: null }),
			raw(header, { ...good, jti: { $ne: 1 } }),
			`${raw({ ...header, alg: "none" }, good)
				.split(".")
				.slice(0, 2)
				.join(".")}.`,
		];
		for (const value of hostile) expect(await sessions.check(value), value.slice(0, 40)).toBeUndefined();
	});
	it("A4: 300 more, made from a good one by chance: none is taken", async () => {
		const good = await begin("x");
		expect(await sessions.check(good)).toBeDefined();
		const [head = "", body = "", mark = ""] = good.split(".");
		const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
		const header = JSON.parse(Buffer.from(head, "base64url").toString());
		const claims = JSON.parse(Buffer.from(body, "base64url").toString());
		const sign = (text: string, key: Uint8Array = secret) => createHmac("sha256", key).update(text).digest("base64url");
		const odd = fc.oneof(
			fc.constantFrom(null, true, "", -1, 0, 1e308, "NaN", [], {}, "\u0000", "acct\u0000"),
			fc.jsonValue(),
			fc.string({ maxLength: 80 }),
		);
		const heads = fc
			.tuple(fc.constantFrom("alg", "typ", "kid", "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty"), odd)
			.map(([name, value]) => ({ ...header, [name]: value }));
		const bodies = fc
			.tuple(fc.constantFrom("exp", "iat", "nbf", "aud", "iss", "sub", "jti"), odd)
			// Signed by us, a number is a time like another.
			.filter(([name, value]) => !(["exp", "iat", "nbf"].includes(name) && typeof value === "number"))
			.filter(([name, value]) => claims[name] !== value)
			.map(([name, value]) => ({ ...claims, [name]: value }));
		const hostile = fc.oneof(
			// Properly signed, with something odd in the claims.
			bodies.map((value) => `${head}.${encode(value)}`).map((text) => `${text}.${sign(text)}`),
			// Something odd in the header: signed, but not as the header says, and not as we do.
			heads.map((value) => `${encode(value)}.${body}`).map((text) => `${text}.${sign(text, new Uint8Array(32))}`),
			heads.map((value) => `${encode(value)}.${body}.${mark}`),
			fc
				.tuple(fc.nat(good.length - 1), fc.constantFrom("", "A", ".", " ", "=", "\u00a0"))
				.map(([at, put]) => good.slice(0, at) + put + good.slice(at + 1)),
			fc.string({ maxLength: 300 }),
		);
		await fc.assert(
			fc.asyncProperty(hostile, async (token) => {
				if (token === good || equivalent(token, good)) return;
				expect(await sessions.check(token)).toBeUndefined();
			}),
			{ numRuns: scaled(300, 20_000) },
		);
	});
	it("B2: two session cookies, or an odd spelling, are refused", () => {
		expect(sessionCookie("a=1; session=x; b=2")).toBe("x");
		expect(sessionCookie("a=1")).toBeUndefined();
		for (const odd of [
			"session=a; session=b",
			"session=a; \u00a0session=b",
			"session=a; \ufffdsession=b",
			"session=a; ses\u200bsion=b",
			"Session=a",
			"session =a",
			"a=1;\tsession=b",
		]) {
			expect(sessionCookie(odd), odd).toBe("odd");
		}
	});
	it("08: the cookie has every property of __Host-", () => {
		expect(setCookie("v")).toBe("session=v; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax");
		expect(setCookie(undefined)).toContain("Max-Age=0");
	});
});

describe("passwords", () => {
	const passwords = new Passwords(nodeKdf, nodeRandom);
	it("05.3: are stored as salted scrypt hashes with their parameters, NFC first", async () => {
		const hash = await passwords.hash("Pa\u0308sswo\u0308rt-1234");
		expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
		expect(await passwords.verify("P\u00e4ssw\u00f6rt-1234", hash)).toEqual({ valid: true, outdated: false });
		expect((await passwords.verify("P\u00e4ssw\u00f6rt-1235", hash)).valid).toBe(false);
		expect(await passwords.hash("P\u00e4ssw\u00f6rt-1234")).not.toBe(hash);
		expect((await passwords.verify("no account has this password", undefined)).valid).toBe(false);
	});
	it("A1: the golden vector of scrypt 2^15, 8, 3", async () => {
		const key = await nodeKdf("password", new TextEncoder().encode("NaCl-NaCl-NaCl-1"), { ln: 15, r: 8, p: 3 }, 32);
		expect(Buffer.from(key).toString("hex")).toBe("4ef462be9724b04afbbc5060b36936b9d30ed47d259d1dd3906c8628e84b0367");
	});
	it("asks for today's parameters when an old hash is seen", async () => {
		const old = await new Passwords(nodeKdf, nodeRandom, { ln: 12, r: 8, p: 1 }).hash("correct horse battery");
		expect(await passwords.verify("correct horse battery", old)).toEqual({ valid: true, outdated: true });
	});
	it("beyond its queue says busy instead of eating the machine", async () => {
		let release: (() => void)[] = [];
		const slow = new Passwords(
			() => new Promise((resolve) => release.push(() => resolve(new Uint8Array(32)))),
			nodeRandom,
		);
		const all = Array.from({ length: 23 }, () => slow.hash("x").catch((error) => error));
		expect(await all[22]).toBeInstanceOf(PasswordsBusy);
		for (let i = 0; i < 40; i++) {
			const now = release;
			release = [];
			for (const go of now) go();
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(typeof (await all[21])).toBe("string");
	});
	it.each([
		["sh0rt-7", "password-too-short"],
		["eleven-char", "password-too-short"],
		["twelve-chars", undefined],
		["tr0ub4dor&3", undefined],
		["\u{1F600}".repeat(7), "password-too-short"],
		["azerty123456", "password-guessable"],
		["motdepasse1234", "password-guessable"],
		["P@ssw0rd1234", "password-guessable"],
		["iloveyouforever", "password-guessable"],
		["aaaaaaaaaaaaaaaa", "password-guessable"],
		["Camille Martin 99", "password-guessable"],
		["camille@example.test", "password-guessable"],
		["EXAMPLE-martin-1", "password-guessable"],
		["Camille likes her quiet evenings", undefined],
		["a quiet evening ".repeat(16), undefined],
		["a quiet evening ".repeat(16).concat("x"), "password-too-long"],
	])("%s", (password, problem) =>
		expect(passwordProblem(password, "Camille Martin", "camille@example.test")).toBe(problem),
	);
	it("however long, a password is judged at once", () => {
		const started = Date.now();
		passwordProblem("correct horse battery staple ".repeat(9), "Camille Martin", "camille@example.test");
		expect(Date.now() - started).toBeLessThan(2000);
	});
});

describe("addresses (A02)", () => {
	it.each([" bob@example.test ", "BOB@EXAMPLE.TEST", "Bob@Example.test"])("%s is one person", (typed) => {
		expect(parseEmail(typed)?.key).toBe("bob@example.test");
	});
	it("an umlaut typed either way is one person, also in the domain", () => {
		expect(parseEmail("ju\u0308rgen@bu\u0308cher.example")?.key).toBe(
			parseEmail("J\u00dcRGEN@B\u00dcCHER.example")?.key,
		);
		expect(parseEmail("a@b\u00fccher.example")?.key).toBe("a@xn--bcher-kva.example");
	});
	it.each([
		"",
		"a",
		"@b.c",
		"a@",
		"a@b",
		"a b@c.de",
		"a@c.de:80",
		"a@c.de/x",
		"a@1.2.3.4",
		"a@u:p@c.de",
		"a\u0000@c.de",
		`${"x".repeat(65)}@c.de`,
	])("%j is no address", (typed) => expect(parseEmail(typed)).toBeUndefined());
});
