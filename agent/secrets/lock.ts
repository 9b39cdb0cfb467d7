import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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

/** What a visitor hears as long as nobody is there who could answer: HTTP, as it speaks. */
export const busy: Visit = (visitor) => {
	const body = JSON.stringify({
		title: "busy",
		detail: "The agent is starting, or being linked. Try again in a moment.",
	});
	const head = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}`;
	visitor.on("error", () => {});
	visitor.end(`${head}\r\nconnection: close\r\n\r\n${body}`);
};

const inFolder = (home: string) => join(resolve(home), "agent.sock");
const isShort = (path: string) => process.platform !== "win32" && Buffer.byteLength(path) <= MAX_SOCKET_PATH;
const place = (name: string) =>
	process.platform === "win32" ? `\\\\.\\pipe\\mivisus-agent-${name}` : join(tmpdir(), `mivisus-agent-${name}.sock`);
const meetingFile = (home: string) => join(resolve(home), "agent.meeting");

/** What only one process at a time can have: a socket, because it goes with its process, which a file with a number does not. */
function lockPoint(home: string): string {
	if (isShort(inFolder(home))) return inFolder(home);
	return place(createHash("sha256").update(resolve(home)).digest("hex").slice(0, 16));
}

/**
 * Where the agent of this folder can be met; `undefined` where none runs. In a private folder it is the lock itself. A pipe,
 * or a socket in a public folder, could be anybody's who guesses its name: that one is drawn anew at each start, and stands
 * in a file that only its owner can read.
 */
export function meetingPoint(home: string): string | undefined {
	if (isShort(inFolder(home))) return inFolder(home);
	try {
		const name = readFileSync(meetingFile(home), "utf8");
		return /^[0-9a-f]{32}$/.test(name) ? place(name) : undefined;
	} catch {
		return undefined;
	}
}

const listen = (path: string, visit: Visit) =>
	new Promise<Server>((done, failed) => {
		const server = createServer(visit);
		server.once("error", failed);
		server.listen(path, () => {
			// A connection that cannot be taken concerns its visitor alone.
			server.off("error", failed).on("error", () => {});
			// Its folder is private already, but where the path is too long it stands in a public one.
			if (process.platform !== "win32") chmodSync(path, 0o600);
			done(server.unref());
		});
	});
/** Whether somebody is there. Rejects where that cannot be told, as without free file numbers. */
const answers = (path: string) =>
	new Promise<boolean>((done, failed) => {
		const socket = connect(path);
		socket.once("connect", () => {
			socket.destroy();
			done(true);
		});
		socket.once("error", (error: NodeJS.ErrnoException) => {
			if (error.code === "ECONNREFUSED" || error.code === "ENOENT") done(false);
			else failed(error);
		});
	});

/** Listens where one may have left its socket behind when it was killed. Rejects with EADDRINUSE where somebody listens. */
async function listenAnew(path: string, visit: Visit): Promise<Server> {
	try {
		return await listen(path, visit);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || (await answers(path))) throw error;
		// Taken away whole and looked at again: of two that come at the same time, one would remove the other's new socket.
		const aside = `${path}.${randomBytes(8).toString("hex")}`;
		try {
			renameSync(path, aside);
		} catch (gone) {
			if ((gone as NodeJS.ErrnoException).code !== "ENOENT") throw gone;
			return await listen(path, visit);
		}
		if (await answers(aside)) {
			renameSync(aside, path);
			throw error;
		}
		rmSync(aside, { force: true });
		return await listen(path, visit);
	}
}

/**
 * Takes the folder for this process, until it ends or the returned function is called. Two agents with one identity
 * would take each other's place at the relay for ever, and overwrite each other's state. Rejects with AlreadyRunning.
 * `visit` is given whoever comes to the meeting point; others than the folder's owner cannot.
 */
export async function lockHome(home: string, visit: Visit = busy): Promise<() => void> {
	mkdirSync(home, { recursive: true, mode: 0o700 });
	const isOneSocket = isShort(inFolder(home));
	let lock: Server;
	try {
		lock = await listenAnew(lockPoint(home), isOneSocket ? visit : (visitor) => visitor.destroy());
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
		throw new AlreadyRunning(
			`An agent is running already with the folder ${home}. Stop it first, or give this one another folder with --home.`,
		);
	}
	if (isOneSocket) return () => void lock.close();
	const name = randomBytes(16).toString("hex");
	const meeting = await listen(place(name), visit);
	writeFileSync(meetingFile(home), name, { mode: 0o600 });
	return () => {
		rmSync(meetingFile(home), { force: true });
		meeting.close();
		lock.close();
	};
}
