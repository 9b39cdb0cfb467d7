import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Certificate, makeCertificate } from "../certificate.ts";
import { transportContract } from "../contract.ts";
import { connectHttp3 } from "./client.ts";
import { LoweredError, lower, loweredCopy } from "./lowered.ts";
import { sha256 } from "./private-copy.ts";
import { Http3Server } from "./server.ts";

let certificate: Certificate;
let server: Http3Server;
const start = async () => {
	certificate ??= await makeCertificate({ hosts: ["localhost", "127.0.0.1"], now: Date.now() });
	server ??= await Http3Server.listen({ port: 0, ...certificate });
	return server;
};

transportContract("HTTP/3", async () => {
	await start();
	return {
		next: () => server.next(),
		connect: (path) =>
			connectHttp3(new URL(path, `https://127.0.0.1:${server.port}`), { certificateHashes: [certificate.sha256] }),
		close: async () => {},
	};
});

it("a stream lives as long as its session, although nobody holds it and memory is swept", async () => {
	await start();
	const connecting = connectHttp3(new URL(`https://127.0.0.1:${server.port}/a`), {
		certificateHashes: [certificate.sha256],
	});
	const accepted = await (await server.next())!.accept();
	const client = await connecting;
	// The opener keeps no reference of its own: only the session can.
	await (async () => (await client.openBidi()).send.write(Uint8Array.of(1)))();
	const { recv } = (await accepted.acceptBidi())!;
	await recv.read();
	setFlagsFromString("--expose-gc");
	const sweep = runInNewContext("gc") as () => void;
	const next = recv.read().then(
		() => "ended",
		() => "ended",
	);
	for (let i = 0; i < 5; i++) {
		sweep();
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	expect(await Promise.race([next, Promise.resolve("open")])).toBe("open");
	client.close(0, "");
});

it("a server's session sends nothing in the moment before its end, on no stream (Chromium crashes otherwise)", async () => {
	await start();
	const connecting = connectHttp3(new URL(`https://127.0.0.1:${server.port}/a`), {
		certificateHashes: [certificate.sha256],
	});
	const accepted = await (await server.next())!.accept();
	const client = await connecting;
	const [uni, { send: bidi }] = [await accepted.openUni(), await accepted.openBidi()];
	await uni.write(Uint8Array.of(1));
	await bidi.write(Uint8Array.of(2));
	const arriving = (await client.acceptUni())!;
	expect([...((await arriving.read()) ?? [])]).toEqual([1]);
	let over = false;
	void client.closed.then(() => {
		over = true;
	});
	accepted.close(7, "done");
	await expect(arriving.read()).rejects.toMatchObject({ kind: "reset" });
	expect(over).toBe(false);
	for (const late of [uni.write(Uint8Array.of(3)), bidi.write(Uint8Array.of(3)), bidi.finish(), accepted.openUni()])
		await expect(late).rejects.toMatchObject({ kind: "session-closed" });
	expect(over).toBe(false);
	expect(await client.closed).toEqual({ code: 7, reason: "done" });
});

describe("certificates (W02)", () => {
	it("is ECDSA P-256, for less than 14 days, for its hosts", async () => {
		const { certPem, sha256, notAfter } = await makeCertificate({
			hosts: ["localhost", "127.0.0.1"],
			now: Date.now(),
		});
		const parsed = new X509Certificate(certPem);
		expect(parsed.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
		expect(new Date(parsed.validTo).getTime() - new Date(parsed.validFrom).getTime()).toBeLessThan(14 * 86_400_000);
		expect(new Date(parsed.validFrom).getTime()).toBeLessThan(Date.now());
		expect(Math.abs(new Date(parsed.validTo).getTime() - notAfter)).toBeLessThan(1000);
		expect(parsed.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1");
		expect(parsed.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(Buffer.from(sha256).toString("hex"));
	});
	it("a server with another certificate than the pinned one is refused, and the token is in no error", async () => {
		await start();
		const other = await makeCertificate({ hosts: ["localhost"], now: Date.now() });
		const url = new URL(`https://127.0.0.1:${server.port}/a?jwt=topsecret`);
		const error = await connectHttp3(url, { certificateHashes: [other.sha256], timeoutMs: 2000 }).catch((e) => e);
		expect(error).toBeInstanceOf(Error);
		expect(`${error.stack} ${error.cause}`).not.toContain("topsecret");
	});
});

describe("the lowered copy for old glibc (decision 0002)", () => {
	const folder = dirname(dirname(createRequire(import.meta.url).resolve("@moq/web-transport")));
	const original = (arch: string) => join(folder, `web-transport.linux-${arch}-gnu.node`);
	const shipped = (bytes: Buffer) => ({ sha256: sha256(bytes), read: () => bytes });
	let cache: string;
	beforeAll(() => {
		cache = mkdtempSync(join(tmpdir(), "mivisus-native-"));
	});
	afterAll(() => rmSync(cache, { recursive: true }));

	it.each(["x64", "arm64"])("%s: is the known one, private, made once and made again when damaged", (arch) => {
		const known = shipped(readFileSync(original(arch)));
		const path = loweredCopy(known, arch, cache);
		expect(statSync(path).mode & 0o777).toBe(0o600);
		const made = statSync(path).mtimeMs;
		expect(loweredCopy({ ...known, read: () => expect.unreachable() }, arch, cache)).toBe(path);
		expect(statSync(path).mtimeMs).toBe(made);
		writeFileSync(path, "damaged");
		loweredCopy(known, arch, cache);
		expect(readFileSync(path).length).toBe(readFileSync(original(arch)).length);
	});
	it("differs from the original in few bytes only", () => {
		const [before, after] = [readFileSync(original("x64")), lower(readFileSync(original("x64")))];
		let different = 0;
		for (let i = 0; i < before.length; i++) if (before[i] !== after[i]) different += 1;
		expect(different).toBeGreaterThan(0);
		expect(different).toBeLessThan(20);
	});
	it("another symbol of the new glibc is not redirected blindly", () => {
		const changed = readFileSync(original("x64"));
		changed.write("strtoX", changed.indexOf("__isoc23_strtol\0") + "__isoc23_".length, "latin1");
		expect(() => lower(changed)).toThrow("__isoc23_strtoX");
	});
	it("anything but the known build is refused", () => {
		const changed = readFileSync(original("x64"));
		changed[changed.length - 1] = changed[changed.length - 1]! ^ 1;
		const empty = mkdtempSync(join(cache, "x-"));
		expect(() => loweredCopy(shipped(changed), "x64", empty)).toThrow("not the build of");
		const claimed = { ...shipped(readFileSync(original("x64"))), read: () => changed };
		expect(() => loweredCopy(claimed, "x64", empty)).toThrow("not the build of");
		expect(() => loweredCopy(shipped(changed), "riscv64", empty)).toThrow("no build");
		expect(() => lower(Buffer.from("not an elf"))).toThrow(LoweredError);
		expect(() => lower(lower(readFileSync(original("x64"))))).toThrow(LoweredError);
	});
});
