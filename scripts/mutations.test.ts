import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { ALL_MUTATIONS } from "./all-mutations.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

// `npm run break` takes minutes; that its list still fits the code is seen here at once.
it.each([...ALL_MUTATIONS])("can still be broken: $file, $why", ({ file, find, replace, test, name }) => {
	expect(readFileSync(join(root, file), "utf8").split(find)).toHaveLength(2);
	expect(replace).not.toBe(find);
	expect(existsSync(join(root, test))).toBe(true);
	if (name) expect(readFileSync(join(root, test), "utf8")).toContain(name.split("%")[0]);
});
