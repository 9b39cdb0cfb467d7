import { rmSync } from "node:fs";
import { join, win32 } from "node:path";
import { z } from "zod";
import { PrivateFile } from "../file.ts";
import { KeyError, type KeyStore, type KeyTool, keyOf, runKeyTool } from "./store.ts";

/** Reads base64 on its input, and writes it protected for the person who runs it, or open again. */
const script = (verb: "Protect" | "Unprotect") =>
	`$ErrorActionPreference='Stop'; Add-Type -AssemblyName System.Security; $b=[Convert]::FromBase64String([Console]::In.ReadToEnd().Trim()); [Console]::Out.Write([Convert]::ToBase64String([Security.Cryptography.ProtectedData]::${verb}($b,$null,'CurrentUser')))`;

/**
 * The key in a file that Windows seals for the person whose agent it is (DPAPI), by PowerShell, which runs once at each start.
 * Written without Windows at hand.
 */
export function dpapiKeys(home: string, env: NodeJS.ProcessEnv, run: KeyTool = runKeyTool): KeyStore {
	const file = new PrivateFile(join(home, "state.key.sealed"), z.strictObject({ sealed: z.base64().max(4000) }));
	const powershell = win32.join(
		env["SystemRoot"] ?? "C:\\Windows",
		"System32\\WindowsPowerShell\\v1.0\\powershell.exe",
	);
	const ask = (verb: "Protect" | "Unprotect", input: string) => {
		const args = ["-NoProfile", "-NonInteractive", "-Command", script(verb)];
		const { status, output, complaint } = run(powershell, args, input);
		if (status === 0) return output.toString().trim();
		throw new KeyError(
			`Windows does not ${verb === "Protect" ? "seal" : "open"} the agent's key: ${complaint}. Only the account that linked the agent can open it.`,
		);
	};
	return {
		name: "dpapi",
		usable: true,
		load() {
			const kept = file.read();
			return kept && keyOf(ask("Unprotect", kept.sealed), file.path);
		},
		keep: (key) => file.write({ sealed: ask("Protect", key.toString("base64")) }),
		forget: () => rmSync(file.path, { force: true }),
	};
}
