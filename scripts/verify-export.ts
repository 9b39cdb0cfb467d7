/**
 * `npm run verify-export -- ARCHIVE --keys KEYS`: whether a copy of somebody's data is as the service made it. KEYS: the
 * service's public keys, a file or an address (`https://mivisus.com/api/signing-keys`). Ends with 0 when it is, 1 when not.
 */
import { openAsBlob, readFileSync } from "node:fs";
import { ArchiveError, verifyArchive } from "@mivisus/wire/archive";
import { openZip } from "@mivisus/wire/archive-zip";
import { importVerificationKeys } from "@mivisus/wire/token";
import { sha256Stream } from "../worker/platform/node.ts";

const SAYS: Record<ArchiveError["reason"], string> = {
	"not-an-archive": "This is no copy that Mivisus made, or it broke off while it was downloaded.",
	"newer-version": "It was made by a newer version of Mivisus: use that version to check it.",
	"unknown-key": "It is signed, but not with a key of this service.",
	"bad-signature": "The signature does not hold: the list of files was changed, or was never ours.",
	"missing-file": "A file is missing",
	"extra-file": "A file was added",
	"changed-file": "A file was changed",
};

const [archive, flag, keysAt, ...more] = process.argv.slice(2);
if (!archive || flag !== "--keys" || !keysAt || more.length > 0) {
	console.error(
		"npm run verify-export -- ARCHIVE --keys FILE-OR-ADDRESS\nKeys of the service: https://mivisus.com/api/signing-keys",
	);
	process.exit(2);
}
async function keysFrom(place: string) {
	const text = /^https?:/.test(place)
		? await fetch(place).then((answer) =>
				answer.ok ? answer.text() : Promise.reject(new Error(`it answered ${answer.status}`)),
			)
		: readFileSync(place, "utf8");
	return importVerificationKeys(JSON.parse(text));
}
/** A name that somebody else chose: nothing in it reaches the terminal as a command. */
const shown = (name: string) => JSON.stringify(name).slice(1, -1);
try {
	const keys = await keysFrom(keysAt).catch((error: Error) => {
		throw new Error(`The keys cannot be had from ${keysAt}: ${error.message}`);
	});
	const { manifest, kid } = await verifyArchive(await openZip(await openAsBlob(archive), sha256Stream), keys);
	const rows = manifest.files.filter(({ path, rows }) => rows !== undefined && path.endsWith(".json"));
	console.log(`Whole and unchanged: made by ${manifest.service} at ${manifest.createdAt}, signed with ${kid}.`);
	for (const { path, rows: count } of rows) console.log(`  ${shown(path).padEnd(24)} ${count}`);
} catch (error) {
	if (error instanceof ArchiveError)
		console.error(`NOT AS IT WAS MADE. ${SAYS[error.reason]}${error.path ? `: ${shown(error.path)}` : ""}`);
	else console.error((error as Error).message);
	process.exit(1);
}
