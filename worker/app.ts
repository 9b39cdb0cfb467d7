import { newId } from "@mivisus/wire/ids";
import type { Context } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { type Rooms, waitOr } from "./http/rooms.ts";
import type { Route } from "./http/route.ts";
import { routesOf } from "./http/routes.ts";
import { securityHeaders } from "./http/security.ts";
import { PasswordsBusy } from "./passwords/passwords.ts";
import { PROBLEMS, Problem, type ProblemCode } from "./problems.ts";
import { sessionCookie } from "./sessions/sessions.ts";
import { DatabaseUnavailable } from "./store/database.ts";
import { networkOf } from "./throttle/throttle.ts";

/** A body of more is refused before it is read (design: section 9). */
export const MAX_BODY_BYTES = 64 * 1024;
const ASSERTION = /^Mivisus-Agent (\S+)$/;

export interface AppOptions {
	rooms: Rooms;
	/** The one origin that pages and agents use, e.g. `https://mivisus.com`. */
	origin: string;
	/** Origins of the relays: where a page may connect to. */
	relayOrigins: readonly string[];
	/** The caller's address, as the runtime knows it. */
	addressOf(c: Context): string;
	/** Tells the operator of a fault; never what was in the request. */
	onFault(error: Error, correlation: string): void;
	/** Told in each answer's `Mivisus-Runtime`, for tests only. */
	runtime?: string | undefined;
}

/** The HTTP application, the same on every runtime. Static files are the runtime's business. */
export function createApp(options: AppOptions): Hono {
	const { rooms, origin, onFault, runtime } = options;
	const own = originsOf(origin);
	const app = new Hono();
	app.use("*", securityHeaders(options));
	if (runtime !== undefined) {
		app.use("*", async (c, next) => {
			await next();
			c.header("Mivisus-Runtime", runtime);
		});
	}
	const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => problem(c, "too-large") });
	// It reads bodies of unknown length; what handlers throw does not pass here, Hono answers that further in.
	// A GET's body is never read, and looking for one costs as much as all the rest.
	app.use("/api/*", (c, next) =>
		c.req.method === "GET" || c.req.method === "HEAD" ? next() : whole(async () => limit(c, next)),
	);
	app.use("/api/*", async (c, next) => {
		c.header("Cache-Control", "no-store");
		const unsafe = !["GET", "HEAD"].includes(c.req.method);
		// Agents bring no Origin and no cookie; a page of another site brings both, whatever the content type (trust: 1.4).
		if (unsafe && !c.req.path.startsWith("/api/agent/") && !sameOrigin(c, own)) return problem(c, "cross-site");
		if (c.req.path.startsWith("/api/agent/")) c.header("Mivisus-Nonce", rooms.agents.nonce());
		return next();
	});
	for (const entry of routesOf(rooms)) {
		app.on(entry.method, `/api${entry.path}`, (c) => serve(c, entry, options));
	}
	app.all("/api/*", (c) => problem(c, "not-found"));
	app.onError((error, c) => {
		if (error instanceof Problem) {
			if (error.retryAfterS !== undefined) c.header("Retry-After", String(error.retryAfterS));
			return problem(c, error.code, error.detail);
		}
		if (error instanceof PasswordsBusy) {
			c.header("Retry-After", "2");
			return problem(c, "busy");
		}
		const correlation = newId();
		onFault(error, correlation);
		if (error instanceof DatabaseUnavailable) {
			c.header("Retry-After", "5");
			return problem(c, "unavailable", PROBLEMS.unavailable[1], correlation);
		}
		return problem(c, "internal", PROBLEMS.internal[1], correlation);
	});
	return app;
}

/** The origin, and on this machine its other loopback name: people type either. */
export function originsOf(origin: string): ReadonlySet<string> {
	const url = new URL(origin);
	const names = ["localhost", "127.0.0.1", "[::1]"];
	if (!names.includes(url.hostname)) return new Set([origin]);
	return new Set(names.map((name) => `${url.protocol}//${name}${url.port === "" ? "" : `:${url.port}`}`));
}

