import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedAddon, extracted } from "./native.ts";
import { cacheFolder, PrivateCopyError, sha256 } from "./private-copy.ts";

let cache: string;
beforeEach(() => {
	cache = mkdtempSync(join(tmpdir(), "mivisus-copy-"));
});
afterEach(() => rmSync(cache, { recursive: true }));

const bytes = Buffer.from("the addon");
const addon: EmbeddedAddon = { sha256: sha256(bytes), read: () => bytes };

describe("an addon that the program carries", () => {
	it("is extracted for its owner alone, once, and again when somebody changed it", () => {
		const path = extracted(addon, cache);
		expect(readFileSync(path)).toEqual(bytes);
		expect(statSync(path).mode & 0o777).toBe(0o600);
		const made = statSync(path).mtimeMs;
		expect(extracted({ ...addon, read: () => expect.unreachable() }, cache)).toBe(path);
		expect(statSync(path).mtimeMs).toBe(made);
		writeFileSync(path, "other code");
		expect(readFileSync(extracted(addon, cache))).toEqual(bytes);
	});
	it("is not loaded where the program's own file is damaged", () => {
		expect(() => extracted({ ...addon, read: () => Buffer.from("the adder") }, cache)).toThrow("damaged");
	});
	it("is put into a folder that others may not write, and never into one that is a link", () => {
		const open = join(cache, "open");
		mkdirSync(open);
		chmodSync(open, 0o777);
		extracted(addon, open);
		expect(statSync(open).mode & 0o777).toBe(0o700);
		symlinkSync(open, join(cache, "link"));
		expect(() => extracted(addon, join(cache, "link"))).toThrow(PrivateCopyError);
		writeFileSync(join(cache, "file"), "");
		expect(() => extracted(addon, join(cache, "file"))).toThrow("XDG_CACHE_HOME");
	});
});

it("copies lie in the platform's place for caches, or where XDG_CACHE_HOME says", () => {
	expect(cacheFolder({ XDG_CACHE_HOME: "/x" }, "linux")).toBe(join("/x", "mivisus"));
	expect(cacheFolder({}, "linux")).toMatch(/\.cache.mivisus$/);
	expect(cacheFolder({}, "darwin")).toMatch(/Library.Caches.mivisus$/);
	expect(cacheFolder({ LOCALAPPDATA: "/local" }, "win32")).toBe(join("/local", "mivisus"));
});
