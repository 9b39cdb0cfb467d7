import { describe, expect, it } from "vitest";
import { MAX_BODY_BYTES } from "../app.ts";
import { openApiDocument, routeTable } from "./openapi.ts";

describe("docs/reference/openapi.json", () => {
	const document = openApiDocument();
	/** `npx vitest run worker/http/openapi -u` writes it anew. */
	it("is what the application serves", async () => {
		await expect(`${JSON.stringify(document, null, "\t")}\n`).toMatchFileSnapshot("../../docs/reference/openapi.json");
	});
	it("names every route once, with its own operation id", () => {
		const operations = Object.values(document["paths"] as Record<string, Record<string, { operationId: string }>>)
			.flatMap((path) => Object.values(path))
			.map(({ operationId }) => operationId);
		expect(new Set(operations).size).toBe(routeTable().length);
	});
	it("says the limit that holds", () => {
		expect((document["info"] as { description: string }).description).toContain(`at most ${MAX_BODY_BYTES} bytes`);
	});
	it("refuses unknown fields in every body", () => {
		for (const { body, path } of routeTable()) {
			if (body) expect(body.safeParse({ surprise: 1 }).success, path).toBe(false);
		}
	});
});
