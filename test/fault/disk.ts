import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deed } from "./trace.ts";

/** Disks write whole sectors, in whatever order they like. */
const SECTOR = 512;
type Change = Extract<Deed, { kind: "write" | "truncate" }>;
type Naming = { kind: "create" | "remove"; file: string; inode: Inode };

/** One file, by whatever name. */
interface Inode {
	/** What is surely on the disk. */
	synced: Buffer;
	/** What may be. */
	pending: Change[];
}

/** What `content` is after `changes`. */
function applied(content: Buffer, changes: readonly Change[]): Buffer {
	const ends = changes.map((change) => (change.kind === "write" ? change.at + change.bytes.length : change.size));
	const room = Buffer.alloc(Math.max(content.length, ...ends));
	let size = content.copy(room);
	for (const change of changes) {
		if (change.kind === "truncate") {
			room.fill(0, change.size);
			size = change.size;
		} else {
			change.bytes.copy(room, change.at);
			size = Math.max(size, change.at + change.bytes.length);
		}
	}
	return room.subarray(0, size);
}

/** The parts of a write that reach the disk when some sectors do not. */
function torn(change: Change, random: () => number): Change[] {
	if (change.kind === "truncate") return [change];
	const parts: Change[] = [];
	for (let from = 0; from < change.bytes.length; ) {
		const to = Math.min(change.bytes.length, from + SECTOR - ((change.at + from) % SECTOR));
		if (random() < 0.5) parts.push({ ...change, at: change.at + from, bytes: change.bytes.subarray(from, to) });
		from = to;
	}
	return parts;
}

/** What becomes of that which was not synced when the power goes. */
const FATES: readonly ((pending: Change[], random: () => number) => Change[])[] = [
	() => [],
	(pending) => pending,
	(pending, random) => pending.slice(0, Math.floor(random() * (pending.length + 1))),
	(pending, random) => pending.slice(Math.floor(random() * (pending.length + 1))),
	(pending, random) => pending.filter(() => random() < 0.5),
	(pending, random) => pending.flatMap((change) => (random() < 0.5 ? torn(change, random) : [change])),
	(pending, random) => pending.flatMap((change) => torn(change, random)),
];

/**
 * A disk on which `deeds` happen one by one. `crash` gives its files as a power cut at this moment may leave them; `now` as
 * a kill of the program does, which loses nothing of what the system was told.
 */
export class Disk {
	/** Names that are surely there. */
	#synced = new Map<string, Inode>();
	#namings: Naming[] = [];
	#names = new Map<string, Inode>();

	constructor(files: Readonly<Record<string, Buffer>> = {}) {
		for (const [name, content] of Object.entries(files)) this.#names.set(name, { synced: content, pending: [] });
		this.#synced = new Map(this.#names);
	}
	do(deed: Deed): void {
		if (deed.kind === "say") return;
		if (deed.kind === "sync-names") {
			this.#namings = [];
			this.#synced = new Map(this.#names);
			return;
		}
		if (deed.kind === "create") {
			const inode = { synced: Buffer.alloc(0), pending: [] };
			this.#names.set(deed.file, inode);
			this.#namings.push({ kind: "create", file: deed.file, inode });
			return;
		}
		const inode = this.#names.get(deed.file);
		if (!inode) throw new Error(`${deed.file} is changed but was never made`);
		if (deed.kind === "remove") {
			this.#names.delete(deed.file);
			this.#namings.push({ kind: "remove", file: deed.file, inode });
		} else if (deed.kind === "sync") {
			inode.synced = applied(inode.synced, inode.pending);
			inode.pending = [];
			// Linux file systems keep the name of a file that they were asked to keep.
			this.#keepName(deed.file, inode);
		} else inode.pending.push(deed);
	}
	now(): Record<string, Buffer> {
		const all = (inode: Inode) => applied(inode.synced, inode.pending);
		return Object.fromEntries([...this.#names].map(([name, inode]) => [name, all(inode)]));
	}
	crash(random: () => number): Record<string, Buffer> {
		const names = new Map(this.#synced);
		// Names are kept in the order in which they were given, up to somewhere.
		for (const { kind, file, inode } of this.#namings.slice(0, Math.floor(random() * (this.#namings.length + 1)))) {
			if (kind === "create") names.set(file, inode);
			else names.delete(file);
		}
		const fate = FATES[Math.floor(random() * FATES.length)]!;
		return Object.fromEntries(
			[...names].map(([name, inode]) => [name, applied(inode.synced, fate(inode.pending, random))]),
		);
	}
	#keepName(file: string, inode: Inode): void {
		this.#namings = this.#namings.filter((naming) => naming.kind !== "create" || naming.inode !== inode);
		this.#synced.set(file, inode);
	}
}

/** The files in a folder of their own. */
export function laid(files: Readonly<Record<string, Buffer>>): string {
	const folder = mkdtempSync(join(tmpdir(), "mivisus-disk-"));
	for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
	return folder;
}
