/** The least that a relay over TCP and TLS does: plain WebSockets, one message for each frame, sent to every viewer. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { Cameras } from "./cameras.ts";
import { serveParent } from "./child.ts";
import { BareJob } from "./messages.ts";

const cameras = new Cameras<WebSocket>();

serveParent((message) => {
	const { certPem, keyPem } = BareJob.parse(message);
	const https = createServer({ cert: certPem, key: keyPem });
	const server = new WebSocketServer({ server: https, perMessageDeflate: false });
	server.on("connection", (socket, request) => {
		const { publishes, broadcast } = Cameras.asked(request.url ?? "");
		const viewers = cameras.of(broadcast);
		socket.on("error", () => socket.terminate());
		if (publishes) {
			socket.on("message", (frame) => {
				for (const viewer of viewers) viewer.send(frame);
			});
		} else {
			viewers.add(socket);
			socket.on("close", () => viewers.delete(socket));
		}
	});
	https.listen(0, "127.0.0.1", () => process.send?.({ port: (https.address() as AddressInfo).port }));
});
