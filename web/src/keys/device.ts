import { exportKey, newSignKeys } from "@mivisus/wire/keys";
import type { Device, Vault } from "./vault.ts";

/** This browser's keys for `account`, made at the first call. Rejects where the browser knows no Ed25519 or X25519. */
export async function deviceFor(vault: Vault, account: string): Promise<Device> {
	const known = await vault.device(account);
	if (known) return known;
	const sign = await newSignKeys(false);
	const seal = (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
	const device: Device = {
		account,
		sign,
		seal,
		signKey: await exportKey("raw", sign.publicKey),
		sealKey: await exportKey("raw", seal.publicKey),
		counter: 0,
	};
	await vault.saveDevice(device);
	return device;
}

/** Whether the browser promised not to evict the keys. */
export async function askPersistence(): Promise<boolean> {
	try {
		return (await navigator.storage?.persist?.()) ?? false;
	} catch {
		return false;
	}
}

/** What a person would call this browser: "Firefox on Linux". */
export function browserLabel(userAgent: string): string {
	const browser =
		[
			["Edg/", "Edge"],
			["OPR/", "Opera"],
			["Firefox/", "Firefox"],
			["Chrome/", "Chrome"],
			["Safari/", "Safari"],
		].find(([mark]) => userAgent.includes(mark ?? ""))?.[1] ?? "Browser";
	const system = [
		["iPhone", "iPhone"],
		["iPad", "iPad"],
		["Android", "Android"],
		["Windows", "Windows"],
		["Mac OS", "Mac"],
		["CrOS", "ChromeOS"],
		["Linux", "Linux"],
	].find(([mark]) => userAgent.includes(mark ?? ""))?.[1];
	return system ? `${browser}, ${system}` : browser;
}
