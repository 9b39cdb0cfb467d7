import { request } from "node:http";
import type { AgentView } from "../control.ts";
import { meetingPoint } from "../secrets/lock.ts";

/** How long a running agent may take to answer, ms. */
const PATIENCE_MS = 30_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The running agent said no, in its words. */
export class AgentSaidNo extends Error {
	override name = "AgentSaidNo";
}

/** Asks the agent that runs with this folder, by its local socket; nothing where none runs. Rejects with AgentSaidNo. */
export function askAgent<T>(home: string, method: string, path: string, body?: unknown): Promise<T | undefined> {
	const text = body === undefined ? undefined : JSON.stringify(body);
	const socketPath = meetingPoint(home);
	if (socketPath === undefined) return Promise.resolve(undefined);
	return new Promise((resolve, reject) => {
		const asked = request({
			socketPath,
			method,
			path,
			timeout: PATIENCE_MS,
			headers: { host: "localhost", ...(text !== undefined && { "content-type": "application/json" }) },
		});
		asked.on("timeout", () => asked.destroy(new AgentSaidNo("The running agent does not answer.")));
		asked.on("error", (error: NodeJS.ErrnoException) => {
			const nobody = error.code === "ENOENT" || error.code === "ECONNREFUSED";
			if (nobody) resolve(undefined);
			else reject(error instanceof AgentSaidNo ? error : new AgentSaidNo("The running agent broke off."));
		});
		asked.on("response", async (response) => {
			let answer = "";
			response.setEncoding("utf8");
			try {
				for await (const chunk of response) {
					answer += chunk;
					if (answer.length > MAX_ANSWER_BYTES) throw new Error("too long");
				}
				const json = JSON.parse(answer);
				if (response.statusCode === 200) resolve(json as T);
				else reject(new AgentSaidNo(String(json.detail ?? json.title)));
			} catch {
				reject(new AgentSaidNo("The running agent answered something unexpected."));
			}
		});
		asked.end(text);
	});
}

/** What the running agent says of itself. */
export const viewOf = (home: string): Promise<AgentView | undefined> => askAgent<AgentView>(home, "GET", "/api/state");
