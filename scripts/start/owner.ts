import { agentFingerprint, makeEnrolmentMac, parseEnrolmentFragment } from "@mivisus/wire/enrolment";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { exportKey, newSignKeys } from "@mivisus/wire/keys";
import { newSealKeys, sealCamera } from "@mivisus/wire/seal";
import { type CameraAccess, type Command, Domain, signStatement } from "@mivisus/wire/signed";

/** What the demo's owner keeps between two runs of `npm start`. */
export interface OwnerState {
	signPrivate: string;
	signPublic: string;
	sealPublic: string;
	agentId: string;
	deviceId: string;
	agentSealKey: string;
	counter: number;
}

/**
 * An owner of a demo agent, speaking the same HTTP as the page: signs in, enrols the agent from its link, adds a camera
 * with a signed and sealed command. No short cut past what a person's browser must do.
 */
export class Owner {
	#origin: string;
	#cookie = "";
	accountId = "";
	constructor(origin: string) {
		this.#origin = origin;
	}
	/** The session cookie's value, for a browser that is to be the same person. */
	get cookie(): string {
		return this.#cookie.slice(this.#cookie.indexOf("=") + 1);
	}
	async signIn(email: string, password: string): Promise<void> {
		const { account } = await this.call<{ account: { id: string } }>("POST", "/session", { email, password });
		this.accountId = account.id;
	}
	async call<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
		const response = await fetch(`${this.#origin}/api${path}`, {
			method,
			headers: {
				origin: this.#origin,
				cookie: this.#cookie,
				...(body !== undefined && { "content-type": "application/json" }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		const cookie = response.headers.get("set-cookie")?.split(";")[0];
		if (cookie) this.#cookie = cookie;
		const text = await response.text();
		if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
		return (text === "" ? undefined : JSON.parse(text)) as T;
	}
	/** Enrols the agent that showed `link`. */
	async enrol(link: string, label: string): Promise<OwnerState> {
		const parts = parseEnrolmentFragment(new URL(link).hash.slice(1));
		if (!parts) throw new Error("the agent's link cannot be read");
		const agent = await this.call<{ signKey: string; sealKey: string }>("POST", "/enrolments/lookup", {
			code: parts.code,
		});
		if ((await agentFingerprint(agent.signKey, agent.sealKey)) !== parts.fingerprint)
			throw new Error("the service showed another agent");
		const sign = await newSignKeys(true);
		const deviceSignKey = await exportKey("raw", sign.publicKey);
		const deviceSealKey = toBase64Url((await newSealKeys()).publicKey);
		const claim = { account: this.accountId, fingerprint: parts.fingerprint, deviceSignKey, deviceSealKey };
		const mac = await makeEnrolmentMac(parts.secret, claim);
		const body = { code: parts.code, deviceSignKey, deviceSealKey, deviceLabel: label, mac };
		const { agentId, deviceId } = await this.call<{ agentId: string; deviceId: string }>(
			"POST",
			"/enrolments/claim",
			body,
		);
		const signPrivate = await exportKey("pkcs8", sign.privateKey);
		return {
			signPrivate,
			signPublic: deviceSignKey,
			sealPublic: deviceSealKey,
			agentId,
			deviceId,
			agentSealKey: agent.sealKey,
			counter: 0,
		};
	}
	/** Adds a camera; resolves with its id once the service has taken the command. Counts `state.counter` up. */
	async addCamera(state: OwnerState, name: string, access: CameraAccess): Promise<string> {
		const camera = newId();
		const context = { account: this.accountId, agent: state.agentId, camera };
		const plain = new TextEncoder().encode(JSON.stringify(access));
		const sealed = toBase64Url(await sealCamera(fromBase64Url(state.agentSealKey), context, plain));
		const command = await this.sign(state, { type: "camera.set", camera, sealed });
		await this.call("POST", "/cameras", { id: camera, name, agentId: state.agentId, address: access.url, command });
		return camera;
	}
	/** Signs a command with the device's key. */
	async sign(state: OwnerState, fields: Pick<Command, "type" | "camera"> & Partial<Command>): Promise<string> {
		state.counter += 1;
		const command: Command = {
			v: 1,
			id: newId(),
			agent: state.agentId,
			device: state.deviceId,
			counter: state.counter,
			iat: Math.floor(Date.now() / 1000),
			...fields,
		};
		const key = await crypto.subtle.importKey("pkcs8", fromBase64Url(state.signPrivate), { name: "Ed25519" }, false, [
			"sign",
		]);
		return signStatement(key, Domain.command, command);
	}
}
