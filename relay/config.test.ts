import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "@mivisus/transport/certificate";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";
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
		expect(await problem({ MIVISUS_RELAY_TOKEN_KEYS: join(folder, "none") })).toContain("cannot be read");
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
