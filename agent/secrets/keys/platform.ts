import { dpapiKeys } from "./dpapi.ts";
import { fileKeys } from "./file.ts";
import { keychainKeys } from "./keychain.ts";
import type { KeyStore } from "./store.ts";
import { systemdKeys } from "./systemd.ts";

/** Where this machine can keep the key of the agent in `home`, the best place first; the last one is always there. */
export function keyStores(
	home: string,
	platform: string = process.platform,
	env: NodeJS.ProcessEnv = process.env,
): KeyStore[] {
	if (platform === "darwin") return [keychainKeys(home), fileKeys(home)];
	if (platform === "win32") return [dpapiKeys(home, env), fileKeys(home)];
	return [systemdKeys(home, env), fileKeys(home)];
}
