import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SYSTEM_HOME } from "../../config.ts";
import { KEY_BYTES, KeyError, type KeyStore, type KeyTool, runKeyTool } from "./store.ts";

/** The name under which the unit hands the key over (the Debian package makes both). */
const CREDENTIAL = "mivisus-agent-key";
const SEALED = `/etc/credstore.encrypted/${CREDENTIAL}`;

/**
 * The key as a credential of systemd (systemd.exec(5), Credentials): encrypted on disk with the machine's own key, in its TPM
 * where it has one, and handed to the service alone. No process is started for it; only root on the command line, who is not
 * handed it, asks `systemd-creds`.
 */
export function systemdKeys(
	home: string,
	env: NodeJS.ProcessEnv,
	{
		run = runKeyTool,
		sealed = SEALED,
		root = process.getuid?.() === 0,
	}: { run?: KeyTool; sealed?: string; root?: boolean } = {},
): KeyStore {
	const handed = join(env["CREDENTIALS_DIRECTORY"] ?? "", CREDENTIAL);
	const isHanded = env["CREDENTIALS_DIRECTORY"] !== undefined && existsSync(handed);
	const isAsked = !isHanded && root && home === SYSTEM_HOME && existsSync(sealed);
	const checked = (key: Buffer) => {
		if (key.length !== KEY_BYTES) throw new KeyError(`The credential ${CREDENTIAL} must hold ${KEY_BYTES} bytes.`);
		return key;
	};
	return {
		name: "systemd",
		usable: isHanded || isAsked,
		load() {
			if (isHanded) return checked(readFileSync(handed));
			if (!isAsked) return undefined;
			const { status, output, complaint } = run("systemd-creds", ["decrypt", `--name=${CREDENTIAL}`, sealed, "-"]);
			if (status === 0) return checked(output);
			throw new KeyError(
				`systemd does not open ${sealed}: ${complaint}. It opens on the machine alone that it was made on.`,
			);
		},
		keep: () => {
			throw new KeyError("A credential of systemd is made by root, not by the agent.");
		},
		forget: () => {},
	};
}
