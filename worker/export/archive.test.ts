import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@libsql/client";
import { ArchiveError, signDetached, verifyArchive } from "@mivisus/wire/archive";
import { openZip } from "@mivisus/wire/archive-zip";
import { importVerificationKeys } from "@mivisus/wire/token";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { DATA_MAP, type Table, type TableName } from "../data-map/map.ts";
import { sha256Stream } from "../platform/node.ts";
import { newSecrets, useSecrets, type WorkerSecrets } from "../platform/secrets.ts";
import { exportStore } from "../store/exports.ts";
import { FileDatabase } from "../store/file-database.ts";
import { type Canary, seedPerson } from "../store/testing/person.ts";
import { archiveStream } from "./archive.ts";
import { csvLine } from "./rows.ts";

const NOW = Date.UTC(2026, 10, 26, 9, 30);
let folder: string;
let database: FileDatabase;
let client: Client;
let secrets: WorkerSecrets;
let ada: Awaited<ReturnType<typeof seedPerson>>;
let eve: Awaited<ReturnType<typeof seedPerson>>;
beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "mivisus-export-"));
	database = await FileDatabase.open(`file:${join(folder, "db")}`);
	client = createClient({ url: `file:${join(folder, "db")}` });
	ada = await seedPerson(client, "ada", NOW);
	eve = await seedPerson(client, "eve", NOW);
	secrets = await useSecrets(await newSecrets());
});
afterAll(async () => {
	client.close();
	await database.close();
	rmSync(folder, { recursive: true });
});

const make = (subject = ada, language: "en" | "fr" = "en") =>
	archiveStream({
		store: exportStore(database),
		subject: { id: subject.id, emailKey: subject.emailKey, language },
		nowMs: NOW,
		service: "https://mivisus.example",
		region: "eu-west-3",
		recipients: [],
		key: secrets.documentKey,
		hasher: sha256Stream,
		breathe: async () => {},
	});
const open = async (stream: ReadableStream<Uint8Array>) => openZip(await new Response(stream).blob(), sha256Stream);
const textOf = async (archive: Awaited<ReturnType<typeof open>>, path: string) =>
	new TextDecoder().decode(await archive.read(path, 1 << 24));
const keys = () => importVerificationKeys(secrets.documentKeys);

