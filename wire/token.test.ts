import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { MAX_TOKEN_BYTES } from "./limits.ts";
import {
	allows,
	importSigningKey,
	importVerificationKeys,
	type RelayClaims,
	type SigningKey,
	signControlToken,
	signRelayToken,
	TokenError,
	type VerificationKeys,
	verifyControlToken,
	verifyRelayToken,
} from "./token.ts";

const NOW = 1_800_000_000;
const id = (letter: string) => letter.repeat(22);
const claims = (): RelayClaims => ({
	root: id("a"),
	put: [".peer/x"],
	get: [id("c")],
	iat: NOW,
	exp: NOW + 60,
	aud: "relay-1",
	jti: id("j"),
	mivisus: { until: NOW + 3600, ref: [`session:${id("s")}`] },
});

let signing: SigningKey;
let keys: VerificationKeys;
let publicJwk: Record<string, unknown>;
beforeAll(async () => {
	const pair = await generateKeyPair("EdDSA", { extractable: true });
	signing = await importSigningKey({ ...(await exportJWK(pair.privateKey)), kid: "k1" });
	publicJwk = { ...(await exportJWK(pair.publicKey)), kid: "k1" };
	keys = await importVerificationKeys({ keys: [publicJwk] });
});

const check = (token: string, nowS = NOW, audience = "relay-1") =>
	verifyRelayToken(token, { audience, keys, nowMs: nowS * 1000 });
/** Signs anything, as a worker gone wrong or a thief of a format would. */
const raw = (payload: object, header: object = {}) =>
	new SignJWT({ ...payload })
		.setProtectedHeader({ alg: "EdDSA", typ: "relay+jwt", kid: "k1", ...header })
		.sign(signing.key);
const reasonOf = async (work: Promise<unknown>) => {
	const error = await work.then(
		() => undefined,
		(e) => e,
	);
	expect(error).toBeInstanceOf(TokenError);
	return (error as TokenError).reason;
};

