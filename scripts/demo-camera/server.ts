import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { readClip } from "./clip.ts";
import { STREAM_PATH, Visitor } from "./visitor.ts";

export interface DemoCameraOptions {
	/** 0 = any free one. */
	port: number;
	/** Address to listen on; this machine only unless given. */
	host?: string;
	user: string;
	password: string;
	/** Another clip (Annex B) than the one beside this file, written as that one is: one slice for each picture. */
	clip?: Uint8Array;
}
export interface DemoCamera {
	port: number;
	path: string;
	/** Cuts all connections off and stops listening. */
	stop(): Promise<void>;
}

/** Starts a small RTSP camera that loops a clip. Rejects when the port is taken. */
export async function startDemoCamera(options: DemoCameraOptions): Promise<DemoCamera> {
	const pictures = readClip(options.clip ?? readFileSync(new URL("clip.h264", import.meta.url)));
	const visitors = new Set<Visitor>();
	const server = createServer((socket) => {
		const visitor = new Visitor(socket, pictures, options);
		visitors.add(visitor);
		socket.once("close", () => visitors.delete(visitor));
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(options.port, options.host ?? "127.0.0.1", resolve);
	});
	return {
		port: (server.address() as AddressInfo).port,
		path: STREAM_PATH,
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				for (const visitor of visitors) visitor.close();
			}),
	};
}