describe("P2: a person's copy", () => {
	it("07.1, 07.4: holds each value where the data map says, and nowhere else; no secret, and nothing of anybody else", async () => {
		const archive = await open(make());
		const texts = new Map<string, string>();
		for (const path of archive.paths) texts.set(path, await textOf(archive, path));
		const holding = ({ value }: Canary) => [...texts].filter(([, text]) => text.includes(value)).map(([path]) => path);
		expect(ada.canaries.length).toBeGreaterThan(60);
		for (const canary of ada.canaries) {
			const [table = "", column = ""] = canary.column.split(".");
			const { file, columns } = DATA_MAP[table as TableName] as Table;
			const exported = file !== undefined && "as" in (columns[column]?.export ?? {});
			const places = exported ? [`data/${file}.json`, `data/${file}.csv`, "index.html"] : [];
			// A row's number stands in the rows that hang on it as well.
			if (column === "id") expect(holding(canary), canary.column).toEqual(expect.arrayContaining(places));
			else expect(holding(canary), canary.column).toEqual(places);
		}
		for (const canary of eve.canaries) expect(holding(canary), canary.column).toEqual([]);
	});
	it("opens again, is whole, and its JSON is what its own schemas say", async () => {
		const archive = await open(make());
		const { manifest } = await verifyArchive(archive, await keys());
		expect(manifest).toMatchObject({
			service: "https://mivisus.example",
			region: "eu-west-3",
			createdAt: "2026-11-26T09:30:00.000Z",
		});
		for (const { path, rows } of manifest.files.filter(
			({ path }) => path.startsWith("data/") && path.endsWith(".json"),
		)) {
			const data: unknown = JSON.parse(await textOf(archive, path));
			const schema = JSON.parse(await textOf(archive, path.replace("data/", "schemas/")));
			expect(z.fromJSONSchema(schema).safeParse(data).error, path).toBeUndefined();
			expect(Array.isArray(data) ? data.length : 1, path).toBe(rows);
			const csv = await textOf(archive, path.replace(".json", ".csv"));
			expect(csv.split("\r\n").length - 2, path).toBe(rows);
		}
	});
	it("reads in the person's language, and tells what article 15 asks for", async () => {
		for (const [language, words] of [
			["en", ["Your data at Mivisus", "legitimate interest", "CNIL"]],
			["fr", ["Vos données chez Mivisus", "intérêt légitime", "CNIL"]],
		] as const) {
			const archive = await open(make(ada, language));
			const [readme, page, information] = [
				await textOf(archive, "README.txt"),
				await textOf(archive, "index.html"),
				await textOf(archive, "information.json"),
			];
			expect(readme).toContain(words[0]);
			for (const word of words) expect(page).toContain(word);
			expect(page).not.toMatch(/<script|\bsrc=|@import|url\(|<link/i);
			expect(JSON.parse(information)).toMatchObject({
				controller: { contact: "contact@mivisus.com", country: "France" },
			});
		}
	});
	it("A03: is read page by page, only as fast as it is taken, and not at all after its reader has left", async () => {
		const store = exportStore(database);
		let pages = 0;
		const endless = archiveStream({
			store: {
				page: async (table, subject, after, limit) => {
					const [row] = await store.page(table, subject, undefined, 1);
					if (table !== "commands") return row && after === undefined ? [row] : [];
					pages += 1;
					return Array.from({ length: limit }, (_, at) => ({ ...row, id: `${pages}-${at}` }));
				},
			},
			subject: { id: ada.id, emailKey: ada.emailKey, language: "en" },
			nowMs: NOW,
			service: "https://mivisus.example",
			region: "eu-west-3",
			recipients: [],
			key: secrets.documentKey,
			hasher: sha256Stream,
			breathe: () => new Promise((resolve) => setTimeout(resolve)),
		});
		const reader = endless.getReader();
		while (pages < 5) await reader.read();
		const before = pages;
		await new Promise((resolve) => setTimeout(resolve, 300));
		// What is on its way already, and nothing after it.
		expect(pages).toBeLessThanOrEqual(before + 2);
		await reader.cancel("left").catch(() => {});
		const left = pages;
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(pages).toBe(left);
	});
	it("a formula in a name is text to a spreadsheet, and a name with commas, quotes and lines one cell", async () => {
		const name = '=HYPERLINK("http://x"),\n"b"';
		await client.execute({
			sql: "UPDATE cameras SET name = ? WHERE account_id = ? AND port = 1",
			args: [name, ada.id],
		});
		const archive = await open(make());
		expect(await textOf(archive, "data/cameras.csv")).toContain(`"'=HYPERLINK(""http://x""),\n""b"""`);
		expect(JSON.parse(await textOf(archive, "data/cameras.json"))).toContainEqual(expect.objectContaining({ name }));
		for (const [text, written] of [
			["a;=1+1", `"a;'=1+1"`],
			[" =1", `"' =1"`],
			["\u200b@SUM(1)", `"'\u200b@SUM(1)"`],
			["\uff1d1", `"'\uff1d1"`],
			["a\n-1", `"a\n'-1"`],
			["Garage - rear, 2+2=4", `"Garage - rear, 2+2=4"`],
			["Garage", "Garage"],
		] as const)
			expect(csvLine([text]), text).toBe(`${written}\r\n`);
	});
});

describe("an archive that was tampered with", () => {
	const bytesOf = async () => new Uint8Array(await new Response(make()).arrayBuffer());
	const verdict = async (bytes: Uint8Array<ArrayBuffer>) => {
		try {
			await verifyArchive(await openZip(new Blob([bytes]), sha256Stream), await keys());
			return "whole";
		} catch (error) {
			return error instanceof ArchiveError ? `${error.reason} ${error.path ?? ""}`.trim() : String(error);
		}
	};
	/** Replaces the first `from` in the bytes by `to`, of the same length. */
	const replaced = (bytes: Uint8Array<ArrayBuffer>, from: string, to: string, at = 0) => {
		const index = Buffer.from(bytes.buffer).indexOf(from, at);
		expect(index).toBeGreaterThan(0);
		const changed = bytes.slice();
		changed.set(new TextEncoder().encode(to), index);
		return changed;
	};
	it("is told from one that was not, and by which file", async () => {
		const whole = await bytesOf();
		expect(await verdict(whole)).toBe("whole");
		expect(await verdict(replaced(whole, "ada-accounts-full_name-0", "eve-accounts-full_name-0"))).toBe(
			"changed-file data/account.json",
		);
		for (const part of [0.3, 0.7, 0.99])
			expect(await verdict(whole.slice(0, whole.length * part))).toBe("not-an-archive");
		expect(await verdict(new Uint8Array(0))).toBe("not-an-archive");
	});
	it("in a ZIP that was made anew around the changes is told as well", async () => {
		const archive = await open(make());
		const whole = await archive.read("manifest.json", 1 << 20);
		const forged = new TextEncoder().encode(new TextDecoder().decode(whole).replace("eu-west-3", "us-east-1"));
		const read = async (path: string, limit: number) => (path === "manifest.json" ? forged : archive.read(path, limit));
		await expect(verifyArchive({ ...archive, read }, await keys())).rejects.toThrow("bad-signature");
		const paths = archive.paths.filter((path) => path !== "data/cameras.json");
		await expect(verifyArchive({ ...archive, paths }, await keys())).rejects.toThrow("missing-file: data/cameras.json");
		for (const extra of ["data/other.json", "data/cameras.json"]) {
			const more = { ...archive, paths: [...archive.paths, extra] };
			await expect(verifyArchive(more, await keys())).rejects.toThrow(`extra-file: ${extra}`);
		}
		const digest = async () => ({ ...(await archive.digest("README.txt")), sha256: "A".repeat(43) });
		await expect(verifyArchive({ ...archive, digest }, await keys())).rejects.toThrow("changed-file: README.txt");
		// A receipt's signature is none over an archive.
		const jws = await signDetached("mivisus-receipt", whole, secrets.documentKey);
		const other = async (path: string, limit: number) =>
			path === "manifest.jws" ? new TextEncoder().encode(jws) : archive.read(path, limit);
		await expect(verifyArchive({ ...archive, read: other }, await keys())).rejects.toThrow("bad-signature");
	});
	it("signed by anybody else is not ours", async () => {
		const stranger = await useSecrets(await newSecrets());
		const archive = await open(make());
		await expect(verifyArchive(archive, await importVerificationKeys(stranger.documentKeys))).rejects.toThrow(
			"unknown-key",
		);
	});
	it("any byte of it: at two hundred places, none passes for whole", async () => {
		const whole = await bytesOf();
		const step = Math.max(1, Math.floor(whole.length / 200));
		for (let at = 30; at < whole.length; at += step) {
			const changed = whole.slice();
			changed[at] = (changed[at] ?? 0) ^ 1;
			const said = await verdict(changed);
			// Times and attributes in the ZIP's own headers are no part of anybody's data.
			if (said === "whole") expect(await sameFiles(whole, changed), `byte ${at}`).toBe(true);
		}
	}, 60_000);
	async function sameFiles(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Promise<boolean> {
		const [one, other] = [await openZip(new Blob([a])), await openZip(new Blob([b]))];
		if (one.paths.join() !== other.paths.join()) return false;
		for (const path of one.paths)
			if ((await one.digest(path)).sha256 !== (await other.digest(path)).sha256) return false;
		return true;
	}
});
