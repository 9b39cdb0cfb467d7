/** The worker on Node: the reference deployment (decision 0007). Configuration in the environment, see config.ts. */
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { serveStatic } from "@hono/node-server/serve-static";
import { runWorker } from "./main.process.ts";

await runWorker({
	name: `node/${process.versions.node}`,
	peerOf: (c) => getConnInfo(c).remote.address,
	files: (root) => (options) => serveStatic({ root, ...options }),
	listen: (fetch, at) =>
		new Promise((resolve, reject) => {
			const server = serve({ fetch: fetch as never, ...at }, ({ port }) =>
				resolve({
					port,
					close: () => {
						server.close();
						// Long polls hang for 25 s otherwise.
						if ("closeAllConnections" in server) server.closeAllConnections();
					},
				}),
			);
			server.once("error", reject);
		}),
});
