import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
	agentFingerprint,
	type EnrolmentClaim,
	formatEnrolmentLink,
	makeEnrolmentMac,
	newEnrolmentSecrets,
	parseEnrolmentFragment,
	verifyEnrolmentMac,
} from "./enrolment.ts";
import { fromBase64Url, Id, newId, toBase64Url } from "./ids.ts";
import { type CryptoKey, type CryptoKeyPair, newSignKeys } from "./keys.ts";
import { MAX_STATEMENT_BYTES } from "./limits.ts";
import { newSealKeys, openCamera, sealCamera } from "./seal.ts";
import { Command, Domain, openStatement, peekStatement, signStatement } from "./signed.ts";

const text = (value: string) => new TextEncoder().encode(value);
let keys: CryptoKeyPair;
beforeAll(async () => {
	keys = await newSignKeys(false);
});
const command = (): Command => ({
	v: 1,
	id: newId(),
	type: "camera.sound",
	agent: newId(),
	camera: newId(),
	device: newId(),
	counter: 1,
	iat: 1,
	on: true,
});

describe("ids and base64url", () => {
	it("round-trips, and has one spelling only", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
				expect([...fromBase64Url(toBase64Url(bytes))]).toEqual([...bytes]);
			}),
		);
		expect(() => fromBase64Url("AB")).toThrow("canonical");
		expect(() => fromBase64Url("A+/=")).toThrow(RangeError);
		expect(Id.safeParse(newId()).success).toBe(true);
	});
});

describe("signed statements", () => {
	it("a signed command opens as it was", async () => {
		const value = command();
		const statement = await signStatement(keys.privateKey, Domain.command, value);
		expect(await openStatement(keys.publicKey, Domain.command, Command, statement)).toEqual({ ok: true, value });
		expect(peekStatement(Command, statement)).toEqual({ ok: true, value });
	});
	it("a signature for one use is worthless for another", async () => {
		const statement = await signStatement(keys.privateKey, Domain.assertion, command());
		expect(await openStatement(keys.publicKey, Domain.command, Command, statement)).toEqual({
			ok: false,
			refusal: "bad-signature",
		});
	});
	it("a changed byte, another's key, an unsigned or oversized one: refused", async () => {
		const statement = await signStatement(keys.privateKey, Domain.command, command());
		const [body = "", mark = ""] = statement.split(".");
		const changed = `${toBase64Url(text(new TextDecoder().decode(fromBase64Url(body)).replace('"on":true', '"on":false')))}.${mark}`;
		const other = await newSignKeys(false);
		const open = (key: CryptoKey, value: string) => openStatement(key, Domain.command, Command, value);
		expect(await open(keys.publicKey, changed)).toEqual({ ok: false, refusal: "bad-signature" });
		expect(await open(other.publicKey, statement)).toEqual({ ok: false, refusal: "bad-signature" });
		expect(await open(keys.publicKey, body)).toEqual({ ok: false, refusal: "malformed" });
		expect(await open(keys.publicKey, `${body}.`)).toEqual({ ok: false, refusal: "malformed" });
		expect(await open(keys.publicKey, "x".repeat(MAX_STATEMENT_BYTES + 1))).toEqual({
			ok: false,
			refusal: "too-large",
		});
	});
	it("a well-signed statement with an unknown field is not half understood", async () => {
		const statement = await signStatement(keys.privateKey, Domain.command, { ...command(), exec: "rm" });
		expect(await openStatement(keys.publicKey, Domain.command, Command, statement)).toEqual({
			ok: false,
			refusal: "malformed",
		});
	});
});

describe("sealed camera access", () => {
	const context = { account: newId(), agent: newId(), camera: newId() };
	it("opens for the agent it was made for, and only in its place", async () => {
		const agent = await newSealKeys();
		const box = await sealCamera(agent.publicKey, context, text("S3cr@t#"));
		expect(new TextDecoder().decode(await openCamera(agent.privateKey, context, box))).toBe("S3cr@t#");
		for (const part of ["account", "agent", "camera"] as const) {
			expect(await openCamera(agent.privateKey, { ...context, [part]: newId() }, box)).toBeUndefined();
		}
		expect(await openCamera((await newSealKeys()).privateKey, context, box)).toBeUndefined();
		for (const at of [0, 40, box.length - 1]) {
			const changed = box.slice();
			changed[at] = changed[at]! ^ 1;
			expect(await openCamera(agent.privateKey, context, changed)).toBeUndefined();
		}
		expect(await openCamera(agent.privateKey, context, box.slice(0, 10))).toBeUndefined();
	});
});

describe("enrolment", () => {
	it("a link's fragment is read as it was written, and nothing else is", () => {
		const { code, secret } = newEnrolmentSecrets();
		const fingerprint = toBase64Url(new Uint8Array(32));
		const link = new URL(formatEnrolmentLink({ origin: "https://mivisus.com", code, fingerprint, secret }));
		expect(link.pathname).toBe("/enrol");
		expect(parseEnrolmentFragment(link.hash.slice(1))).toEqual({ code, fingerprint, secret });
		for (const odd of [
			"",
			"a.b.c",
			`${code}.${fingerprint}`,
			`${code}.${fingerprint}.${secret}.x`,
			`${code}.${secret.slice(2)}.${secret}`,
		]) {
			expect(parseEnrolmentFragment(odd)).toBeUndefined();
		}
	});
	it("the MAC holds for exactly these keys, this account, this agent and this secret", async () => {
		const { secret } = newEnrolmentSecrets();
		const claim: EnrolmentClaim = { account: "a", fingerprint: "f", deviceSignKey: "s", deviceSealKey: "e" };
		const mac = await makeEnrolmentMac(secret, claim);
		expect(await verifyEnrolmentMac(secret, claim, mac)).toBe(true);
		for (const part of ["account", "fingerprint", "deviceSignKey", "deviceSealKey"] as const) {
			expect(await verifyEnrolmentMac(secret, { ...claim, [part]: "x" }, mac)).toBe(false);
		}
		expect(await verifyEnrolmentMac(newEnrolmentSecrets().secret, claim, mac)).toBe(false);
		expect(await verifyEnrolmentMac(secret, claim, "!")).toBe(false);
	});
	it("the fingerprint depends on both keys and their order", async () => {
		const [a, b] = [toBase64Url(new Uint8Array(32)), toBase64Url(new Uint8Array(32).fill(1))];
		expect(await agentFingerprint(a, b)).not.toBe(await agentFingerprint(b, a));
		await expect(agentFingerprint("AA", b)).rejects.toThrow(RangeError);
	});
});