describe("relay tokens", () => {
	it("round-trip, up to the last second", async () => {
		const token = await signRelayToken(claims(), signing);
		expect(await check(token)).toEqual(claims());
		expect(await check(token, NOW + 59)).toEqual(claims());
		expect(await reasonOf(check(token, NOW + 60))).toBe("expired");
	});
	it("from a clock a little ahead pass, from further ahead do not", async () => {
		const token = await signRelayToken(claims(), signing);
		expect(await check(token, NOW - 5)).toEqual(claims());
		expect(await reasonOf(check(token, NOW - 6))).toBe("not-yet-valid");
	});
	it("for another relay are refused", async () => {
		expect(await reasonOf(check(await signRelayToken(claims(), signing), NOW, "relay-2"))).toBe("not-allowed");
	});
	it("of another key are refused, under its own name and under ours", async () => {
		const { privateKey } = await generateKeyPair("EdDSA");
		expect(await reasonOf(check(await signRelayToken(claims(), { kid: "k2", key: privateKey })))).toBe("unknown-key");
		expect(await reasonOf(check(await signRelayToken(claims(), { kid: "k1", key: privateKey })))).toBe("bad-signature");
	});
	it("changed by one letter are refused", async () => {
		const [header, payload, signature] = (await signRelayToken(claims(), signing)).split(".");
		const other = Buffer.from(JSON.stringify({ ...claims(), root: id("b") })).toString("base64url");
		expect(await reasonOf(check([header, other, signature].join(".")))).toBe("bad-signature");
		// A letter that the signature does not begin with: one in 64 begins with A, and was no other signature then.
		const first = signature!.startsWith("A") ? "B" : "A";
		expect(await reasonOf(check([header, payload, `${first}${signature!.slice(1)}`].join(".")))).toBe("bad-signature");
	});
	it("without a signature, with another algorithm or type are refused", async () => {
		expect(await reasonOf(check(new UnsecuredJWT({ ...claims() }).encode()))).toBe("malformed");
		const secret = new TextEncoder().encode(JSON.stringify(publicJwk));
		const hmac = await new SignJWT({ ...claims() })
			.setProtectedHeader({ alg: "HS256", typ: "relay+jwt", kid: "k1" })
			.sign(secret);
		expect(await reasonOf(check(hmac))).toBe("malformed");
		expect(await reasonOf(check(await raw(claims(), { typ: "JWT" })))).toBe("not-allowed");
		const control = await signControlToken({ audience: "relay-1", jti: id("j"), nowMs: NOW * 1000 }, signing);
		expect(await reasonOf(check(control))).toBe("not-allowed");
	});
	it.each([
		["lives a second too long", { exp: NOW + 61 }, "not-allowed"],
		["ends before it begins", { iat: NOW + 4, exp: NOW + 3 }, "not-allowed"],
		["lets a session last a second too long", { mivisus: { ...claims().mivisus, until: NOW + 3601 } }, "not-allowed"],
		["is for a session that is over", { mivisus: { ...claims().mivisus, until: NOW } }, "expired"],
		["rests on nothing", { mivisus: { until: NOW + 1, ref: [] } }, "malformed"],
		["rests on an odd thing", { mivisus: { until: NOW + 1, ref: ["x:1"] } }, "malformed"],
		["sees everything", { get: [""] }, "malformed"],
		["has a path with an empty segment", { get: ["a//b"] }, "malformed"],
		["has a root with a slash", { root: "a/b" }, "malformed"],
		["has text where a list stands", { put: "x" }, "malformed"],
		["has too many cameras", { get: Array.from({ length: 257 }, (_, i) => `${i}`) }, "malformed"],
	])("one that %s is refused", async (_, change, reason) => {
		expect(await reasonOf(check(await raw({ ...claims(), ...change })))).toBe(reason);
	});
	it.each(["root", "put", "get", "iat", "exp", "aud", "jti", "mivisus"])("one without %s is refused", async (name) => {
		const { [name as keyof RelayClaims]: _, ...rest } = claims();
		expect(["malformed", "not-allowed"]).toContain(await reasonOf(check(await raw(rest))));
	});
	it("bytes that are no token are refused", async () => {
		for (const text of ["", ".", "..", "a.b.c", "é", "x".repeat(100), `${"A".repeat(20)}.e30.AA`]) {
			expect(await reasonOf(check(text))).toBe("malformed");
		}
	});
	it("pass at their size limit and not above it, on both sides", async () => {
		const sized = (length: number) => ({ ...claims(), get: ["x".repeat(500), "y".repeat(500), "z".repeat(length)] });
		const long = await raw({ ...claims(), pad: "x".repeat(MAX_TOKEN_BYTES) });
		expect(await reasonOf(check(long))).toBe("malformed");
		await expect(
			signRelayToken({ ...claims(), get: Array.from({ length: 7 }, (_, i) => `${i}`.repeat(500)) }, signing),
		).rejects.toThrow("fewer cameras");
		expect((await check(await signRelayToken(sized(500), signing))).get).toHaveLength(3);
	});
	it("that no relay would accept are not even signed", async () => {
		await expect(signRelayToken({ ...claims(), exp: NOW + 61 }, signing)).rejects.toThrow("exp");
		await expect(signRelayToken({ ...claims(), get: [""] }, signing)).rejects.toThrow();
	});
	it("in an error's text there is no claim's value", async () => {
		const token = await raw({ ...claims(), get: ["a//secret-place"], mivisus: 1 });
		const error = await check(token).catch((e) => e);
		expect(error.message).not.toContain("secret-place");
		expect(error.message).not.toContain(token);
	});
});

describe("control tokens", () => {
	const verify = (token: string, nowS = NOW) =>
		verifyControlToken(token, { audience: "relay-1", keys, nowMs: nowS * 1000 });
	it("round-trip and expire", async () => {
		const token = await signControlToken({ audience: "relay-1", jti: id("j"), nowMs: NOW * 1000 }, signing);
		expect((await verify(token)).jti).toBe(id("j"));
		expect(await reasonOf(verify(token, NOW + 60))).toBe("expired");
	});
	it("a relay token is none", async () => {
		expect(await reasonOf(verify(await signRelayToken(claims(), signing)))).toBe("not-allowed");
	});
	it("one that lives long is refused", async () => {
		const token = await raw({ aud: "relay-1", jti: id("j"), iat: NOW, exp: NOW + 61 }, { typ: "relay-control+jwt" });
		expect(await reasonOf(verify(token))).toBe("not-allowed");
	});
});

describe("keys", () => {
	it("a verifier refuses a private key", async () => {
		const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
		const jwk = { ...(await exportJWK(privateKey)), kid: "k" };
		await expect(importVerificationKeys({ keys: [jwk] })).rejects.toThrow("private key");
		await expect(importVerificationKeys({ keys: [] })).rejects.toThrow(TypeError);
		await expect(importSigningKey(publicJwk)).rejects.toThrow(TypeError);
	});
});

it("a prefix allows whole segments only", () => {
	expect(allows(["a"], "a")).toBe(true);
	expect(allows(["a"], "a/b")).toBe(true);
	expect(allows(["a"], "ab")).toBe(false);
	expect(allows([], "a")).toBe(false);
});
