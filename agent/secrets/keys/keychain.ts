import { createHash } from "node:crypto";
import { KeyError, type KeyStore, type KeyTool, keyOf, runKeyTool } from "./store.ts";

const SECURITY = "/usr/bin/security";
const SERVICE = "Mivisus agent";
/** What `security` answers where there is no such item (errSecItemNotFound). */
const NOT_FOUND = 44;

/** The key in the login keychain of macOS, by its own tool, which runs once at each start. Written without a Mac at hand. */
export function keychainKeys(home: string, run: KeyTool = runKeyTool): KeyStore {
	// One item for each folder; the name of the folder itself is nobody's business.
	const account = createHash("sha256").update(home).digest("hex").slice(0, 16);
	return {
		name: "keychain",
		usable: true,
		load() {
			const { status, output, complaint } = run(SECURITY, [
				"find-generic-password",
				"-s",
				SERVICE,
				"-a",
				account,
				"-w",
			]);
			if (status === 0) return keyOf(output.toString(), `the keychain ("${SERVICE}")`);
			if (status === NOT_FOUND) return undefined;
			throw new KeyError(
				`The keychain does not give the agent's key: ${complaint}. Sign in to this Mac, and unlock it.`,
			);
		},
		keep(key) {
			// Typed into its prompt: other programs of this Mac see every argument.
			const command = `add-generic-password -U -s "${SERVICE}" -a ${account} -w ${key.toString("base64")}\n`;
			const { status, complaint } = run(SECURITY, ["-i"], command);
			// Its prompt does not say by its status whether the command worked.
			if (status !== 0 || !this.load()?.equals(key)) throw new KeyError(`The keychain takes no key: ${complaint}`);
		},
		forget: () => void run(SECURITY, ["delete-generic-password", "-s", SERVICE, "-a", account]),
	};
}
