import { gzipSync } from "node:zlib";

/** Cloudflare takes no larger bundle, compressed, bytes: 3 MB on the free plan, 10 MB on the paid one, which we need. */
const MAX_BUNDLE = 10 * 1000 * 1000;
/** Key derivations in JavaScript use up the time of a request (better-auth#8860); ours is native. */
const SLOW_KDF = /node_modules\/(@noble\/hashes|scrypt-js|bcryptjs|hash-wasm|argon2-browser|pbkdf2)\//;

/** What production Workers refuse and workerd on one's own machine allows, found in a bundle before it is uploaded. */
export function refusalsOf(bundle: string): string[] {
	const found: string[] = [];
	const refuse = (pattern: RegExp, why: string) => {
		const match = pattern.exec(bundle);
		if (match) found.push(`${why}: ${match[0].trim()}`);
	};
	refuse(
		/\bWebAssembly\s*\.\s*(?:compile|instantiate)\w*|new\s+WebAssembly\s*\.\s*(?:Module|Instance)/,
		"compiles WebAssembly at run time",
	);
	refuse(/\bnew\s+Function\s*\(|(?:^|[^.\w$])eval\s*\(/m, "makes code from text");
	refuse(SLOW_KDF, "derives keys in JavaScript");
	refuse(/\bpbkdf2(?:Sync)?\s*\(/, "derives passwords with PBKDF2, which is limited to 100 000 rounds");
	const size = gzipSync(bundle).length;
	if (size > MAX_BUNDLE) found.push(`is too large: ${size} bytes compressed`);
	return found;
}

/**
 * Put before the bundle wherever workerd runs it here: what production refuses at run time, refused here as well
 * (cloudflare/workerd#1346: more than 100 000 rounds of PBKDF2).
 */
export const LIKE_PRODUCTION = `{
	const { prototype } = SubtleCrypto;
	for (const name of ["deriveBits", "deriveKey"]) {
		const derive = prototype[name];
		prototype[name] = function (algorithm, ...rest) {
			if (algorithm?.name === "PBKDF2" && algorithm.iterations > 100000)
				return Promise.reject(new DOMException("Pbkdf2 failed: iteration counts above 100000 are not supported", "NotSupportedError"));
			return derive.call(this, algorithm, ...rest);
		};
	}
}
`;
