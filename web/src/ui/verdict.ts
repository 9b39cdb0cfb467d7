import { ArchiveError, type Manifest, verifyArchive, verifyDetached } from "@mivisus/wire/archive";
import { Id } from "@mivisus/wire/ids";
import { importVerificationKeys } from "@mivisus/wire/token";
import { z } from "zod";
import { Address } from "../api/answers.ts";
import { api, type Problem } from "../api/client.ts";
import type { Key } from "../i18n/index.ts";
import { problemOf } from "./words.ts";

/** What checking something of the service's found. */
export type Verdict<T> =
	| { kind: "whole"; value: T }
	| { kind: "broken"; key: Key; path: string | undefined }
	| { kind: "problem"; problem: Problem };

const SAYS: Record<ArchiveError["reason"], Key> = {
	"not-an-archive": "verify.notAnArchive",
	"newer-version": "verify.newer",
	"unknown-key": "verify.unknownKey",
	"bad-signature": "verify.badSignature",
	"missing-file": "verify.missing",
	"extra-file": "verify.extra",
	"changed-file": "verify.changed",
};

async function judged<T>(
	work: (keys: Awaited<ReturnType<typeof importVerificationKeys>>) => Promise<T>,
): Promise<Verdict<T>> {
	const keys = await api.signingKeys();
	const problem = problemOf(keys);
	if (keys.kind !== "ok") return { kind: "problem", problem: problem ?? { code: "offline", status: 0, detail: "" } };
	try {
		return { kind: "whole", value: await work(await importVerificationKeys(keys.value)) };
	} catch (error) {
		if (error instanceof ArchiveError) return { kind: "broken", key: SAYS[error.reason], path: error.path };
		return { kind: "broken", key: "verify.notAnArchive", path: undefined };
	}
}

/** Checks a copy of somebody's data, in this browser; nothing of it is sent. */
export const judgeArchive = (file: Blob): Promise<Verdict<Manifest>> =>
	judged(async (keys) => {
		const { openZip } = await import("@mivisus/wire/archive-zip");
		return (await verifyArchive(await openZip(file), keys)).manifest;
	});

/** What of a copy can be taken into another account. */
const BroughtAccount = z.object({ fullName: z.string().min(1).max(200), language: z.enum(["en", "fr"]) });
const BroughtCamera = z
	.object({
		id: Id,
		name: z.string().min(1).max(80),
		sound: z.boolean(),
		...Address.shape,
	})
	.transform(({ scheme, host, port, path, ...rest }) => ({ ...rest, address: { scheme, host, port, path } }));
export type BroughtCamera = z.infer<typeof BroughtCamera>;
export interface Brought {
	account: z.infer<typeof BroughtAccount>;
	cameras: BroughtCamera[];
}
/** More than an account has of them (the service's own limit). */
const MAX_CAMERAS = 64;
const MAX_JSON_BYTES = 1 << 20;

/** Checks a copy and reads what can be taken from it; of a broken one nothing is read. */
export const readArchive = (file: Blob): Promise<Verdict<Brought>> =>
	judged(async (keys) => {
		const { openZip } = await import("@mivisus/wire/archive-zip");
		const archive = await openZip(file);
		await verifyArchive(archive, keys);
		const json = async (path: string): Promise<unknown> =>
			JSON.parse(new TextDecoder().decode(await archive.read(path, MAX_JSON_BYTES)));
		return {
			account: BroughtAccount.parse(await json("data/account.json")),
			cameras: z
				.array(BroughtCamera)
				.max(MAX_CAMERAS)
				.parse(await json("data/cameras.json")),
		};
	});

/** Checks a receipt's signature. */
export const judgeReceipt = (document: string, signature: string): Promise<Verdict<undefined>> =>
	judged(async (keys) => {
		await verifyDetached("mivisus-receipt", new TextEncoder().encode(document), signature, keys);
		return undefined;
	});
