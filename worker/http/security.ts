import type { MiddlewareHandler } from "hono";

/**
 * Headers of every answer (trust: A10). Pages load from their own origin only, and connect to it and to the relays; the
 * policy's promise of no third party is enforced by the browser.
 */
export function securityHeaders(options: { origin: string; relayOrigins: readonly string[] }): MiddlewareHandler {
	const { origin, relayOrigins } = options;
	// On any of its ports: a relay that renews itself goes over to others (worker/relay-place.ts).
	const anyPort = relayOrigins.map((url) => {
		const { protocol, hostname } = new URL(url);
		return `${protocol}//${hostname}:*`;
	});
	const connect = ["'self'", ...anyPort].join(" ");
	const policy = [
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self'",
		"img-src 'self' blob:",
		"font-src 'self'",
		"media-src 'self' blob:",
		"worker-src 'self'",
		"manifest-src 'self'",
		`connect-src ${connect}`,
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	].join("; ");
	const headers: Record<string, string> = {
		"Content-Security-Policy": policy,
		// Not on a developer's machine: it would bind every other project on localhost to https.
		...(origin.startsWith("https:") && !/^https:\/\/(localhost|127\.|\[::1\])/.test(origin)
			? { "Strict-Transport-Security": "max-age=63072000; includeSubDomains" }
			: {}),
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer",
		"Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	};
	const entries = Object.entries(headers);
	return (c, next) => {
		// Before the answer is made: one that is there already would be copied for each of them.
		for (const [name, value] of entries) c.header(name, value);
		return next();
	};
}
