import { spawnSync } from "node:child_process";

/** Bytes of the key under which the agent's state is sealed. */
export const KEY_BYTES = 32;
/** The platform's key tools may wait for a person to allow it, ms. */
const TOOL_TIMEOUT_MS = 60_000;

/** The key is not to be had; the message says where it should be and what to do. */
export class KeyError extends Error {
	override name = "KeyError";
}

/** A place for one key of {@link KEY_BYTES}. */
export interface KeyStore {
	/** As it stands in the state file. */
	readonly name: "file" | "systemd" | "keychain" | "dpapi";
	/** Whether a key can be kept here on this machine, now. */
	readonly usable: boolean;
	/** The key, or `undefined` where there is none. Throws KeyError where there may be one that cannot be had. */
	load(): Buffer | undefined;
	/** Keeps a new key durably before it returns. Throws KeyError. */
	keep(key: Buffer): void;
	/** Forgets the key: what it sealed is sealed under another one now. */
	forget(): void;
}

/** Runs one of the platform's own key tools, once, with `input` on its standard input: secrets are never arguments. */
export type KeyTool = (
	program: string,
	args: readonly string[],
	input?: string,
) => { status: number | null; output: Buffer; complaint: string };

export const runKeyTool: KeyTool = (program, args, input = "") => {
	const { status, stdout, stderr, error } = spawnSync(program, args, { input, timeout: TOOL_TIMEOUT_MS });
	return { status, output: stdout ?? Buffer.alloc(0), complaint: (error?.message ?? stderr?.toString() ?? "").trim() };
};

/** A key as text, checked. */
export function keyOf(text: string, place: string): Buffer {
	const key = Buffer.from(text.trim(), "base64");
	if (key.length !== KEY_BYTES) throw new KeyError(`The key in ${place} is damaged. Restore it from a backup.`);
	return key;
}
