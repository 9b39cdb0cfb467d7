import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBase64Url, newId, toBase64Url } from "@mivisus/wire/ids";
import { sealCamera } from "@mivisus/wire/seal";
import { createIdentity, type Identity, loadIdentity } from "../pairing/identity.ts";
import { type Device, StateStore, type StoredCamera } from "../secrets/state.ts";
import { WorkerClient } from "../worker-client.ts";

/** What an agent keeps that is linked to an account, in a folder of its own. */
export class LinkedAgent {
	readonly agentId = newId();
	readonly accountId = newId();
	readonly home: string;
	store!: StateStore;
	identity!: Identity;

	private constructor() {
		this.home = mkdtempSync(join(tmpdir(), "mivisus-linked-"));
	}
	/** `devices`: the browsers that it obeys. */
	static async create(devices: Device[] = []): Promise<LinkedAgent> {
		const agent = new LinkedAgent();
		const identity = await createIdentity();
		const enrolment = { agentId: agent.agentId, accountId: agent.accountId, devices };
		agent.store = await StateStore.open(agent.home, async () => ({ v: 1, identity, enrolment, cameras: [] }));
		agent.identity = await loadIdentity(identity);
		return agent;
	}
	/** Keeps one more camera, at this port of the loopback; resolves with its id. */
	async addCamera(fields: Partial<StoredCamera> = {}, port = 9): Promise<string> {
		const id = newId();
		const access = { v: 1, url: { scheme: "rtsp", host: "127.0.0.1", port, path: "/" } };
		const context = { account: this.accountId, agent: this.agentId, camera: id };
		const plain = new TextEncoder().encode(JSON.stringify(access));
		const ownKey = fromBase64Url(this.store.current.identity.sealPublic);
		const sealed = toBase64Url(await sealCamera(ownKey, context, plain));
		const { current } = this.store;
		this.store.save({ ...current, cameras: [...current.cameras, { id, sealed, sound: false, ...fields }] });
		return id;
	}
	/** Its client of the service at this port; by default nothing listens there. */
	client(port = 9): WorkerClient {
		const client = new WorkerClient(`http://127.0.0.1:${port}`);
		client.signer = { agentId: this.agentId, key: this.identity.signKey };
		return client;
	}
	/** What it keeps now, read again from its folder. */
	async stored() {
		return (await StateStore.open(this.home, () => Promise.reject(new Error("nothing was stored")))).current;
	}
	remove(): void {
		rmSync(this.home, { recursive: true });
	}
}
