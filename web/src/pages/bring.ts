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
