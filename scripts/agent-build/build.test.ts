import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../agent/about.ts";
import { ROOT } from "../../test/graph/imports.ts";
import { type Built, compile } from "./compile.ts";
import { packagesOf } from "./licences.ts";
import { isSigned, MachOError, withoutSignature } from "./mach-o.ts";
import { silence } from "./runtime.ts";
import { hostTarget } from "./targets.ts";

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

let home: string;
let first: Built;
let second: Built;
beforeAll(async () => {
	home = mkdtempSync(join(tmpdir(), "mivisus-build-"));
	first = await compile(hostTarget(), join(home, "a"));
	second = await compile(hostTarget(), join(home, "b"));
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs the binary as a person would who has nothing else. */
function agent(...args: string[]) {
	return spawnSync(first.program, args, {
		cwd: home,
		encoding: "utf8",
		env: { HOME: home, MIVISUS_AGENT_HOME: join(home, "state") },
	});
}

describe("the agent as one file", () => {
	it("is the same, byte for byte, each time it is built", () => {
		expect(sha256(first.program)).toBe(sha256(second.program));
	});
	it("does not say where it was built, and its runtime sends crash reports nowhere", () => {
		const bytes = readFileSync(first.program);
		expect(bytes.includes(ROOT.replace(/\/$/, ""))).toBe(false);
		expect(bytes.includes("https://bun.report")).toBe(false);
	});
	it("says its version, which is the package's", () => {
		const about = JSON.parse(readFileSync(join(ROOT, "agent/package.json"), "utf8"));
		expect(VERSION).toBe(about.version);
		expect(agent("--version").stdout).toBe(`mivisus-agent ${VERSION}\n`);
	});
	it("starts without Node and without the repository", () => {
		expect(agent("status")).toMatchObject({
			status: 0,
			stdout: "Not linked to an account yet.\nIt is not running.\n",
			stderr: "",
		});
		// Who only looks leaves nothing behind.
		expect(existsSync(join(home, "state/state.json"))).toBe(false);
		expect(agent("forget")).toMatchObject({ status: 0 });
		expect(statSync(join(home, "state/state.json")).mode & 0o777).toBe(0o600);
	});
	it("prints the licences of everything inside, to the last line, also into a pipe", () => {
		const { stdout } = agent("licences");
		expect(stdout.trim()).toBe(first.licences.trim());
		for (const inside of ["Apache License", "JavaScriptCore", "zod 4", "pino 10", "jose", "quinn 0.11", "@hpke/core"]) {
			expect(stdout).toContain(inside);
		}
	});
	it("heeds no .env and no bunfig.toml of the folder that it is started in", () => {
		writeFileSync(join(home, ".env"), "MIVISUS_AGENT_HOME=/nowhere/at/all\n");
		writeFileSync(join(home, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
		writeFileSync(join(home, "preload.ts"), "process.exit(9);\n");
		expect(spawnSync(first.program, ["status"], { cwd: home, env: { HOME: home, XDG_STATE_HOME: home } }).status).toBe(
			0,
		);
	});
});

describe("what the build checks", () => {
	it("a runtime whose address for crash reports is elsewhere, or there twice, is not used", () => {
		const address = "https://bun.report";
		expect(silence(Buffer.from(`a ${address}/b`)).toString()).toBe("a http://localhost:1/b");
		expect(() => silence(Buffer.from("nothing"))).toThrow("look again");
		expect(() => silence(Buffer.from(address + address))).toThrow("look again");
	});
	it("packages are found by the paths of bundled files, nested ones too", () => {
		expect(
			packagesOf([
				"agent/main.ts",
				"node_modules/zod/index.js",
				"node_modules/@hpke/core/esm/mod.js",
				"node_modules/a/node_modules/b/c.js",
				"node_modules\\zod\\v4.js",
			]),
		).toEqual(["node_modules/@hpke/core", "node_modules/a/node_modules/b", "node_modules/zod"]);
	});
});

describe("a signature that fits no longer", () => {
	const SIGNATURE_BYTES = 64;
	/** A small program for macOS: one segment that ends with the signature, and the command that says where that is. */
	function program(behind = 0): Buffer {
		const file = Buffer.alloc(8192 + SIGNATURE_BYTES + behind);
		file.writeUInt32LE(0xfeedfacf, 0);
		file.writeUInt32LE(2, 16);
		file.writeUInt32LE(72 + 16, 20);
		file.writeUInt32LE(0x19, 32);
		file.writeUInt32LE(72, 36);
		file.write("__LINKEDIT", 40, "latin1");
		file.writeBigUInt64LE(BigInt(4096 + SIGNATURE_BYTES), 32 + 32);
		file.writeBigUInt64LE(4096n, 32 + 40);
		file.writeBigUInt64LE(BigInt(4096 + SIGNATURE_BYTES), 32 + 48);
		file.writeUInt32LE(0x1d, 104);
		file.writeUInt32LE(16, 108);
		file.writeUInt32LE(8192, 112);
		file.writeUInt32LE(SIGNATURE_BYTES, 116);
		return file;
	}
	it("is taken off whole: command, bytes and the segment's length", () => {
		const bare = withoutSignature(program());
		expect([isSigned(program()), isSigned(bare)]).toEqual([true, false]);
		expect(bare.length).toBe(8192);
		expect([bare.readUInt32LE(16), bare.readUInt32LE(20)]).toEqual([1, 72]);
		expect([bare.readBigUInt64LE(64), bare.readBigUInt64LE(80)]).toEqual([4096n, 4096n]);
	});
	it("is left alone where anything is not as expected", () => {
		expect(() => withoutSignature(withoutSignature(program()))).toThrow(MachOError);
		expect(() => withoutSignature(program(1))).toThrow("follows the signature");
		expect(() => withoutSignature(Buffer.from("MZ"))).toThrow("not a 64-bit Mach-O file");
	});
});
