import { privateCopy, sha256 } from "./private-copy.ts";

/**
 * A copy of the native addon that loads on glibc 2.34 to 2.37 (decision 0002). The Linux builds of
 * `@moq/web-transport` 0.1.4 ask for GLIBC_2.38 for two symbols only, which are C23 spellings of `strtol` and `sscanf`.
 * In the copy these two, and nothing else, point to the old spellings. Remove this file when the package ships builds
 * for glibc 2.34, or when Debian 12 leaves support.
 */

/** What was unexpected about the addon or the machine, and what to do. */
export class LoweredError extends Error {
	override name = "LoweredError";
}

/** SHA-256 of the addon as npm ships it in version 0.1.4, and of the copy that {@link lower} makes of it. */
export const PINNED: Readonly<Record<string, { original: string; lowered: string }>> = {
	x64: {
		original: "6953b1d57f2887cd74885cb3c2d13c314899baaa0513b6069c65c4b3b3b5bcf4",
		lowered: "d8c3a09c3726593202179755f897639041105734552a83803ef6c0a313633550",
	},
	arm64: {
		original: "a1a729b47ad69006803e28388a69948b2188bb346599b972ecb1bcc59a7f8efc",
		lowered: "94cc6f436858653dd42c002251d1ffc640e3acd791fed54557b701a40fe26a79",
	},
};

/** Symbols that may be redirected; the old name is the tail of the new one, so no string has to be added. */
const REDIRECTED: ReadonlySet<string> = new Set(["__isoc23_strtol", "__isoc23_sscanf"]);
const PREFIX_LENGTH = "__isoc23_".length;
const UNWANTED_VERSION = "GLIBC_2.38";
/** The oldest version of each architecture's ABI: what `strtol` and `sscanf` have had from the beginning. */
const BASE_VERSION: Readonly<Record<number, string>> = { 62: "GLIBC_2.2.5", 183: "GLIBC_2.17" };
const SHT_DYNSYM = 11;
const VER_FLG_WEAK = 2;

interface Section {
	name: string;
	type: number;
	offset: number;
	size: number;
	link: number;
}

/** Just enough of a reader for 64-bit little-endian ELF. */
class Elf {
	readonly bytes: Buffer;
	readonly machine: number;
	readonly sections: Section[];

	constructor(bytes: Buffer) {
		if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
			throw new LoweredError("not a 64-bit little-endian ELF file");
		}
		this.bytes = bytes;
		this.machine = bytes.readUInt16LE(18);
		const at = Number(bytes.readBigUInt64LE(40));
		const entry = bytes.readUInt16LE(58);
		const raw = Array.from({ length: bytes.readUInt16LE(60) }, (_, i) => {
			const o = at + i * entry;
			return {
				nameAt: bytes.readUInt32LE(o),
				type: bytes.readUInt32LE(o + 4),
				offset: Number(bytes.readBigUInt64LE(o + 24)),
				size: Number(bytes.readBigUInt64LE(o + 32)),
				link: bytes.readUInt32LE(o + 40),
			};
		});
		const names = raw[bytes.readUInt16LE(62)];
		if (!names) throw new LoweredError("the ELF file has no section names");
		this.sections = raw.map(({ nameAt, ...rest }) => ({ name: this.text(names.offset + nameAt), ...rest }));
	}
	text(offset: number): string {
		return this.bytes.toString("latin1", offset, this.bytes.indexOf(0, offset));
	}
	section(found: Section | undefined, name: string): Section {
		if (!found) throw new LoweredError(`the ELF file has no ${name}`);
		return found;
	}
}

/** The entries of `.gnu.version_r`: which version of which library is needed, under which index. */
function versionNeeds(elf: Elf, needs: Section, strings: Section) {
	const { bytes } = elf;
	const found: { at: number; index: number; name: string; library: string }[] = [];
	for (let need = needs.offset, more = true; more; ) {
		const library = elf.text(strings.offset + bytes.readUInt32LE(need + 4));
		let at = need + bytes.readUInt32LE(need + 8);
		for (let i = bytes.readUInt16LE(need + 2); i > 0; i--) {
			const name = elf.text(strings.offset + bytes.readUInt32LE(at + 8));
			found.push({ at, index: bytes.readUInt16LE(at + 6), name, library });
			at += bytes.readUInt32LE(at + 12);
		}
		const next = bytes.readUInt32LE(need + 12);
		more = next !== 0;
		need += next;
	}
	return found;
}

/** Pure: the lowered form of the addon's bytes. Throws LoweredError for anything but exactly the two known symbols. */
export function lower(original: Uint8Array): Buffer {
	const bytes = Buffer.from(original);
	const elf = new Elf(bytes);
	const symbols = elf.section(
		elf.sections.find(({ type }) => type === SHT_DYNSYM),
		"dynamic symbols",
	);
	const strings = elf.section(elf.sections[symbols.link], "dynamic strings");
	const versions = elf.section(
		elf.sections.find(({ name }) => name === ".gnu.version"),
		".gnu.version",
	);
	const needs = elf.section(
		elf.sections.find(({ name }) => name === ".gnu.version_r"),
		".gnu.version_r",
	);
	const needed = versionNeeds(elf, needs, strings);
	const unwanted = needed.filter(({ name }) => name === UNWANTED_VERSION);
	const base = needed.find(({ name, library }) => name === BASE_VERSION[elf.machine] && library === "libc.so.6");
	if (unwanted.length !== 1 || !unwanted[0] || !base) {
		throw new LoweredError(`expected one need of ${UNWANTED_VERSION} and one of the base version`);
	}
	const redirected: string[] = [];
	for (let i = 0; i < symbols.size / 24; i++) {
		const versionAt = versions.offset + 2 * i;
		if ((bytes.readUInt16LE(versionAt) & 0x7fff) !== unwanted[0].index) continue;
		const symbolAt = symbols.offset + 24 * i;
		const nameAt = bytes.readUInt32LE(symbolAt);
		const name = elf.text(strings.offset + nameAt);
		if (!REDIRECTED.has(name))
			throw new LoweredError(`symbol ${name} needs ${UNWANTED_VERSION}, which was not expected`);
		bytes.writeUInt32LE(nameAt + PREFIX_LENGTH, symbolAt);
		bytes.writeUInt16LE(base.index, versionAt);
		redirected.push(name);
	}
	if (redirected.length !== REDIRECTED.size) throw new LoweredError(`found only ${redirected.join(", ") || "nothing"}`);
	// Nothing refers to it any more; weak, the loader does not insist on it.
	bytes.writeUInt16LE(bytes.readUInt16LE(unwanted[0].at + 4) | VER_FLG_WEAK, unwanted[0].at + 4);
	return bytes;
}

/**
 * Path of a checked lowered copy of the addon, made in `folder` when it is not there yet. `original`: the addon as npm
 * ships it; its bytes are asked for only to make the copy.
 */
export function loweredCopy(
	original: { sha256: string; read(): Uint8Array },
	arch: string = process.arch,
	folder?: string,
): string {
	const pinned = PINNED[arch];
	if (!pinned) throw new LoweredError(`no build of the HTTP/3 addon is known for Linux on ${arch}`);
	if (original.sha256 !== pinned.original) throw new LoweredError(UNKNOWN);
	const make = () => {
		const bytes = original.read();
		if (sha256(bytes) !== pinned.original) throw new LoweredError(UNKNOWN);
		return lower(bytes);
	};
	return privateCopy(`web-transport-0.1.4-${arch}`, pinned.lowered, make, folder);
}

const UNKNOWN = "the HTTP/3 addon is not the build of @moq/web-transport 0.1.4 that is known; run npm ci again";