/** Browsers send both marks or one; every one that is there must say that the page is ours. */
function sameOrigin(c: Context, own: ReadonlySet<string>): boolean {
	const [origin, site] = [c.req.header("origin"), c.req.header("sec-fetch-site")];
	if (origin === undefined && site === undefined) return false;
	return (origin === undefined || own.has(origin)) && (site === undefined || site === "same-origin");
}

async function serve(c: Context, entry: Route, { rooms, origin, addressOf }: AppOptions): Promise<Response> {
	// A file that nobody reads would use its link up.
	if (entry.file && c.req.method === "HEAD") throw new Problem("not-found");
	// A link on somebody else's page would have a copy made that nobody asked for.
	if (entry.file && !["same-origin", "none", undefined].includes(c.req.header("sec-fetch-site")))
		throw new Problem("cross-site");
	const text = entry.method === "GET" ? "" : await whole(() => c.req.text());
	const call: Record<string, unknown> = {
		params: c.req.param(),
		// Made when it is asked for: few handlers wait for anything.
		get signal() {
			return c.req.raw.signal;
		},
		get network() {
			return networkOf(addressOf(c));
		},
	};
	if (entry.who === "person") {
		const token = sessionCookie(c.req.header("cookie"));
		const checked = token && token !== "odd" ? await rooms.sessions.check(token) : undefined;
		if (!checked) throw new Problem("unauthorized");
		const { session, account } = checked;
		waitOr(rooms.callers.take(account.id));
		// Seen, corrected and deleted: rights. What is posted begins something new (policy 07.6).
		if (account.state === "restricted" && entry.method === "POST" && !entry.evenRestricted)
			throw new Problem("restricted");
		if (entry.fresh && !rooms.sessions.isFresh(session)) throw new Problem("proof-required");
		Object.assign(call, { session, account });
	}
	if (entry.who === "agent") {
		const statement = ASSERTION.exec(c.req.header("authorization") ?? "")?.[1];
		if (!statement) throw new Problem("nonce-required");
		const agent = await rooms.agents.authenticate(statement, {
			origin,
			method: c.req.method,
			path: c.req.path,
			body: text,
		});
		waitOr(rooms.callers.take(agent.id));
		call["agent"] = agent;
	}
	if (entry.body) call["body"] = parseBody(c, text, entry.body);
	const answer = await entry.handle(call as never);
	if (answer.setCookie) c.header("Set-Cookie", answer.setCookie);
	if (answer.download && entry.file) {
		c.header("Content-Type", entry.file);
		c.header("Content-Disposition", `attachment; filename="${answer.download.name}"`);
		return c.body(answer.download.body);
	}
	if (answer.status === 204) return c.body(null, 204);
	// Our own answers are held to their schema too: a field that is not declared does not leave.
	return c.json((entry.answer ? entry.answer.parse(answer.body) : (answer.body ?? {})) as object, answer.status);
}

/** What reads a body. A sender that went away is no fault of ours: anybody could fill the operator's log with them. */
async function whole<T>(read: () => Promise<T>): Promise<T> {
	try {
		return await read();
	} catch {
		throw new Problem("malformed", "The body did not come whole.");
	}
}

function parseBody(c: Context, text: string, schema: z.ZodType): unknown {
	const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
	if (text !== "" && type !== "application/json") throw new Problem("unsupported-media-type");
	let json: unknown;
	try {
		json = text === "" ? {} : JSON.parse(text);
	} catch {
		throw new Problem("malformed", "The body is not JSON.");
	}
	const parsed = schema.safeParse(json);
	if (parsed.success) return parsed.data;
	// Names of fields and what they must be, never what was sent: it may be a secret.
	const fields = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
	throw new Problem("malformed", fields.slice(0, 5).join("; "));
}

function problem(c: Context, code: ProblemCode, detail?: string, instance?: string): Response {
	const [status, title] = PROBLEMS[code];
	const body = {
		type: `https://mivisus.com/problems/${code}`,
		title,
		status,
		detail: detail ?? title,
		...(instance && { instance: `urn:mivisus:fault:${instance}` }),
	};
	return c.body(JSON.stringify(body), status, { "Content-Type": "application/problem+json" });
}
