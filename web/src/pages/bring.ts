import { newId } from "@mivisus/wire/ids";
import type { CameraAccess } from "@mivisus/wire/signed";
import type { Address } from "../api/answers.ts";
import type { Api } from "../api/client.ts";
import type { Pin, Vault } from "../keys/vault.ts";
import type { BroughtCamera } from "../ui/verdict.ts";
import { type OrderEnd, orderAccess, orderSound } from "./orders.ts";

/** Makes a camera of a copy anew at the agent of `pin`, with its sound as it was: signed orders, as for any other camera. */
export async function bringCamera(
	{ api, vault }: { api: Api; vault: Vault },
	pin: Pin,
	camera: BroughtCamera,
	{ access, address }: { access: CameraAccess; address: Address },
	signal: AbortSignal,
): Promise<OrderEnd> {
	const id = newId();
	const { name } = camera;
	const end = await orderAccess(
		{ api, vault },
		{ pin, camera: id, access },
		(command) => api.addCamera({ id, name, agentId: pin.agentId, address, command }),
		() => {},
		signal,
	);
	return end.end === "done" && camera.sound ? orderSound({ api, vault }, { pin, camera: id, on: true }, signal) : end;
}

/**
 * Which of a copy's cameras the account has already, by their ids in the copy: bringing along that broke off goes on where it
 * stopped. `undefined` when the account has a camera that is not in the copy. By name: addresses may have been typed anew.
 */
export function hereAlready(copy: readonly BroughtCamera[], names: readonly string[]): Set<string> | undefined {
	const here = new Set<string>();
	for (const name of names) {
		const match = copy.find((camera) => camera.name === name && !here.has(camera.id));
		if (!match) return undefined;
		here.add(match.id);
	}
	return here;
}
