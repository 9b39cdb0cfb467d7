import { fromBase64Url } from "@mivisus/wire/ids";
import { openCamera } from "@mivisus/wire/seal";
import { CameraAccess, Command, Domain, importSignKey, openStatement, peekStatement } from "@mivisus/wire/signed";
import { MAX_CAMERAS } from "../limits.ts";
import type { AgentState, StateStore, StoredCamera } from "../secrets/state.ts";
import type { Identity } from "./identity.ts";

/** What happened to a command; `refused` carries a reason in words that the owner reads. */
export type CommandOutcome =
	| { state: "done"; command: Command; access?: CameraAccess }
	| { state: "refused"; code: CommandRefusal; detail: string };

/** The closed set of refusals. */
export type CommandRefusal =
	| "not-enrolled"
	| "malformed"
	| "unknown-device"
	| "bad-signature"
	| "wrong-agent"
	| "replayed"
	| "not-for-this-agent"
	| "unknown-camera"
	| "too-many-cameras";

const DETAIL: Record<CommandRefusal, string> = {
	"not-enrolled": "This agent belongs to nobody yet.",
	malformed: "The command cannot be read.",
	"unknown-device": "The command was not signed by a device that this agent knows.",
	"bad-signature": "The command's signature is wrong: it was changed on its way or not made by the owner.",
	"wrong-agent": "The command is meant for another agent.",
	replayed: "The command is older than one this agent has already carried out.",
	"not-for-this-agent": "The camera's address was not sealed for this agent and camera, or was changed on its way.",
	"unknown-camera": "This agent has no such camera.",
	"too-many-cameras": `This agent already has ${MAX_CAMERAS} cameras.`,
};
const refuse = (code: CommandRefusal): CommandOutcome => ({ state: "refused", code, detail: DETAIL[code] });

/** Opens a stored camera's address and password, in memory only. */
export async function openAccess(
	state: AgentState,
	identity: Identity,
	camera: string,
	sealed: string,
): Promise<CameraAccess | undefined> {
	if (!state.enrolment) return undefined;
	const context = { account: state.enrolment.accountId, agent: state.enrolment.agentId, camera };
	try {
		const plain = await openCamera(identity.sealKey, context, fromBase64Url(sealed));
		const parsed = plain && CameraAccess.safeParse(JSON.parse(new TextDecoder().decode(plain)));
		return parsed?.success ? parsed.data : undefined;
	} catch {
		return undefined;
	}
}

/**
 * Checks a command that the worker carried here and stores what it changes, the device's counter included, before it
 * returns. The worker is not trusted: only an enrolled device's signature, this agent's id and a growing counter count.
 */
export async function obey(store: StateStore, identity: Identity, statement: string): Promise<CommandOutcome> {
	const { enrolment } = store.current;
	if (!enrolment) return refuse("not-enrolled");
	const claimed = peekStatement(Command, statement);
	if (!claimed.ok) return refuse("malformed");
	const device = enrolment.devices.find(({ id }) => id === claimed.value.device);
	if (!device) return refuse("unknown-device");
	const key = await importSignKey(fromBase64Url(device.signKey));
	const opened = await openStatement(key, Domain.command, Command, statement);
	if (!opened.ok) return refuse(opened.refusal === "bad-signature" ? "bad-signature" : "malformed");
	const command = opened.value;
	if (command.agent !== enrolment.agentId) return refuse("wrong-agent");
	// Carried out before, but the service did not take our word for it: no replay, and nothing to do again.
	if (command.counter === device.counter && command.id === device.unacknowledged) return { state: "done", command };
	if (command.counter <= device.counter) return refuse("replayed");

	let access: CameraAccess | undefined;
	if (command.type === "camera.set") {
		if (!command.sealed) return refuse("malformed");
		access = await openAccess(store.current, identity, command.camera, command.sealed);
		if (!access) return refuse("not-for-this-agent");
	}
	// From here on nothing waits: the agent's own page changes the state as well.
	const cameras = [...store.current.cameras];
	const at = cameras.findIndex(({ id }) => id === command.camera);
	const known = cameras[at];
	const { removed = [], ...current } = store.current;
	let left = removed;
	switch (command.type) {
		case "camera.set": {
			if (!command.sealed) return refuse("malformed");
			if (!known && cameras.length >= MAX_CAMERAS) return refuse("too-many-cameras");
			const { privacy } = left.find(({ id }) => id === command.camera) ?? {};
			const { unannounced: _, ...kept }: Omit<StoredCamera, "id" | "sealed"> = known ?? {
				sound: false,
				...(privacy && { privacy }),
			};
			left = left.filter(({ id }) => id !== command.camera);
			const next = { ...kept, id: command.camera, sealed: command.sealed };
			if (known) cameras[at] = next;
			else cameras.push(next);
			break;
		}
		case "camera.sound":
			if (command.on === undefined) return refuse("malformed");
			if (!known) return refuse("unknown-camera");
			cameras[at] = { ...known, sound: command.on };
			break;
		case "camera.remove":
			// Removing what is not there is done: the owner's wish holds.
			if (known) cameras.splice(at, 1);
			if (known?.privacy) left = [...left, { id: known.id, privacy: known.privacy }].slice(-MAX_CAMERAS);
	}
	const linked = store.current.enrolment ?? enrolment;
	const devices = linked.devices.map((other) =>
		other.id === device.id ? { ...other, counter: command.counter, unacknowledged: command.id } : other,
	);
	store.save({ ...current, cameras, ...(left.length > 0 ? { removed: left } : {}), enrolment: { ...linked, devices } });
	return { state: "done", command, ...(access && { access }) };
}

/** The service has taken the outcome of this command: from now on it is a replay. */
export function acknowledged(store: StateStore, command: Command): void {
	const { enrolment } = store.current;
	if (!enrolment) return;
	const devices = enrolment.devices.map(({ unacknowledged, ...device }) =>
		unacknowledged === undefined || unacknowledged === command.id ? device : { ...device, unacknowledged },
	);
	store.save({ ...store.current, enrolment: { ...enrolment, devices } });
}
