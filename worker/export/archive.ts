import { ARCHIVE_VERSION, MANIFEST, Manifest, SIGNATURE, signDetached } from "@mivisus/wire/archive";
import type { SigningKey } from "@mivisus/wire/token";
import { makeZip } from "client-zip";
import { CONTROLLER } from "../data-map/controller.ts";
import { type Table, type TableName, tables } from "../data-map/map.ts";
import type { Recipient } from "../data-map/recipients.ts";
import { informationOf } from "./information.ts";
import { pageOf, SHOWN_ROWS, type Shown } from "./page.ts";
import { csvLine, exportedColumns, type Row, schemaOf, toRecord } from "./rows.ts";
import { WORDS } from "./words.ts";

/** Whose rows, and how they are found. */
export interface Subject {
	id: string;
	emailKey: string;
	language: "en" | "fr";
}
/** What the archive is made from. */
export interface ExportStore {
	/** The next `limit` rows of the person's by the table's key, after the row whose key is `after`. */
	page(table: TableName, subject: Subject, after: unknown, limit: number): Promise<Row[]>;
}
export interface ArchiveOptions {
	store: ExportStore;
	subject: Subject;
	/** ms since 1970. */
	nowMs: number;
	service: string;
	region: string;
	recipients: readonly Recipient[];
	key: SigningKey;
	/** SHA-256, piece by piece. */
	hasher(): { update(bytes: Uint8Array): void; digest(): string };
	/** Lets others have their turn. */
	breathe(): Promise<void>;
}

/** Rows at once: some milliseconds of reading, so that everybody else is served in between. */
const PAGE_ROWS = 500;
const utf8 = new TextEncoder();
const FILES = tables
	.filter((each): each is [TableName, Table & { file: string }] => each[1].file !== undefined)
	.reverse();

/**
 * A person's copy of their data as a ZIP that is made while it is read: what is not read is not fetched, and memory stays
 * flat. The manifest comes last, so that an archive that broke off cannot be taken for a whole one: it has neither a
 * manifest nor a directory.
 */
export function archiveStream(options: ArchiveOptions): ReadableStream<Uint8Array> {
	return makeZip(filesOf(options), { buffersAreUTF8: true });
}

async function* rowsOf(
	{ store, subject, breathe }: ArchiveOptions,
	name: TableName,
	{ key }: Table,
): AsyncGenerator<Row[]> {
	let after: unknown;
	for (;;) {
		const page = await store.page(name, subject, after, PAGE_ROWS);
		if (page.length > 0) yield page;
		if (page.length < PAGE_ROWS) return;
		after = page.at(-1)?.[key];
		await breathe();
	}
}

async function* filesOf(options: ArchiveOptions) {
	const { subject, nowMs, service, region, recipients, key, hasher } = options;
	const { language } = subject;
	const lastModified = new Date(nowMs);
	const words = WORDS[language];
	const files: Manifest["files"] = [];
	const entry = (path: string, chunks: AsyncIterable<string> | Iterable<string>, rows?: () => number) => ({
		name: path,
		lastModified,
		input: (async function* () {
			const hash = hasher();
			let bytes = 0;
			for await (const chunk of chunks) {
				const encoded = utf8.encode(chunk);
				hash.update(encoded);
				bytes += encoded.length;
				yield encoded;
			}
			files.push({ path, bytes, sha256: hash.digest(), ...(rows && { rows: rows() }) });
		})(),
	});
	const information = informationOf(language, recipients);
	const when = new Date(nowMs).toISOString().replace("T", " ").slice(0, 16);
	const readme = [
		words.title,
		words.made(when),
		...words.intro,
		Object.values(words.files)
			.map((line) => `- ${line}`)
			.join("\n"),
		...words.verify,
		`${CONTROLLER.name}, ${CONTROLLER.country}, ${CONTROLLER.contact}`,
	];
	yield entry("README.txt", [`${readme.join("\n\n")}\n`]);
	const shown: Shown[] = [];
	for (const [name, table] of FILES) {
		const { file } = table;
		const record = toRecord(table);
		const seen: Shown & { first: Record<string, unknown>[] } = { file, table, rows: 0, first: [] };
		shown.push(seen);
		const json = async function* () {
			if (!table.one) yield "[";
			for await (const page of rowsOf(options, name, table)) {
				const records = page.map(record);
				const begin = table.one ? "" : seen.rows === 0 ? "\n" : ",\n";
				seen.rows += records.length;
				if (seen.first.length < SHOWN_ROWS) seen.first.push(...records.slice(0, SHOWN_ROWS - seen.first.length));
				yield begin + records.map((each) => JSON.stringify(each)).join(",\n");
			}
			yield table.one ? "\n" : "\n]\n";
		};
		yield entry(`data/${file}.json`, json(), () => seen.rows);
		const columns = exportedColumns(table).map(({ as }) => as);
		let rows = 0;
		const csv = async function* () {
			yield csvLine(columns);
			for await (const page of rowsOf(options, name, table)) {
				rows += page.length;
				yield page.map((row) => csvLine(Object.values(record(row)))).join("");
			}
		};
		yield entry(`data/${file}.csv`, csv(), () => rows);
		yield entry(`schemas/${file}.json`, [`${JSON.stringify(schemaOf(file, table), null, "\t")}\n`]);
	}
	yield entry("information.json", [`${JSON.stringify(information, null, "\t")}\n`]);
	yield entry("index.html", [pageOf(language, when, shown, information)]);
	const manifest = utf8.encode(
		`${JSON.stringify(
			Manifest.parse({
				format: "mivisus-export",
				version: ARCHIVE_VERSION,
				createdAt: new Date(nowMs).toISOString(),
				service,
				region,
				controller: CONTROLLER,
				language,
				files,
			}),
			null,
			"\t",
		)}\n`,
	);
	yield { name: MANIFEST, lastModified, input: manifest };
	yield { name: SIGNATURE, lastModified, input: await signDetached("mivisus-archive", manifest, key) };
}
