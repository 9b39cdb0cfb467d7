import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dpapiKeys } from "./dpapi.ts";
import { keychainKeys } from "./keychain.ts";
import { KEY_BYTES, KeyError, type KeyTool } from "./store.ts";

/**
 * The key tools of macOS and Windows cannot run here: these stand-ins answer as their manuals say. What is proved is what
 * we ask of them, and what we do with their answers; not that they understand us.
 */
let home: string;
let asked: { program: string; args: string }[];
const key = randomBytes(KEY_BYTES);
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "mivisus-keys-"));
	asked = [];
});
afterEach(() => rmSync(home, { recursive: true }));

const answer = (status: number, output = "", complaint = "") => ({ status, output: Buffer.from(output), complaint });

describe("the keychain of macOS", () => {
	/** Keeps one item, as /usr/bin/security does. */
	function security(): KeyTool {
		let item: string | undefined;
		return (program, args, input = "") => {
			asked.push({ program, args: args.join(" ") });
			if (args[0] === "-i") {
				item = / -w (\S+)\n$/.exec(input)?.[1];
				return answer(0);
			}
			if (args[0] === "delete-generic-password") item = undefined;
			return item === undefined ? answer(44, "", "could not be found") : answer(0, `${item}\n`);
		};
	}
	it("keeps the key, which is an argument of no program, and forgets it", () => {
		const store = keychainKeys(home, security());
		expect(store.load()).toBeUndefined();
		store.keep(key);
		expect(store.load()).toEqual(key);
		store.forget();
		expect(store.load()).toBeUndefined();
		expect(asked.every(({ program }) => program === "/usr/bin/security")).toBe(true);
		expect(JSON.stringify(asked)).not.toContain(key.toString("base64"));
	});
	it("that is locked, or takes nothing, is said so: it is not taken for one without a key", () => {
		const locked = keychainKeys(home, () => answer(36, "", "User interaction is not allowed."));
		expect(() => locked.load()).toThrow(KeyError);
		expect(() => locked.load()).toThrow(/User interaction is not allowed.*Sign in/);
		const deaf: KeyTool = (_, args) => (args[0] === "-i" ? answer(0) : answer(44));
		expect(() => keychainKeys(home, deaf).keep(key)).toThrow("takes no key");
	});
});

describe("DPAPI of Windows", () => {
	const turned = (text: string) => Buffer.from(text, "base64").reverse().toString("base64");
	const powershell: KeyTool = (program, args, input = "") => {
		asked.push({ program, args: args.join(" ") });
		return answer(0, turned(input));
	};
	const env = { SystemRoot: "D:\\Windows" };
	it("seals the key in a file; the key is an argument of no program", () => {
		const store = dpapiKeys(home, env, powershell);
		expect(store.load()).toBeUndefined();
		store.keep(key);
		expect(readFileSync(join(home, "state.key.sealed"), "utf8")).not.toContain(key.toString("base64"));
		expect(store.load()).toEqual(key);
		expect(asked[0]?.program).toBe("D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe");
		expect(asked[0]?.args).toContain("::Protect(");
		expect(asked[1]?.args).toContain("::Unprotect(");
		expect(JSON.stringify(asked)).not.toContain(key.toString("base64"));
		store.forget();
		expect(readdirSync(home)).toEqual([]);
	});
	it("that does not open the key says whose it is", () => {
		dpapiKeys(home, env, powershell).keep(key);
		const other = dpapiKeys(home, env, () => answer(1, "", "Key not valid for use in specified state."));
		expect(() => other.load()).toThrow(/Key not valid.*Only the account that linked/);
	});
});
