import type { CameraView } from "../control.ts";
import { openAccess } from "../pairing/commands.ts";
import { loadIdentity } from "../pairing/identity.ts";
import { ALWAYS_ON } from "../privacy.ts";
import { StateStore } from "../secrets/state.ts";
import { addressText } from "../typed-access.ts";
import { type Arguments, EXIT } from "./arguments.ts";
import { viewOf } from "./ask.ts";
import { say } from "./say.ts";

const STATES: Record<string, string> = {
	live: "live, somebody watches",
	unwatched: "read here, nobody watches",
	waiting: "waiting for its picture",
	idle: "nobody watches",
	off: "switched off here",
	"camera-unreachable": "cannot be reached",
	"camera-refused": "refuses",
	"stream-unsupported": "its picture cannot be used",
	stopped: "the agent is not running",
};

interface Row {
	id: string;
	name: string | undefined;
	address: string | undefined;
	state: string;
	detail?: string | undefined;
	sends: string | undefined;
	privacy: string;
}

/** `mivisus-agent cameras`: of the running agent what each does, of one that is stopped what it keeps. */
export async function cameras({ json }: Arguments, home: string): Promise<number> {
	const view = await viewOf(home);
	const rows: Row[] = view
		? view.cameras.map((camera) => ({ ...camera, state: shownState(camera), privacy: camera.privacy.mode }))
		: await kept(home);
	if (json) say(JSON.stringify({ running: view !== undefined, cameras: rows.map(plain) }));
	else if (rows.length === 0) say("No cameras yet.");
	else for (const row of rows) say(lineOf(row));
	return EXIT.done;
}

const shownState = ({ state, watched }: CameraView) => (state === "live" && !watched ? "unwatched" : state);
const plain = ({ id, name, address, state, detail, sends, privacy }: Row) => ({
	id,
	name: name ?? null,
	address: address ?? null,
	state,
	detail: detail ?? null,
	sends: sends ?? null,
	privacy,
});

function lineOf({ id, name, address, state, detail, sends }: Row): string {
	const words = [STATES[state] ?? state, detail, sends].filter((word) => word !== undefined && word !== "");
	const lines = [name ?? id, address ?? "its address cannot be opened here", ...words];
	// Names come by the service, details from the camera: a terminal obeys more than letters.
	return lines.map((line) => line?.replace(/\p{C}/gu, " ")).join("\n  ");
}

async function kept(home: string): Promise<Row[]> {
	const current = StateStore.peek(home);
	if (!current) return [];
	const identity = await loadIdentity(current.identity);
	const row = async ({ id, name, sealed, privacy = ALWAYS_ON }: (typeof current.cameras)[number]): Promise<Row> => {
		const access = await openAccess(current, identity, id, sealed);
		const address = access && addressText(access.url);
		return { id, name, address, state: "stopped", detail: undefined, sends: undefined, privacy: privacy.mode };
	};
	return Promise.all(current.cameras.map(row));
}
