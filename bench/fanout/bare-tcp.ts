/** The least that any relay does: length-prefixed frames over plain TCP, written to every viewer. No TLS. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Cameras } from "./cameras.ts";
import { serveParent } from "./child.ts";
import { cutter } from "./lengths.ts";

const cameras = new Cameras<Socket>();

serveParent(() => {
	const server = createServer({ noDelay: true }, (socket) => {
		socket.on("error", () => socket.destroy());
		socket.once("data", (first: Buffer) => {
			// One short write of a client's: it comes as one piece on this machine.
			const end = first.indexOf("\n");
			const { publishes, broadcast } = Cameras.asked(first.toString("utf8", 0, end));
			const viewers = cameras.of(broadcast);
			if (publishes) {
				const cut = cutter((frame) => {
					for (const viewer of viewers) viewer.write(frame);
				});
				cut(first.subarray(end + 1));
				socket.on("data", cut);
			} else {
				viewers.add(socket);
				socket.on("close", () => viewers.delete(socket));
			}
		});
	});
	server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
});
