import { encode } from "uqr";
import { z } from "zod";
import { NotAdded } from "../adding.ts";
import { describeTracks, isJpeg, type TestEnd } from "../camera-test.ts";
import { type Control, MAX_CHANNEL_NAME, ManyChannels, NotTested } from "../control.ts";
import { MAX_FOUND } from "../discovery/limits.ts";
import { Privacy } from "../privacy.ts";
import { NotStored } from "../supervisor.ts";
import { WorkerError } from "../worker-client.ts";
import { PageProblem } from "./problems.ts";

/** What a handler knows of the request. */
interface Call<B> {
	body: B;
	params: Record<string, string>;
	/** Aborts when whoever asked has gone. */
	signal: AbortSignal;
	/** Sends one line of the answer, for what takes its time. */
	write(line: unknown): void;
}
/** A route as data; `streams` answers line by line (NDJSON), others with what they return, as JSON. */
export interface PageRoute {
	method: "GET" | "POST" | "PUT";
	/** With `:name` parameters. */
	path: string;
	body?: z.ZodType;
	/** Takes its time and reads the network: only a few at once. */
	streams?: true;
	handle(call: Call<never>): unknown;
}
function route<S extends z.ZodType = z.ZodUndefined>(
	definition: Omit<PageRoute, "body" | "handle"> & { body?: S; handle(call: Call<z.output<S>>): unknown },
): PageRoute {
	return definition as unknown as PageRoute;
}

/** Channels of one recorder that the page offers. */
const MAX_CHANNELS = 64;
/** As a person types it; exact, so nothing is trimmed from a password (R01). */
const signIn = { user: z.string().max(256).optional(), password: z.string().max(256).optional() };
const typed = {
	address: z.string().trim().min(1).max(2000),
	certificate: z.string().max(200).optional(),
	...signIn,
};
const chosen = {
	found: z.strictObject({
		device: z.string().max(200),
		host: z.string().min(1).max(253),
		port: z.number().int().min(1).max(65535),
		/** Which channel of a recorder. */
		source: z.string().max(MAX_CHANNEL_NAME).optional(),
	}),
	...signIn,
};
const name = z
	.string()
	.trim()
	.min(1)
	.max(80)
	.regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters");
const Empty = z.strictObject({});
const AddBody = z.union([z.strictObject({ name, ...typed }), z.strictObject({ name, ...chosen })]);
const TestBody = z.union([z.strictObject(typed), z.strictObject(chosen), z.strictObject({ id: z.string().max(40) })]);

/** What page and command line may ask of the agent, in one table. */
export function pageRoutes(control: Control): PageRoute[] {
	return [
		route({ method: "GET", path: "/api/state", handle: () => control.view() }),
		route({ method: "GET", path: "/api/log", handle: () => ({ lines: control.log() }) }),
		route({
			method: "POST",
			path: "/api/links",
			body: Empty,
			handle: async ({ signal }) => control.newLink(signal).catch(inWords),
		}),
		route({
			method: "GET",
			path: "/api/links/code",
			handle: () => {
				const { pending } = control.view();
				if (!pending) throw new PageProblem("not-found");
				// Rows of the QR code, dark is 1; the page draws them.
				return { rows: encode(pending.url, { ecc: "M" }).data.map((row) => row.map(Number).join("")) };
			},
		}),
		route({
			method: "POST",
			path: "/api/cameras",
			body: AddBody,
			handle: ({ body, signal }) => control.add(body, signal).catch(inWords),
		}),
		route({
			method: "PUT",
			path: "/api/cameras/:id/privacy",
			body: Privacy,
			handle: ({ params, body }) => {
				if (!orInWords(() => control.setPrivacy(params["id"] ?? "", body))) throw new PageProblem("not-found");
				return {};
			},
		}),
		route({
			method: "PUT",
			path: "/api/cameras/:id/ready",
			body: z.strictObject({ ready: z.boolean() }),
			handle: ({ params, body }) => {
				if (!orInWords(() => control.setReady(params["id"] ?? "", body.ready))) throw new PageProblem("not-found");
				return {};
			},
		}),
		route({
			method: "POST",
			path: "/api/tests",
			body: TestBody,
			streams: true,
			handle: async ({ body, signal, write }) => {
				const end = await control.test(body, (step) => write({ step }), signal).catch(inWords);
				write({ end: told(end) });
			},
		}),
		route({
			method: "POST",
			path: "/api/searches",
			body: Empty,
			streams: true,
			handle: async ({ signal, write }) => {
				if (!control.search) throw new PageProblem("not-found");
				let found = 0;
				for await (const { device, name, maker, address } of control.search({ signal })) {
					found += 1;
					write({ found: { device, name, maker, address } });
					if (found === MAX_FOUND) break;
				}
				write({ end: {} });
			},
		}),
	];
}

/** A test's end for the page: the key frame goes along, the browser makes a picture of it. */
function told(end: TestEnd) {
	if (!end.ok) return end;
	const { found, picture } = end;
	const { codec, description, width, height } = found.video;
	return {
		ok: true,
		sends: describeTracks(found),
		picture: {
			kind: isJpeg(found) ? "jpeg" : "video",
			codec,
			width,
			height,
			description: description && Buffer.from(description).toString("base64"),
			data: Buffer.from(picture.data).toString("base64"),
		},
	};
}

function orInWords<T>(work: () => T): T {
	try {
		return work();
	} catch (error) {
		return inWords(error);
	}
}
/** What went wrong, as far as it may be told. */
function inWords(error: unknown): never {
	if (error instanceof ManyChannels)
		throw new PageProblem("refused", error.message, { channels: error.channels.slice(0, MAX_CHANNELS) });
	if ([NotAdded, NotTested, NotStored].some((kind) => error instanceof kind))
		throw new PageProblem("refused", (error as Error).message);
	if (error instanceof WorkerError) throw new PageProblem(error.passing ? "unreachable" : "refused", error.message);
	throw error;
}
