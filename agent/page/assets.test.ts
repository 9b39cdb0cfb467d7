import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PAGE_MODULE, pageModule } from "../../scripts/agent-page/bundle.ts";
import { PAGE } from "./assets.generated.ts";

it("the page that is served is the one that its sources make: `npm run agent:page` makes it anew", async () => {
	expect(await pageModule()).toBe(readFileSync(PAGE_MODULE, "utf8"));
});
it("loads nothing from anywhere else, has no script and no style inside its document, and is small", () => {
	const { html, script, style } = PAGE;
	expect([...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target)).toEqual([
		"/mark.svg",
		"/page.css",
		"/page.js",
	]);
	expect(html).not.toMatch(/<style|style=|<script>|\son\w+=/);
	expect(style).not.toMatch(/url\(|@import/);
	expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|\beval\b|https?:\/\//);
	expect(Object.values(PAGE).join("").length).toBeLessThan(64 * 1024);
});
