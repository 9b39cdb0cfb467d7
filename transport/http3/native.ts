import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loweredCopy } from "./lowered.ts";
import { privateCopy, sha256 } from "./private-copy.ts";

/**
 * The native classes of `@moq/web-transport`, as far as they are used. The package's own TypeScript hides priorities and
 * error codes, and needs Node 22, so it is passed by.
 */

export interface NativeSendStream {
	write(data: Buffer): Promise<void>;
	finish(): Promise<void>;
	reset(code: number): Promise<void>;
	setPriority(priority: number): Promise<void>;
}
export interface NativeRecvStream {
	read(maxSize: number): Promise<Buffer | null>;
	stop(code: number): Promise<void>;
}
export interface NativeBidiStream {
	takeSend(): NativeSendStream;
	takeRecv(): NativeRecvStream;
}
export interface NativeSession {
	acceptUni(): Promise<NativeRecvStream>;
	acceptBi(): Promise<NativeBidiStream>;
	openUni(): Promise<NativeSendStream>;
	openBi(): Promise<NativeBidiStream>;
	close(code: number, reason: string): void;
	closed(): Promise<{ closeCode: number; reason: string }>;
}
export interface NativeRequest {
	readonly url: Promise<string>;
	ok(): Promise<NativeSession>;
	reject(status: number): Promise<void>;
}
export interface NativeServer {
	accept(): Promise<NativeRequest | null>;
}
export interface NativeClient {
	connect(url: string): Promise<NativeSession>;
}
export interface Native {
	NapiServer: { bind(address: string, certPem: Buffer, keyPem: Buffer): NativeServer };
	NapiClient: {
		withSystemRoots(): NativeClient;
		withCertificateHashes(hashes: Buffer[]): NativeClient;
	};
}

/** The native part of HTTP/3 does not load here; the message says why and what to do. */
export class NativeUnavailableError extends Error {
	override name = "NativeUnavailableError";
}

/** Whether `version` of glibc (e.g. `2.36`) lacks what the addon as shipped asks for. */
export function needsLowering(version: string | undefined): boolean {
	if (version === undefined) return false;
	const [major = 0, minor = 0] = version.split(".").map(Number);
	return major < 2 || (major === 2 && minor < 38);
}

/** glibc's version on this machine; `undefined` on other systems and on musl. */
function glibcVersion(): string | undefined {
	if (process.platform !== "linux" || !process.report) return undefined;
	// Without this the report looks up names of every open socket and may take seconds. Types of Node 20 lack it.
	(process.report as unknown as { excludeNetwork: boolean }).excludeNetwork = true;
	const report = process.report.getReport() as unknown as { header?: { glibcVersionRuntime?: string } };
	return report.header?.glibcVersionRuntime;
}

/** The addon as a program of one file carries it: its bytes, and what their SHA-256 (hex) was when the file was built. */
export interface EmbeddedAddon {
	/** Read only to make a copy: what was read of the program's own file stays in memory with it. */
	read(): Uint8Array;
	sha256: string;
}
let embedded: EmbeddedAddon | undefined;

/** Says that the addon comes with the program; must be called before it is loaded. */
export function embedAddon(addon: EmbeddedAddon): void {
	embedded = addon;
}

/** Path of the carried addon outside of the program: only a real file can be loaded as code. */
export function extracted(addon: EmbeddedAddon, folder?: string): string {
	const read = () => {
		const bytes = addon.read();
		if (sha256(bytes) !== addon.sha256) throw new Error("this program's file is damaged; download it again");
		return bytes;
	};
	return privateCopy(`web-transport-${process.platform}-${process.arch}`, addon.sha256, read, folder);
}

function open(path: string): Native {
	const holder = { exports: {} as Native };
	process.dlopen(holder, path);
	return holder.exports;
}

function load(): Native {
	const old = needsLowering(glibcVersion());
	if (embedded) return open(old ? loweredCopy(embedded) : extracted(embedded));
	const require = createRequire(import.meta.url);
	// The package exports its TypeScript alone; the loader of the addon stands one folder above it.
	const root = dirname(dirname(require.resolve("@moq/web-transport")));
	if (!old) return require(join(root, "napi.cjs")) as Native;
	const shipped = readFileSync(join(root, `web-transport.linux-${process.arch}-gnu.node`));
	return open(loweredCopy({ sha256: sha256(shipped), read: () => shipped }));
}

let loaded: Native | undefined;

/** Loads the addon once. Throws NativeUnavailableError. */
export function loadNative(): Native {
	try {
		loaded ??= load();
		return loaded;
	} catch (cause) {
		throw new NativeUnavailableError(
			`HTTP/3 is not available on ${process.platform} ${process.arch}: ${(cause as Error).message}`,
			{ cause },
		);
	}
}
