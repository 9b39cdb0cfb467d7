import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "./config-error.ts";

/** Why a file cannot be read, and what to do, by the system's code. */
const REASONS: Record<string, string> = {
	ENOENT: "does not exist: correct the path, or put the file there",
	EACCES: "may not be read by this user: give it the right, or run the relay as one who has it",
	EISDIR: "is a directory: name the file in it",
	ENOTDIR: "leads through a file that is no directory: correct the path",
};

/** A file's text. `what` names the setting in the error. */
export function readText(path: string, what: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const { code = "an unknown error" } = error as NodeJS.ErrnoException;
		throw new ConfigError(`${what}: ${path} ${REASONS[code] ?? `cannot be read (${code}): name another file`}`);
	}
}

/** Whether more text could still make JSON of it. */
function mayGoOn(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch (error) {
		const { message } = error as Error;
		const at = Number(/at position (\d+)/.exec(message)?.[1] ?? Number.NaN);
		return message.startsWith("Unexpected end") || message.startsWith("Unterminated") || at >= text.length;
	}
}
/** Where text stops being JSON. The parser tells it in some cases only, and in each version in others. */
function faultOf(text: string): number {
	let [good, bad] = [0, text.length + 1];
	while (bad - good > 1) {
		const middle = Math.floor((good + bad) / 2);
		if (mayGoOn(text.slice(0, middle))) good = middle;
		else bad = middle;
	}
	return good;
}

/** A file's JSON. */
export function readJson(path: string, what: string): unknown {
	const text = readText(path, what);
	try {
		return JSON.parse(text);
	} catch {
		const at = faultOf(text);
		const before = text.slice(0, at);
		const line = before.split("\n").length;
		const column = at - before.lastIndexOf("\n");
		const found = text[at];
		const trailing = /,\s*$/.test(before) && (found === "}" || found === "]");
		let fault = `JSON does not allow «${found}» there`;
		if (trailing) fault = `remove the comma before this «${found}»`;
		else if (found === undefined) fault = "the file ends too early, complete it";
		throw new ConfigError(`${what}: ${path} is not JSON: line ${line}, column ${column}: ${fault}`);
	}
}

function readKey(pem: string, path: string, what: string): KeyObject {
	if (/BEGIN CERTIFICATE/.test(pem)) {
		throw new ConfigError(`${what}: ${path} holds a certificate, not a key: name the file with its private key`);
	}
	if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem)) {
		throw new ConfigError(`${what}: ${path} is locked with a passphrase: give the key without one`);
	}
	try {
		return createPrivateKey(pem);
	} catch {
		throw new ConfigError(
			`${what}: ${path} holds no private key in PEM: name the file that begins with BEGIN PRIVATE KEY`,
		);
	}
}
function readCertificate(pem: string, path: string, what: string): X509Certificate {
	try {
		return new X509Certificate(pem);
	} catch {
		const instead = /PRIVATE KEY/.test(pem) ? "holds a key, not a certificate" : "holds no certificate in PEM";
		throw new ConfigError(`${what}: ${path} ${instead}: name the file that begins with BEGIN CERTIFICATE`);
	}
}

/** A PEM file and the setting that named it. */
interface Named {
	path: string;
	what: string;
}

/**
 * A certificate with its key, which fit each other and hold today. Also what is not wrong and yet not right, as warnings.
 * `nowMs`: wall clock.
 */
export function readPair(certificate: Named, key: Named, nowMs: number) {
	const [certPem, keyPem] = [readText(certificate.path, certificate.what), readText(key.path, key.what)];
	const own = readCertificate(certPem, certificate.path, certificate.what);
	if (!own.checkPrivateKey(readKey(keyPem, key.path, key.what))) {
		throw new ConfigError(
			`${key.what}: ${key.path} is not the key of ${certificate.path} (${certificate.what}): name the two that were made together`,
		);
	}
	const from = Date.parse(own.validFrom);
	const until = Date.parse(own.validTo);
	const day = (ms: number) => new Date(ms).toISOString();
	if (nowMs >= until) {
		throw new ConfigError(`${certificate.what}: ${certificate.path} expired at ${day(until)}: renew it`);
	}
	if (nowMs < from) {
		throw new ConfigError(
			`${certificate.what}: ${certificate.path} is not valid before ${day(from)}: look whether this machine's clock is right`,
		);
	}
	return { pair: { certPem, keyPem }, warnings: othersRead(key) };
}

/** Windows has rights of another kind. */
function othersRead({ path, what }: Named): string[] {
	const open = process.platform !== "win32" && (statSync(path).mode & 0o004) !== 0;
	return open ? [`${what}: everybody on this machine can read ${path}: take that right away (chmod o-rwx)`] : [];
}
