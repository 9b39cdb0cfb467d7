/** A program for macOS is not shaped as expected. */
export class MachOError extends Error {
	override name = "MachOError";
}

const MAGIC_64 = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_BYTES = 32;
const SIGNATURE_COMMAND_BYTES = 16;
const PAGE_BYTES = 4096;

interface Command {
	kind: number;
	at: number;
	size: number;
}

function commandsOf(file: Buffer): Command[] {
	if (file.length < HEADER_BYTES || file.readUInt32LE(0) !== MAGIC_64) throw new MachOError("not a 64-bit Mach-O file");
	const commands: Command[] = [];
	let at = HEADER_BYTES;
	for (let i = file.readUInt32LE(16); i > 0; i--) {
		const command = { kind: file.readUInt32LE(at), at, size: file.readUInt32LE(at + 4) };
		commands.push(command);
		at += command.size;
	}
	return commands;
}

/** Whether the program says that it is signed; whether the signature fits is for macOS to find out. */
export function isSigned(file: Buffer): boolean {
	return commandsOf(file).some(({ kind }) => kind === LC_CODE_SIGNATURE);
}

/**
 * The program without its signature, as `codesign --remove-signature` makes it. Bun signs its output for arm64 anew, but
 * leaves the signature of its own makers on that for x64, where it fits no longer: macOS ends a program whose signature is
 * wrong, and runs one on Intel that has none. Throws MachOError unless command and signature both stand last.
 */
export function withoutSignature(file: Buffer): Buffer {
	const commands = commandsOf(file);
	const signature = commands.at(-1);
	const linkEdit = commands.find(
		({ kind, at }) => kind === LC_SEGMENT_64 && file.toString("latin1", at + 8, at + 24).startsWith("__LINKEDIT\0"),
	);
	if (signature?.kind !== LC_CODE_SIGNATURE || !linkEdit)
		throw new MachOError("no signature at the end of the commands");
	const start = file.readUInt32LE(signature.at + 8);
	if (start + file.readUInt32LE(signature.at + 12) !== file.length)
		throw new MachOError("something follows the signature");
	const bare = Buffer.from(file.subarray(0, start));
	bare.writeUInt32LE(commands.length - 1, 16);
	bare.writeUInt32LE(bare.readUInt32LE(20) - SIGNATURE_COMMAND_BYTES, 20);
	bare.fill(0, signature.at, signature.at + SIGNATURE_COMMAND_BYTES);
	const size = start - Number(bare.readBigUInt64LE(linkEdit.at + 40));
	bare.writeBigUInt64LE(BigInt(Math.ceil(size / PAGE_BYTES) * PAGE_BYTES), linkEdit.at + 32);
	bare.writeBigUInt64LE(BigInt(size), linkEdit.at + 48);
	return bare;
}
