import { beforeAll, beforeEach, expect, it } from "vitest";
import { sha256, sha256Stream } from "../platform/node.ts";
import { newSecrets, useSecrets, type WorkerSecrets } from "../platform/secrets.ts";
import type { ExportStore } from "./archive.ts";
import { Exports } from "./exports.ts";

const MINUTE_MS = 60_000;
let secrets: WorkerSecrets;
beforeAll(async () => {
	secrets = await useSecrets(await newSecrets());
});

let now: number;
let timers: Map<number, { at: number; work: () => void }>;
let made: string[];
let faults: string[];
let page: ExportStore["page"];
let exports: Exports;
let allowedTimes: number;
const nobody = new AbortController().signal;
beforeEach(() => {
	now = 1_800_000_000_000;
	timers = new Map();
	made = [];
	faults = [];
	allowedTimes = 0;
	page = async () => [];
	const used = new Set<string>();
	let names = 0;
	exports = new Exports({
		store: { page: (...asked) => page(...asked) },
		find: async (id) => ({
			id,
			email: id,
			emailKey: id,
			fullName: "Ada",
			passwordHash: "h",
			state: "active",
			language: "en",
		}),
		useOnce: async ({ hash }) => !used.has(hash) && used.add(hash) !== undefined,
		mac: { make: () => "mark", check: (_, mark) => mark === "mark" },
		hash: sha256,
		hasher: sha256Stream,
		key: secrets.documentKey,
		clock: { now: () => now },
		after: (ms, work) => {
			if (ms === 0) {
				queueMicrotask(work);
				return () => {};
			}
			names += 1;
			const name = names;
			timers.set(name, { at: now + ms, work });
			return () => void timers.delete(name);
		},
		made: async (id) => void made.push(id),
		onFault: (error) => void faults.push(error.message),
		service: "https://mivisus.example",
		region: "eu-west-3",
		recipients: [],
	});
});
const allowed = () => {
	allowedTimes += 1;
};
const begin = (id: string, gone = nobody) => exports.now(id, allowed, gone);
/** Lets time pass, and whatever was to happen in it happen. */
function pass(ms: number): void {
	now += ms;
	for (const [name, { at, work }] of timers)
		if (at <= now) {
			timers.delete(name);
			work();
		}
}

it("a copy is recorded once it was taken whole, and its place given back", async () => {
	const { body } = await begin("ada");
	expect([made, exports.running]).toEqual([[], 1]);
	await new Response(body).arrayBuffer();
	expect([made, exports.running, timers.size]).toEqual([["ada"], 0, 0]);
	const { body: left } = await begin("ada");
	await left.getReader().cancel();
	expect([made, exports.running, timers.size]).toEqual([["ada"], 0, 0]);
});
it("one that cannot be made breaks off, says nothing of what stands in it to whoever reads, and is told to the operator", async () => {
	page = async () => {
		throw new Error("the row says S3cret");
	};
	const { body } = await begin("ada");
	await expect(new Response(body).arrayBuffer()).rejects.toThrow("the copy could not be made");
	expect([made, faults, exports.running]).toEqual([[], ["the row says S3cret"], 0]);
});
it("A03: four slow readers keep nobody else from a copy, and none holds its place for ever", async () => {
	const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
	for (const id of ["a", "b", "c", "d"]) readers.push((await begin(id)).body.getReader());
	await expect(begin("e")).rejects.toMatchObject({ code: "export-running" });
	const take = async () => {
		for (const reader of readers) await reader.read().catch(() => {});
	};
	await take();
	pass(MINUTE_MS - 1);
	await take();
	pass(2);
	await new Response((await begin("e")).body).arrayBuffer();
	expect(made).toEqual(["e"]);
	await expect(begin("a")).rejects.toMatchObject({ code: "export-running" });
	for (let minutes = 0; minutes < 61; minutes++) {
		pass(MINUTE_MS - 1);
		await take();
	}
	expect([exports.running, made]).toEqual([0, ["e"]]);
});
it("A03: a reader that left, and a request that the runtime ended without a word, hold no place", async () => {
	const gone = new AbortController();
	const { body } = await begin("left", gone.signal);
	gone.abort();
	expect(exports.running).toBe(0);
	await expect(new Response(body).arrayBuffer()).rejects.toThrow("has left");
	await begin("ended");
	timers.clear();
	now += 2 * MINUTE_MS - 1;
	await expect(begin("ended")).rejects.toMatchObject({ code: "export-running" });
	now += 1;
	await begin("ended");
});
it("a used link counts as no further copy", async () => {
	const { token } = exports.link("ada");
	await new Response((await exports.open("ada", token, allowed, nobody)).body).arrayBuffer();
	for (let i = 0; i < 3; i++)
		await expect(exports.open("ada", token, allowed, nobody)).rejects.toMatchObject({ code: "link-unusable" });
	expect(allowedTimes).toBe(1);
});
