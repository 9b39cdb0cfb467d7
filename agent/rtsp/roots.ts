import { readFileSync } from "node:fs";
import * as tls from "node:tls";

/** Where Linux systems keep the authorities that their owner trusts: Debian and Alpine, Fedora, openSUSE. */
const FILES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];

/**
 * Authorities for `rtsps`, PEM: the machine's own, to which a home can add its authority, and the ones that come with the
 * runtime. `SSL_CERT_FILE` names another file, as for OpenSSL. Read anew each time, because it changes with the system.
 */
export function systemRoots(env: NodeJS.ProcessEnv): string[] {
	const named = env["SSL_CERT_FILE"];
	for (const file of named === undefined ? FILES : [named]) {
		try {
			return [...tls.rootCertificates, readFileSync(file, "utf8")];
		} catch {
			// The next one, or the runtime's own alone.
		}
	}
	// Since Node 22.15: the stores of Windows and macOS.
	const { getCACertificates } = tls as { getCACertificates?: (kind: "system") => string[] };
	return [...tls.rootCertificates, ...(getCACertificates?.("system") ?? [])];
}
