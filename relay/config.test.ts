import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "@mivisus/transport/certificate";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { TestWorker } from "./testing/keys.ts";

let folder: string;
let env: NodeJS.ProcessEnv;
const file = (name: string, content: unknown) => {
	const path = join(folder, name);
	writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
	return path;
};
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-relay-"));
	const keys = file("keys.json", (await TestWorker.create()).jwks);
	env = { MIVISUS_RELAY_TOKEN_KEYS: keys, MIVISUS_RELAY_CONTROL_KEYS: keys };
});
afterAll(() => rmSync(folder, { recursive: true }));

const problem = async (change: NodeJS.ProcessEnv) => {
	const error = await readConfig({ ...env, ...change }).catch((e) => e);
	expect(error).toBeInstanceOf(ConfigError);
	return (error as Error).message;
};

describe("the relay's configuration", () => {
	it("needs two files and has defaults for the rest", async () => {
		const config = await readConfig(env);
		expect(config).toMatchObject({
			instance: "relay-1",
			port: 4433,
			transport: "auto",
			httpHost: "127.0.0.1",
			httpPort: 4480,
			host: "::",
		});
		expect(config.tokenKeys.size).toBe(1);
		expect(config.certificate).toBeUndefined();
	});
	it("reads a file, and variables win over it", async () => {
		const path = file("relay.json", { instance: "relay-7", port: 5000, hosts: ["relay.example"] });
		const config = await readConfig({ ...env, MIVISUS_RELAY_CONFIG: path, MIVISUS_RELAY_PORT: "6000" });
		expect([config.instance, config.port, config.hosts]).toEqual(["relay-7", 6000, ["relay.example"]]);
		expect((await readConfig({ ...env, MIVISUS_RELAY_HOSTS: "a, b" })).hosts).toEqual(["a", "b"]);
	});
	it("says which setting is wrong, and how", async () => {
		expect(await problem({ MIVISUS_RELAY_TOKEN_KEYS: "" })).toContain("MIVISUS_RELAY_TOKEN_KEYS");
		expect(await problem({ MIVISUS_RELAY_PORT: "70000" })).toContain("MIVISUS_RELAY_PORT");
		expect(await problem({ MIVISUS_RELAY_TRANSPORT: "quic" })).toMatch(
			/MIVISUS_RELAY_TRANSPORT.*auto.*http3.*fails.*tcp/,
		);
		expect(await problem({ MIVISUS_RELAY_TOKEN_KEYS: join(folder, "none") })).toContain("none does not exist");
		expect(await problem({ MIVISUS_RELAY_TOKEN_KEYS: file("odd.json", "{") })).toContain("not JSON");
		expect(await problem({ MIVISUS_RELAY_CERTIFICATE: "x" })).toContain("belong together");
		expect(await problem({ MIVISUS_RELAY_CONFIG: file("typo.json", { prot: 1 }) })).toContain("prot");
	});
	it("names what carries HTTP/3, in the file or by its variable", async () => {
		const path = file("tcp.json", { transport: "tcp" });
		expect((await readConfig({ ...env, MIVISUS_RELAY_CONFIG: path })).transport).toBe("tcp");
		const both = { MIVISUS_RELAY_CONFIG: path, MIVISUS_RELAY_TRANSPORT: "fails" };
		expect((await readConfig({ ...env, ...both })).transport).toBe("fails");
	});
	it("a mistyped setting is told with the one that was meant, in a file and as a variable", async () => {
		const typo = (content: object) => problem({ MIVISUS_RELAY_CONFIG: file("typo.json", content) });
		expect(await typo({ prot: 1 })).toBe("prot: there is no such setting: write port, or remove it");
		expect(await typo({ memoryMib: 600 })).toContain("write memoryMiB");
		expect(await typo({ certficateKey: "x" })).toContain("write certificateKey");
		expect(await typo({ colour: "blue" })).toContain("the settings are instance, transport, host");
		expect((await typo({ prot: 1, hots: [] })).split("\n")).toHaveLength(2);
		expect(await problem({ MIVISUS_RELAY_PROT: "1" })).toBe(
			"MIVISUS_RELAY_PROT: there is no such variable: write MIVISUS_RELAY_PORT, or remove it",
		);
		// The worker's own, in the same environment.
		const others = { MIVISUS_RELAY_URL: "x", MIVISUS_RELAY_TCP_URL: "x", MIVISUS_RELAY_CONTROL: "x" };
		expect((await readConfig({ ...env, ...others })).port).toBe(4433);
	});
	it("JSON that is none is told with the line, the column and what to do", async () => {
		const cases: [text: string, says: string][] = [
			['{\n\t"port": 1,\n}\n', "line 3, column 1: remove the comma before this «}»"],
			['{ "hosts": ["a", "b",] }', "line 1, column 22: remove the comma before this «]»"],
			["{\n  port: 1\n}", "line 2, column 3: JSON does not allow «p» there"],
			['{ "port": 1', "line 1, column 12: the file ends too early"],
			['{ "a": 1 }\n{', "line 2, column 1: JSON does not allow «{» there"],
			["", "line 1, column 1: the file ends too early"],
		];
		for (const [text, says] of cases) {
			expect(await problem({ MIVISUS_RELAY_CONFIG: file("odd.json", text) })).toContain(says);
		}
		expect(await problem({ MIVISUS_RELAY_CONFIG: file("odd.json", "[]") })).toContain("must hold one JSON object");
	});
	it("a directory in place of a file is told", async () => {
		for (const name of ["MIVISUS_RELAY_CONFIG", "MIVISUS_RELAY_TOKEN_KEYS"]) {
			expect(await problem({ [name]: folder })).toBe(`${name}: ${folder} is a directory: name the file in it`);
		}
	});
	it("memory is a whole number of MiB, at least 512", async () => {
		expect((await readConfig(env)).memoryMiB).toBe(2048);
		expect((await readConfig({ ...env, MIVISUS_RELAY_MEMORY_MIB: "512" })).memoryMiB).toBe(512);
		expect(await problem({ MIVISUS_RELAY_MEMORY_MIB: "511" })).toBe(
			"memoryMiB (MIVISUS_RELAY_MEMORY_MIB): give at least 512 (MiB): with less the relay holds nobody",
		);
		expect(await problem({ MIVISUS_RELAY_MEMORY_MIB: "2G" })).toContain("give a number of MiB, like 2048");
		expect(await problem({ MIVISUS_RELAY_MEMORY_MIB: "1000.5" })).toContain("give a whole number");
	});
	it("one TCP port for two things is told before it is tried", async () => {
		expect(await problem({ MIVISUS_RELAY_HTTP_PORT: "4433" })).toContain("MIVISUS_RELAY_HTTP_PORT");
		const free = { MIVISUS_RELAY_HTTP_PORT: "0", MIVISUS_RELAY_TCP_PORT: "0" };
		expect((await readConfig({ ...env, ...free })).httpPort).toBe(0);
	});
	it("a certificate must hold today and fit its key, and neither may be the other", async () => {
		const now = Date.now();
		const [one, other] = [await makeCertificate({ hosts: ["a"] }), await makeCertificate({ hosts: ["b"] })];
		const [cert, key] = [file("one.pem", one.certPem), file("one.key", one.keyPem)];
		chmodSync(key, 0o600);
		const read = (certificate: string, certificateKey: string, nowMs = now) =>
			readConfig(
				{ ...env, MIVISUS_RELAY_CERTIFICATE: certificate, MIVISUS_RELAY_CERTIFICATE_KEY: certificateKey },
				nowMs,
			).catch((error) => error);
		const says = async (...args: Parameters<typeof read>) => {
			const error = await read(...args);
			expect(error).toBeInstanceOf(ConfigError);
			return error.message;
		};
		expect((await read(cert, key)).warnings).toEqual([]);
		expect(await says(cert, file("other.key", other.keyPem))).toContain("other.key is not the key of");
		expect(await says(key, cert)).toContain("one.key holds a key, not a certificate");
		expect(await says(cert, cert)).toContain("one.pem holds a certificate, not a key");
		expect(await says(cert, file("odd.key", "odd"))).toContain("holds no private key in PEM");
		expect(await says(file("odd.pem", "odd"), key)).toContain("holds no certificate in PEM");
		const locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n";
		expect(await says(cert, file("locked.key", locked))).toContain("passphrase");
		expect(await says(cert, key, one.notAfter)).toMatch(/one\.pem expired at \d{4}-.*: renew it$/);
		expect(await says(cert, key, now - 2 * 3_600_000)).toContain("clock is right");
		expect((await read(cert, key, one.notAfter - 1)).certificate.certPem).toBe(one.certPem);
	});
	it("a key that everybody can read is used, with a warning", async () => {
		const { certPem, keyPem } = await makeCertificate({ hosts: ["a"] });
		const key = file("open.key", keyPem);
		chmodSync(key, 0o644);
		const files = { MIVISUS_RELAY_CERTIFICATE: file("open.pem", certPem), MIVISUS_RELAY_CERTIFICATE_KEY: key };
		expect((await readConfig({ ...env, ...files })).warnings).toEqual([
			`MIVISUS_RELAY_CERTIFICATE_KEY: everybody on this machine can read ${key}: take that right away (chmod o-rwx)`,
		]);
		chmodSync(key, 0o640);
		expect((await readConfig({ ...env, ...files })).warnings).toEqual([]);
	});
	it("sessions over TCP go where those over UDP do; without a certificate, on this machine alone", async () => {
		expect(await readConfig(env)).toMatchObject({ tcpHost: "127.0.0.1", tcpPort: 4433 });
		expect(await readConfig({ ...env, MIVISUS_RELAY_TCP_PORT: "443" })).toMatchObject({ port: 4433, tcpPort: 443 });
		expect(await problem({ MIVISUS_RELAY_TCP_HOST: "0.0.0.0" })).toContain("MIVISUS_RELAY_TCP_HOST");
		const { certPem, keyPem } = await makeCertificate({ hosts: ["relay.example"] });
		const files = {
			MIVISUS_RELAY_CERTIFICATE: file("relay.pem", certPem),
			MIVISUS_RELAY_CERTIFICATE_KEY: file("relay.key", keyPem),
		};
		expect((await readConfig({ ...env, ...files })).tcpHost).toBe("::");
	});
	it("refuses a private key: the relay must not be able to sign", async () => {
		const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
		const path = file("private.json", { keys: [{ ...(await exportJWK(privateKey)), kid: "k" }] });
		expect(await problem({ MIVISUS_RELAY_TOKEN_KEYS: path })).toContain("private key");
	});
});
