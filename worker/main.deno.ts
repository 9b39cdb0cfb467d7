/** The worker on Deno, with a database file. Configuration in the environment, see config.ts; started by `deno task worker`. */
import { getConnInfo, serveStatic } from "hono/deno";
import { runWorker } from "./main.process.ts";

await runWorker({
	name: `deno/${Deno.version.deno}`,
	peerOf: (c) => getConnInfo(c).remote.address,
	files: (root) => (options) => serveStatic({ root, ...options }),
	listen: (answer, at) =>
		new Promise((resolve, reject) => {
			// Long polls hang for 25 s otherwise.
			const ending = new AbortController();
			try {
				Deno.serve(
					{
						...at,
						signal: ending.signal,
						onListen: ({ port }) => resolve({ port, close: () => ending.abort() }),
					},
					(request, info) => answer(request, info as never),
				);
			} catch (error) {
				reject(error);
			}
		}),
});
