import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { sealCamera } from "@mivisus/wire/seal";
import type { CameraAccess } from "@mivisus/wire/signed";
import { MAX_CAMERAS } from "./limits.ts";
import { MAX_SEALED, type StateStore, type StoredCamera } from "./secrets/state.ts";
import { shownAddress } from "./typed-access.ts";
import { type WorkerClient, WorkerError } from "./worker-client.ts";

export const TOO_LONG = "The camera's addresses are too long.";
/** A camera that was not added, and why, in words for who typed it. */
export class NotAdded extends Error {
	override name = "NotAdded";
}

/**
 * Adds a camera at the agent itself: sealed to its own key as a browser would, stored, then told to the service without
 * user and password. Rejects with {@link NotAdded}, and keeps nothing, where the service refuses it; while that cannot be
 * reached the camera is kept and told later (`announced` is false).
 */
export async function addCamera(options: {
	store: StateStore;
	client: WorkerClient;
	name: string;
	access: CameraAccess;
	signal: AbortSignal;
}): Promise<{ id: string; announced: boolean }> {
	const { store, client, name, access, signal } = options;
	const { enrolment } = store.current;
	if (!enrolment || enrolment.ended)
		throw new NotAdded("This agent is not linked to an account. Link it first: mivisus-agent enrol.");
	const id = newId();
	const context = { account: enrolment.accountId, agent: enrolment.agentId, camera: id };
	const ownKey = fromBase64Url(store.current.identity.sealPublic);
	const box = await sealCamera(ownKey, context, new TextEncoder().encode(JSON.stringify(access)));
	const sealed = toBase64Url(box);
	if (sealed.length > MAX_SEALED) throw new NotAdded(TOO_LONG);
	// Looked at after the sealing, which others may use to add one too.
	if (store.current.cameras.length >= MAX_CAMERAS) throw new NotAdded(`This agent already has ${MAX_CAMERAS} cameras.`);
	const camera = { id, sealed, sound: false, name, unannounced: shownAddress(access.url) };
	store.save({ ...store.current, cameras: [...store.current.cameras, camera] });
	const refusal = await announce(store, client, camera, signal);
	if (refusal) throw new NotAdded(refusal);
	return { id, announced: store.current.cameras.every((other) => other.id !== id || !other.unannounced) };
}

/** Tells the service of what was added while it was away. Words of what it refused; those cameras are gone. */
export async function announceWaiting(store: StateStore, client: WorkerClient, signal: AbortSignal): Promise<string[]> {
	const refusals: string[] = [];
	for (const camera of store.current.cameras.filter(({ unannounced }) => unannounced)) {
		const refusal = await announce(store, client, camera, signal);
		if (refusal) refusals.push(refusal);
	}
	return refusals;
}

/** The refusal in words; nothing where it was taken, or where it was not heard. */
async function announce(
	store: StateStore,
	client: WorkerClient,
	{ id, name = "", unannounced: address }: StoredCamera,
	signal: AbortSignal,
): Promise<string | undefined> {
	if (!address) return undefined;
	try {
		await client.announceCamera({ id, name, address }, signal);
	} catch (error) {
		if (!(error instanceof WorkerError)) throw error;
		// That the agent was unlinked is the supervisor's news, and no word on the camera.
		if (error.passing || error.code === "agent-unlinked") return undefined;
		// Said before, and the answer was lost.
		if (error.code !== "already-exists") {
			store.save({ ...store.current, cameras: store.current.cameras.filter((camera) => camera.id !== id) });
			return error.message;
		}
	}
	const cameras = store.current.cameras.map((camera) => {
		const { unannounced, ...told } = camera;
		return camera.id === id ? told : camera;
	});
	store.save({ ...store.current, cameras });
	return undefined;
}
