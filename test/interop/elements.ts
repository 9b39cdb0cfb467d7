import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { build } from "vite";

const require = createRequire(import.meta.url);
/** The field's elements, unmodified. */
const ELEMENTS = {
	watch: require.resolve("@moq/watch/element"),
	publish: require.resolve("@moq/publish/element"),
} as const;
type Element = keyof typeof ELEMENTS;

/** An element and what it imports, as a page loads them: file name to contents. */
async function bundle(element: Element): Promise<Map<string, string | Uint8Array>> {
	const built = await build({
		configFile: false,
		logLevel: "error",
		build: {
			write: false,
			minify: false,
			modulePreload: false,
			rolldownOptions: {
				input: ELEMENTS[element],
				output: { entryFileNames: `${element}.js` },
			},
		},
	});
	if (!("output" in built)) throw new Error("vite built something else than one bundle");
	return new Map(built.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

/** A web server with one page for each element, `/?watch` and `/?publish`. */
export class ElementPages {
	readonly origin: string;
	#server: Server;

	private constructor(server: Server) {
		this.#server = server;
		this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}
	static async serve(...elements: Element[]): Promise<ElementPages> {
		const files = new Map<string, string | Uint8Array>();
		for (const bundled of await Promise.all(elements.map(bundle))) {
			for (const [name, contents] of bundled) files.set(name, contents);
		}
		files.set("", readFileSync(new URL("page.html", import.meta.url)));
		const server = createServer((request, response) => {
			const { pathname } = new URL(request.url ?? "/", "http://localhost");
			const path = pathname.slice(1);
			const file = files.get(path);
			const type = path === "" ? "text/html" : path.endsWith(".wasm") ? "application/wasm" : "text/javascript";
			response.writeHead(file === undefined ? 404 : 200, { "Content-Type": type }).end(file);
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new ElementPages(server);
	}
	/** A page with this element on it, at work on the broadcast `name` of our relay. What it logs is kept in `said`. */
	async open(browser: Browser, element: Element, at: { url: URL; name: string; certificateHash: Uint8Array }) {
		const page = await browser.newPage();
		const said: string[] = [];
		page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
		page.on("pageerror", (error) => said.push(`uncaught: ${error.message}`));
		await page.goto(`${this.origin}/?${element}`);
		const hash = Buffer.from(at.certificateHash).toString("hex");
		await page.evaluate(`${element}(${JSON.stringify({ url: at.url.href, name: at.name, hash })})`);
		return { page, said, close: () => page.close() };
	}
	close(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}
}
