import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Authenticator, digestResponse, parseChallenges } from "./auth.ts";
import { Secret } from "./url.ts";

const create = (user: string | undefined = "cam", password = "secret", nonces = ["c1", "c2", "c3"]) =>
	new Authenticator({ user, password: new Secret(password), random: () => nonces.shift() ?? "c" });
const header = (text: string | undefined) => new Map(parseChallenges([text ?? ""])[0]?.params);
const h = (hash: string, text: string) => createHash(hash).update(text).digest("hex");

describe("digest vectors", () => {
	const rfc2617 = {
		session: false,
		user: "Mufasa",
		password: "Circle Of Life",
		realm: "testrealm@host.com",
		method: "GET",
		uri: "/dir/index.html",
		nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	};
	const rfc7616 = {
		...rfc2617,
		password: "Circle of Life",
		realm: "http-auth@example.org",
		nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		qop: { nc: "00000001", cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" },
	};
	it.each([
		[
			"RFC 2617, section 3.5",
			{ ...rfc2617, hash: "md5", qop: { nc: "00000001", cnonce: "0a4f113b" } },
			"6629fae49393a05397450978507c4ef1",
		],
		["the same without qop", { ...rfc2617, hash: "md5" }, "670fd8c2df070c60b045671b8b24ff02"],
		["RFC 7616, section 3.9.1, MD5", { ...rfc7616, hash: "md5" }, "8ca523f5e9506fed4657c9700eebdbec"],
		[
			"RFC 7616, section 3.9.1, SHA-256",
			{ ...rfc7616, hash: "sha256" },
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
		],
	])("%s", (_name, input, response) => expect(digestResponse(input)).toBe(response));
});

describe("R02: digest as challenged", () => {
	it("(a) with qop: the RFC 7616 form, nc grows per use of a nonce, cnonce is fresh, and both start anew with a nonce", () => {
		const auth = create();
		expect(auth.challenge(['Digest realm="IPC", nonce="N", qop="auth", algorithm=MD5'], 0)).toBe("retry");
		const first = header(auth.authorization("DESCRIBE", "rtsp://c/"));
		expect(Object.fromEntries(first)).toMatchObject({ qop: "auth", nc: "00000001", cnonce: "c1", algorithm: "MD5" });
		expect(header(auth.authorization("SETUP", "rtsp://c/")).get("nc")).toBe("00000002");
		expect(auth.challenge(['Digest realm="IPC", nonce="M", qop="auth", stale=true'], 1)).toBe("retry");
		expect(header(auth.authorization("SETUP", "rtsp://c/")).get("nc")).toBe("00000001");
	});
	it("(b) SHA-256 quoted, without qop: the old five fields and the algorithm, nothing more", () => {
		const auth = create();
		expect(auth.challenge(['Digest realm="I", nonce="N", algorithm="SHA-256", stale="FALSE"'], 0)).toBe("retry");
		const fields = header(auth.authorization("DESCRIBE", "rtsp://c/"));
		expect([...fields.keys()]).toEqual(["username", "realm", "nonce", "uri", "response", "algorithm"]);
		const wanted = h("sha256", `${h("sha256", "cam:I:secret")}:N:${h("sha256", "DESCRIBE:rtsp://c/")}`);
		expect(fields.get("response")).toBe(wanted);
	});
	it("(c) the strongest algorithm wins, in whichever order", () => {
		const offers = ['Digest realm="I", nonce="1", algorithm=MD5', 'Digest realm="I", nonce="2", algorithm=SHA-256'];
		for (const order of [offers, offers.toReversed(), [offers.join(", ")]]) {
			const auth = create();
			auth.challenge(order, 0);
			expect(header(auth.authorization("DESCRIBE", "x")).get("nonce")).toBe("2");
		}
	});
	it("(d) qop auth,auth-int is answered with auth; auth-int alone is not understood", () => {
		const auth = create();
		auth.challenge(['Digest realm="I", nonce="N", qop="auth,auth-int"'], 0);
		expect(header(auth.authorization("DESCRIBE", "x")).get("qop")).toBe("auth");
		expect(create().challenge(['Digest realm="I", nonce="N", qop="auth-int"'], 0)).toBe("unsupported");
		expect(create().challenge(['Digest realm="I", nonce="N", algorithm=NEW-9'], 0)).toBe("unsupported");
	});
	it("a second refusal means the credentials, a stale nonce does not", () => {
		const auth = create();
		const offer = 'Digest realm="I", nonce="N"';
		expect(auth.challenge([offer], 0)).toBe("retry");
		expect(auth.challenge([offer], 1)).toBe("refused");
		expect(auth.challenge(['Digest realm="I", nonce="O", stale=TRUE'], 1)).toBe("retry");
		expect(auth.challenge(['Digest realm="I", nonce="P", stale=TRUE'], 2)).toBe("refused");
		expect(new Authenticator({ user: undefined, password: undefined, random: () => "" }).challenge([offer], 0)).toBe(
			"no-credentials",
		);
	});
});

describe("R03: Basic and Digest together", () => {
	const basic = 'Basic realm="/"';
	const digest = 'Digest realm="IP Camera(C1)", nonce="ab", stale="FALSE"';
	it.each([
		["Basic first", [basic, digest]],
		["Digest first", [digest, basic]],
		["one line, Basic first", [`${basic}, ${digest}`]],
		["one line, Digest first", [`${digest}, ${basic}`]],
	])("Digest wins: %s", (_name, values) => {
		const auth = create();
		expect(auth.challenge(values, 0)).toBe("retry");
		expect(auth.authorization("DESCRIBE", "x")).toMatch(/^Digest /);
	});
	it("a realm that looks like grammar is hashed plain and escaped on the wire", () => {
		const value = 'Digest realm="a, Basic x \\"q\\"", nonce=N';
		expect(parseChallenges([value])).toHaveLength(1);
		const auth = create();
		auth.challenge([value], 0);
		const text = auth.authorization("DESCRIBE", "x")!;
		expect(text).toContain('realm="a, Basic x \\"q\\""');
		const wanted = h("md5", `${h("md5", 'cam:a, Basic x "q":secret')}:N:${h("md5", "DESCRIBE:x")}`);
		expect(header(text).get("response")).toBe(wanted);
	});
	it("Basic only where it is the only scheme, and then in UTF-8", () => {
		const auth = create("é", "p:w");
		expect(auth.challenge([basic], 0)).toBe("retry");
		expect(auth.authorization("DESCRIBE", "x")).toBe(`Basic ${Buffer.from("é:p:w").toString("base64")}`);
		expect(auth.challenge([basic], 1)).toBe("refused");
		expect(create().challenge([basic, 'Digest realm="I", nonce="N", algorithm=NEW-9'], 0)).toBe("unsupported");
	});
	it("the grammar is read in any shape without an exception", () => {
		for (const text of [
			"",
			",,",
			'="',
			'Digest realm="open',
			"Negotiate abc==",
			"Digest",
			'Digest realm = "x" , nonce = y',
		])
			expect(() => parseChallenges([text])).not.toThrow();
		expect(Object.fromEntries(parseChallenges(['Digest REALM = "x" , nonce = y'])[0]!.params)).toEqual({
			realm: "x",
			nonce: "y",
		});
	});
});

it("a secret does not show in text, JSON, inspection or joining", () => {
	const secret = new Secret("hunter2");
	const shown = [
		String(secret),
		`${secret}`,
		JSON.stringify({ secret }),
		inspect({ a: [secret] }),
		`x${secret}`,
		inspect(create("u", "hunter2")),
	];
	for (const text of shown) expect(text).not.toContain("hunter2");
	expect(secret.reveal()).toBe("hunter2");
});
