import { gzipSync } from "node:zlib";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { packTar } from "modern-tar";

/** One file, or a folder where there is no content, with its path inside an archive. */
export interface Entry {
	path: string;
	content?: Uint8Array | string;
	/** 0o644 unless given, 0o755 for folders. */
	mode?: number;
}

/** Every date inside an archive: the same sources give the same bytes. SOURCE_DATE_EPOCH (s since 1970) is heeded. */
const DATE = new Date(Number(process.env["SOURCE_DATE_EPOCH"] ?? 1_767_225_600) * 1000);

const bytesOf = (content: Uint8Array | string) => (typeof content === "string" ? Buffer.from(content) : content);

/** A .tar.gz whose files belong to root. */
export async function tarGz(entries: readonly Entry[]): Promise<Buffer> {
	const packed = await packTar(
		entries.map(({ path, content, mode }) => {
			const common = { mtime: DATE, uid: 0, gid: 0, uname: "root", gname: "root" };
			if (content === undefined)
				return { header: { ...common, name: path, type: "directory" as const, size: 0, mode: mode ?? 0o755 } };
			const body = bytesOf(content);
			return { header: { ...common, name: path, size: body.length, mode: mode ?? 0o644 }, body };
		}),
	);
	return gzipSync(packed);
}

/** A .zip that keeps which files may be run. */
export async function zip(entries: readonly Entry[]): Promise<Buffer> {
	const writer = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, extendedTimestamp: false });
	// Its dates have no time zone: the machine's own must not matter.
	const date = new Date(DATE.getUTCFullYear(), DATE.getUTCMonth(), DATE.getUTCDate());
	for (const { path, content = "", mode = 0o644 } of entries) {
		await writer.add(path, new Uint8ArrayReader(bytesOf(content)), { lastModDate: date, unixMode: 0o100000 | mode });
	}
	return Buffer.from(await writer.close());
}

/** An archive as `ar` makes it, the outer form of a Debian package. */
export function ar(members: readonly { name: string; content: Uint8Array }[]): Buffer {
	const parts: Uint8Array[] = [Buffer.from("!<arch>\n")];
	for (const { name, content } of members) {
		const seconds = String(DATE.getTime() / 1000).padEnd(12);
		const head = `${name.padEnd(16)}${seconds}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(content.length).padEnd(10)}\`\n`;
		parts.push(Buffer.from(head), content);
		if (content.length % 2 === 1) parts.push(Buffer.from("\n"));
	}
	return Buffer.concat(parts);
}
