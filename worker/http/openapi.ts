import { z } from "zod";
import { PROBLEMS } from "../problems.ts";
import type { Route } from "./route.ts";
import { routesOf } from "./routes.ts";

/** As in app.ts, which imports this room. */
const MAX_BODY_BYTES = 64 * 1024;

type Json = Record<string, unknown>;

/** The table of routes without the rooms behind it: for documents and tests. No handler may be called. */
export const routeTable = (): Route[] => routesOf({} as never);

const schemaOf = (schema: z.ZodType, io: "input" | "output"): Json => {
	const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12" });
	return rest;
};
const json = (schema: Json): Json => ({ "application/json": { schema } });
const problem = { $ref: "#/components/responses/Problem" };

const SECURITY: Record<Route["who"], object[]> = {
	anyone: [],
	person: [{ session: [] }],
	agent: [{ agent: [] }],
};

function operationOf({ method, path, who, summary, body, answer, status, file }: Route): Json {
	const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
		name,
		in: "path",
		required: true,
		schema: { type: "string" },
	}));
	const success: Json = {
		description: status === 204 ? "Done." : "As asked.",
		...(answer && { content: json(schemaOf(answer, "output")) }),
		...(file && { content: { [file]: {} } }),
	};
	return {
		operationId: `${method.toLowerCase()}${path.replace(/[/:-]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
		summary,
		security: SECURITY[who],
		...(parameters.length > 0 && { parameters }),
		...(body && { requestBody: { required: true, content: json(schemaOf(body, "input")) } }),
		responses: { [status]: success, default: problem },
	};
}

/** The HTTP interface as an OpenAPI 3.1 document, made from the routes that the application serves. */
export function openApiDocument(): Json {
	const paths: Record<string, Json> = {};
	for (const route of routeTable()) {
		const path = `/api${route.path.replace(/:(\w+)/g, "{$1}")}`;
		paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
	}
	return {
		openapi: "3.1.0",
		info: {
			title: "Mivisus",
			version: "1",
			description: `JSON over HTTPS. Bodies are at most ${MAX_BODY_BYTES} bytes. Unsafe methods outside /api/agent need an Origin (or Sec-Fetch-Site) of the service itself. Every refusal is a problem document (RFC 9457) of a closed list.`,
			license: { name: "Apache-2.0", identifier: "Apache-2.0" },
		},
		paths,
		components: {
			securitySchemes: {
				session: { type: "apiKey", in: "cookie", name: "session" },
				agent: {
					type: "apiKey",
					in: "header",
					name: "Authorization",
					description: "`Mivisus-Agent <assertion>`, signed by the agent's key over the request and a fresh nonce.",
				},
			},
			schemas: {
				Problem: {
					type: "object",
					required: ["type", "title", "status", "detail"],
					properties: {
						type: {
							type: "string",
							enum: Object.keys(PROBLEMS)
								.sort()
								.map((code) => `https://mivisus.com/problems/${code}`),
						},
						title: { type: "string" },
						status: { type: "integer" },
						detail: { type: "string" },
						instance: { type: "string" },
					},
				},
			},
			responses: {
				Problem: {
					description: "What is wrong, in words that are safe to show.",
					content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
				},
			},
		},
	};
}
