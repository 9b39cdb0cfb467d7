import { BlobReader, type FileEntry, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { ArchiveError, type OpenArchive, sha256Of } from "./archive.ts";

/** Files that an archive of ours may hold at most, and bytes of one when it must fit into memory. */
const MAX_FILES = 500;
const MAX_FILE_BYTES = 1 << 30;

/** Hashes piece by piece, where the platform can. */
export type Hasher = () => { update(bytes: Uint8Array): void; digest(): string };

/**
 * Opens the archive in `blob`, of which only what is asked for is read. Rejects with ArchiveError for what is none of ours:
 * ours are stored without compression, so that nothing in one grows when it is opened.
 */
export async function openZip(blob: Blob, hasher?: Hasher): Promise<OpenArchive> {
	const reader = new ZipReader(new BlobReader(blob), { useWebWorkers: false });
	const files: FileEntry[] = [];
	try {
		for await (const entry of reader.getEntriesGenerator()) {
			if (entry.directory) continue;
			if (files.length === MAX_FILES || entry.compressionMethod !== 0 || entry.encrypted)
				throw new ArchiveError("not-an-archive");
			files.push(entry as FileEntry);
		}
	} catch (error) {
		if (error instanceof ArchiveError) throw error;
		throw new ArchiveError("not-an-archive");
	}
	const find = (path: string): FileEntry => {
		const found = files.find(({ filename }) => filename === path);
		if (!found) throw new ArchiveError("missing-file", path);
		return found;
	};
	/** What the ZIP itself holds against a file is a changed file too. */
	const ofFile = async <T>(path: string, work: (entry: FileEntry) => Promise<T>): Promise<T> => {
		const entry = find(path);
		try {
			return await work(entry);
		} catch (error) {
			if (error instanceof ArchiveError) throw error;
			throw new ArchiveError("changed-file", path);
		}
	};
	const read = (path: string, limit: number) =>
		ofFile(path, async (entry) => {
			if (entry.uncompressedSize > limit) throw new ArchiveError("not-an-archive", path);
			return entry.getData(new Uint8ArrayWriter(), { checkSignature: true }) as Promise<Uint8Array<ArrayBuffer>>;
		});
	return {
		paths: files.map(({ filename }) => filename),
		read,
		digest: async (path) => {
			if (!hasher) {
				const bytes = await read(path, MAX_FILE_BYTES);
				return { sha256: await sha256Of(bytes as Uint8Array<ArrayBuffer>), bytes: bytes.length };
			}
			const hash = hasher();
			let bytes = 0;
			const sink = new WritableStream<Uint8Array>({
				write: (chunk) => {
					hash.update(chunk);
					bytes += chunk.length;
				},
			});
			await ofFile(path, (entry) => entry.getData(sink, { checkSignature: true }));
			return { sha256: hash.digest(), bytes };
		},
	};
}
