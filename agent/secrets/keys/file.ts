import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PrivateFile } from "../file.ts";
import { type KeyStore, keyOf } from "./store.ts";

/**
 * The key in a file beside the state, for its owner only. Where the machine has nothing better, it keeps a copy of the state
 * alone (a backup of one file, a support request) from being readable; it is no protection from who reads both.
 */
export function fileKeys(home: string): KeyStore {
	const file = new PrivateFile(join(home, "state.key"), z.strictObject({ key: z.string().max(100) }));
	return {
		name: "file",
		usable: true,
		load() {
			const kept = file.read();
			return kept && keyOf(kept.key, file.path);
		},
		keep: (key) => file.write({ key: key.toString("base64") }),
		forget: () => rmSync(file.path, { force: true }),
	};
}
