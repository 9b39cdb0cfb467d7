import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A secret as it may stand somewhere: raw, percent-encoded, JSON, base64 at each of its three alignments, hex, UTF-16. */
export function formsOf(secret: string): (string | Buffer)[] {
	const bytes = Buffer.from(secret);
	const aligned = [0, 1, 2].map((shift) => {
		const text = Buffer.concat([Buffer.alloc(shift), bytes])
			.toString("base64")
			.replace(/=+$/, "");
		// The first and last characters depend on the neighbours; what lies between is the secret's own.
		return text.slice(Math.ceil((shift * 8) / 6) + (shift > 0 ? 1 : 0), -1);
	});
	const forms: (string | Buffer)[] = [
		secret,
		encodeURIComponent(secret),
		encodeURI(secret),
		JSON.stringify(secret).slice(1, -1),
		...aligned,
		...aligned.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
		bytes.toString("hex"),
		bytes.toString("hex").toUpperCase(),
		Buffer.from(secret, "utf16le"),
		createHash("md5").update(secret).digest("hex"),
	];
	return [...new Set(forms)].filter((form) => form.length >= 6);
}

/** A JWS: a session, a token for the relay, an order. */
const SIGNED = /eyJ[\w-]{10,}\.[\w-]{10,}/;
/**
 * P1: what `output` of programs holds that no log may: `personal` in any form, the address of anybody, anything signed.
 * The link that an agent shows is meant to be read, and is left out.
 */
export function toldIn(output: readonly string[], personal: readonly string[]): string[] {
	const text = output.map((line) => line.replace(/\/enrol#\S+/, "/enrol#")).join("\n");
	const bytes = Buffer.from(text);
	const forms = personal.filter((value) => formsOf(value).some((form) => bytes.includes(form)));
	const others = [SIGNED, /[\w.+-]+@[\w-]+\.[\w.-]+/].flatMap((pattern) => pattern.exec(text)?.[0] ?? []);
	return [...forms, ...others];
}

/** Every file under `folder`, read. */
export function filesUnder(folder: string): { path: string; bytes: Buffer }[] {
	return readdirSync(folder, { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath ?? entry.path, entry.name))
		.map((path) => ({ path, bytes: readFileSync(path) }));
}

/** The command line of every process of this machine. */
export function commandLines(): { path: string; bytes: Buffer }[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.flatMap((pid) => {
			try {
				return [{ path: `process ${pid}`, bytes: readFileSync(`/proc/${pid}/cmdline`) }];
			} catch {
				return [];
			}
		});
}
