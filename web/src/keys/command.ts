import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { sealCamera } from "@mivisus/wire/seal";
import { CameraAccess, Command, Domain, signStatement } from "@mivisus/wire/signed";
import type { Agent } from "../api/answers.ts";
import type { Pin, Vault } from "./vault.ts";

/** Whether the cloud still shows the keys that this browser pinned for an agent. */
export const sameKeys = (pin: Pin, agent: Pick<Agent, "signKey" | "sealKey">): boolean =>
	pin.signKey === agent.signKey && pin.sealKey === agent.sealKey;

type Order = Pick<Command, "type" | "camera"> & Partial<Pick<Command, "sealed" | "on">>;

/** An order to a pinned agent, signed by this browser. */
export async function signCommand(vault: Vault, pin: Pin, order: Order, nowMs = Date.now()): Promise<string> {
	const device = await vault.device(pin.account);
	if (!device) throw new Error("this browser has no device keys for the account");
	const command = Command.parse({
		v: 1,
		id: newId(),
		agent: pin.agentId,
		device: pin.deviceId,
		counter: await vault.nextCounter(pin.account),
		iat: Math.floor(nowMs / 1000),
		...order,
	});
	return signStatement(device.sign.privateKey, Domain.command, command);
}

/** `camera.set`, with the access sealed to the pinned key: the cloud carries it and cannot read it. */
export async function signCameraAccess(vault: Vault, pin: Pin, camera: string, access: CameraAccess): Promise<string> {
	const plain = new TextEncoder().encode(JSON.stringify(CameraAccess.parse(access)));
	const context = { account: pin.account, agent: pin.agentId, camera };
	const sealed = toBase64Url(await sealCamera(fromBase64Url(pin.sealKey), context, plain));
	return signCommand(vault, pin, { type: "camera.set", camera, sealed });
}
