import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Longest path of a Unix socket that every system takes, bytes. */
const MAX_SOCKET_PATH = 100;

/** Another agent works with the same folder. */
export class AlreadyRunning extends Error {
	override name = "AlreadyRunning";
}

/** Who comes to the agent's local socket: the command line of the same person. */
export type Visit = (visitor: Socket) => void;

/** Where the agent of this folder can be met: a socket, because it goes with its process, which a file with a number does not. */
export function meetingPoint(home: string): string {
	const mark = createHash("sha256").update(resolve(home)).digest("hex").slice(0, 16);
	if (process.platform === "win32") return `\\\\.\\pipe\\mivisus-agent-${mark}`;
	const path = join(resolve(home), "agent.sock");
	return Buffer.byteLength(path) <= MAX_SOCKET_PATH ? path : join(tmpdir(), `mivisus-agent-${mark}.sock`);
}

const listen = (path: string, visit: Visit) =>
	new Promise<Server>((done, failed) => {
		const server = createServer(visit);
		server.once("error", failed);
		server.listen(path, () => {
			// Its folder is private already, but where the path is too long it stands in a public one.
			if (process.platform !== "win32") chmodSync(path, 0o600);
			done(server);
		});
	});
const answers = (path: string) =>
	new Promise<boolean>((done) => {
		const socket = connect(path);
		socket.once("connect", () => {
			socket.destroy();
			done(true);
		});
		socket.once("error", () => done(false));
	});

/**
 * Takes the folder for this process, until it ends or the returned function is called. Two agents with one identity
 * would take each other's place at the relay for ever, and overwrite each other's state. Rejects with AlreadyRunning.
 * `visit` is given whoever comes to the socket; others than the folder's owner cannot.
 */
export async function lockHome(home: string, visit: Visit = (visitor) => visitor.destroy()): Promise<() => void> {
	mkdirSync(home, { recursive: true, mode: 0o700 });
	const path = meetingPoint(home);
	let server: Server;
	try {
		server = await listen(path, visit);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
		if (await answers(path)) {
			throw new AlreadyRunning(
				`An agent is running already with the folder ${home}. Stop it first, or give this one another folder with --home.`,
			);
		}
		// Left behind by a process that was killed.
		rmSync(path, { force: true });
		server = await listen(path, visit);
	}
	server.unref();
	return () => void server.close();
}
