import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";
import { describe, expect, it } from "vitest";
import { bundleWorker, WRANGLER } from "./edge-bundle.ts";
import { LIKE_PRODUCTION, refusalsOf } from "./edge-limits.ts";

describe("B16: what production Workers refuse", () => {
	it("is not in the bundle that wrangler makes of the worker", () => {
		expect(refusalsOf(readFileSync(bundleWorker(), "utf8"))).toEqual([]);
	}, 60_000);
	it.each([
		["compiles WebAssembly", "const m = await WebAssembly.compile(bytes);"],
		["compiles WebAssembly", "new WebAssembly.Module(bytes)"],
		["makes code from text", 'const f = new Function("return 1");'],
		["makes code from text", "\neval(text)"],
		["derives keys in JavaScript", "// node_modules/@noble/hashes/esm/scrypt.js"],
		["PBKDF2", "pbkdf2Sync(password, salt, 600000, 32, 'sha256')"],
	])("is found where it is: %s", (why, bundle) => expect(refusalsOf(bundle).join()).toContain(why));
	it("is found where it is: a bundle that is too large", () => {
		const random = Buffer.alloc(10_200_000);
		for (let i = 0; i < random.length; i += 60_000) crypto.getRandomValues(random.subarray(i, i + 60_000));
		expect(refusalsOf(random.toString("latin1")).join()).toContain("is too large");
	}, 30_000);
	it("is refused here at run time as well: more rounds of PBKDF2, WebAssembly from bytes, code from text", async () => {
		const script = `${LIKE_PRODUCTION}
export default { async fetch(request) {
	const tried = {};
	const attempt = async (name, work) => { try { await work(); tried[name] = "works"; } catch (error) { tried[name] = "refused"; } };
	const key = await crypto.subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]);
	const rounds = (iterations) => () => crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(8), iterations }, key, 256);
	await attempt("100000", rounds(100000));
	await attempt("100001", rounds(100001));
	await attempt("wasm", () => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])));
	await attempt("function", () => new Function("return 1")());
	return Response.json(tried);
} };`;
		const miniflare = new Miniflare({
			cf: false,
			modules: [{ type: "ESModule", path: "worker.js", contents: script }],
			compatibilityDate: WRANGLER.compatibilityDate,
			compatibilityFlags: [...WRANGLER.compatibilityFlags],
		});
		try {
			const answer = await miniflare.dispatchFetch("http://localhost/");
			expect(await answer.json()).toEqual({
				"100000": "works",
				"100001": "refused",
				wasm: "refused",
				function: "refused",
			});
		} finally {
			await miniflare.dispose();
		}
	}, 30_000);
});
