import type { Context, Hono, MiddlewareHandler } from "hono";

/** What a runtime has for serving files: the file at `path`, by default at the request's own; none there, the next one is asked. */
export type Files = (options: { path?: string; onFound(path: string, c: Context): void }) => MiddlewareHandler;

/** A path segment that begins with a dot, encoded or not; `.well-known` (RFC 8615) is public by its meaning. */
const HIDDEN = /(?:\/|%2f)(?:\.|%2e)(?!well-known\/)/i;
/** A script that runs as a worker has the headers that came with it, kept as long as it is: which relay it may connect to, too. */
const WORKER = /\/assets\/[^/]*worker[^/]*\.js$/i;
// Names of built files carry a hash of their content; the page itself must always be the newest.
function cacheOf(path: string): string {
	if (WORKER.test(path)) return "no-store";
	return path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
}

/** Serves the built page at every address that is not the API's, the same on every runtime. */
export function servePages(app: Hono, files: Files): void {
	const gone = (c: Context) => c.text("There is no such file.", 404);
	// The build makes no such files; an operator's folder may hold some that are nobody's business.
	app.use("*", (c, next) => (HIDDEN.test(c.req.path) ? Promise.resolve(gone(c)) : next()));
	app.use("*", files({ onFound: (path, c) => void c.header("Cache-Control", cacheOf(path)) }));
	// A file of an older build that is gone must not come as a page: the browser would take it for a script.
	app.get("/assets/*", gone);
	app.get("*", files({ path: "index.html", onFound: (_, c) => void c.header("Cache-Control", "no-cache") }));
}
