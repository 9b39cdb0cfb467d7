import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { build } from "vite";

/** The unmodified element and what it imports, as one page would load them: file name to contents. */
async function bundle(specifier: string, name: string): Promise<Map<string, string | Uint8Array>> {
	const built = await build({
		configFile: false,
		logLevel: "error",
		build: {
			write: false,
			minify: false,
			modulePreload: false,
			rolldownOptions: {
				input: { [name]: createRequire(import.meta.url).resolve(specifier) },
				output: { entryFileNames: "[name].js" },
			},
		},
	});
	if (!("output" in built)) throw new Error("vite built something else than one bundle");
	return new Map(built.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

/** A web server with a page that has the field's player on it. */
export class PlayerPage {
	readonly origin: string;
	#server: Server;

	private constructor(server: Server) {
		this.#server = server;
		this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}
	static async serve(): Promise<PlayerPage> {
		const files = await bundle("@moq/watch/element", "element");
		files.set("", readFileSync(new URL("page.html", import.meta.url)));
		const server = createServer((request, response) => {
			const path = (request.url ?? "/").slice(1);
			const file = files.get(path);
			const type = path === "" ? "text/html" : path.endsWith(".wasm") ? "application/wasm" : "text/javascript";
			response.writeHead(file === undefined ? 404 : 200, { "Content-Type": type }).end(file);
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new PlayerPage(server);
	}
	close(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}
}
