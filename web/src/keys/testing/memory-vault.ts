import type { Device, Pin, Vault } from "../vault.ts";

/** The vault's contract in memory. */
export class MemoryVault implements Vault {
	#devices = new Map<string, Device>();
	#pins = new Map<string, Pin>();
	device = async (account: string) => this.#devices.get(account);
	saveDevice = async (device: Device) => void this.#devices.set(device.account, device);
	nextCounter = async (account: string) => ++this.#devices.get(account)!.counter;
	pin = async (agentId: string) => this.#pins.get(agentId);
	pins = async (account: string) => [...this.#pins.values()].filter((pin) => pin.account === account);
	savePin = async (pin: Pin) => void this.#pins.set(pin.agentId, pin);
	forgetPin = async (agentId: string) => void this.#pins.delete(agentId);
}
