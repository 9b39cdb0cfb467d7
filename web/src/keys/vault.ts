/**
 * What this browser alone holds: its device keys (private halves non-extractable) and the agents it pinned. IndexedDB
 * keeps CryptoKey objects as they are, so that no code of this page ever sees the private bytes.
 */
export interface Device {
	account: string;
	sign: CryptoKeyPair;
	seal: CryptoKeyPair;
	/** Raw public keys, base64url. */
	signKey: string;
	sealKey: string;
	/** The highest counter used in a signed command; an agent refuses one that does not grow. */
	counter: number;
}
/** An agent that was enrolled here: what the cloud says about its keys later is compared with this. */
export interface Pin {
	agentId: string;
	account: string;
	name: string;
	signKey: string;
	sealKey: string;
	/** What the agent calls this browser. */
	deviceId: string;
}

/** Where devices and pins are kept. */
export interface Vault {
	device(account: string): Promise<Device | undefined>;
	saveDevice(device: Device): Promise<void>;
	/** Counts up durably and returns the new value. */
	nextCounter(account: string): Promise<number>;
	pin(agentId: string): Promise<Pin | undefined>;
	pins(account: string): Promise<Pin[]>;
	savePin(pin: Pin): Promise<void>;
	forgetPin(agentId: string): Promise<void>;
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
	new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
	});
const finished = (transaction: IDBTransaction): Promise<void> =>
	new Promise((resolve, reject) => {
		transaction.oncomplete = () => resolve();
		transaction.onerror = () => reject(transaction.error);
		transaction.onabort = () => reject(transaction.error);
	});

/** The vault in IndexedDB. */
class BrowserVault implements Vault {
	#open: Promise<IDBDatabase> | undefined;

	#database(): Promise<IDBDatabase> {
		this.#open ??= new Promise((resolve, reject) => {
			const request = indexedDB.open("mivisus", 1);
			request.onupgradeneeded = () => {
				request.result.createObjectStore("devices", { keyPath: "account" });
				request.result.createObjectStore("pins", { keyPath: "agentId" });
			};
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => {
				this.#open = undefined;
				reject(request.error);
			};
		});
		return this.#open;
	}
	async #store(name: "devices" | "pins", mode: IDBTransactionMode): Promise<IDBObjectStore> {
		return (await this.#database()).transaction(name, mode, { durability: "strict" }).objectStore(name);
	}
	async #put(name: "devices" | "pins", value: unknown): Promise<void> {
		const store = await this.#store(name, "readwrite");
		store.put(value);
		await finished(store.transaction);
	}

	async device(account: string): Promise<Device | undefined> {
		return settled((await this.#store("devices", "readonly")).get(account) as IDBRequest<Device | undefined>);
	}
	saveDevice(device: Device): Promise<void> {
		return this.#put("devices", device);
	}
	async nextCounter(account: string): Promise<number> {
		const store = await this.#store("devices", "readwrite");
		const device = await settled(store.get(account) as IDBRequest<Device | undefined>);
		if (!device) throw new Error("this browser has no device keys for the account");
		device.counter += 1;
		store.put(device);
		await finished(store.transaction);
		return device.counter;
	}
	async pin(agentId: string): Promise<Pin | undefined> {
		return settled((await this.#store("pins", "readonly")).get(agentId) as IDBRequest<Pin | undefined>);
	}
	async pins(account: string): Promise<Pin[]> {
		const all = await settled((await this.#store("pins", "readonly")).getAll() as IDBRequest<Pin[]>);
		return all.filter((pin) => pin.account === account);
	}
	savePin(pin: Pin): Promise<void> {
		return this.#put("pins", pin);
	}
	async forgetPin(agentId: string): Promise<void> {
		const store = await this.#store("pins", "readwrite");
		store.delete(agentId);
		await finished(store.transaction);
	}
}

/** The page's one vault. */
export const vault: Vault = new BrowserVault();
