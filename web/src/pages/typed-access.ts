import { displayPath } from "@mivisus/wire/address";
import type { CameraAccess } from "@mivisus/wire/signed";
import { createSignal } from "solid-js";
import type { Address } from "../api/answers.ts";
import type { Key } from "../i18n/index.ts";
import { formatAddress, parseAddress, type TypedAddress } from "../keys/address.ts";

/** What a person typed to reach a camera: it exists in this page until it is sealed, and nowhere else in clear. */
export function typedAccess(shown?: Address) {
	const [address, setAddress] = createSignal(shown ? formatAddress(shown) : "");
	const [user, setUser] = createSignal("");
	const [password, setPassword] = createSignal("");
	const [split, setSplit] = createSignal(false);
	const [fault, setFault] = createSignal<Key>();

	const separate = (typed: TypedAddress) => {
		setAddress(formatAddress(typed.address));
		setUser(typed.user ?? "");
		setPassword(typed.password ?? "");
		setSplit(true);
	};
	return {
		address,
		user,
		setUser,
		password,
		setPassword,
		/** User and password stood in the address and were moved to their own fields. */
		split,
		fault,
		/** A pasted URL with credentials is taken apart: what is secret goes where secrets are hidden. */
		setAddress(text: string): void {
			setAddress(text);
			setFault(undefined);
			const typed = /^\s*rtsps?:\/\//i.test(text) ? parseAddress(text) : undefined;
			if (typed?.user === undefined) return;
			if (text.trim().endsWith("@")) return;
			separate(typed);
		},
		/** The access as typed, and the address that may be shown; nothing, with a fault, where that is no address. */
		read(): { access: CameraAccess; address: Address } | undefined {
			const typed = parseAddress(address());
			// What the service shows of an address is not enough to reach the camera by.
			const struckOut = shown?.path.includes("***") === true && typed?.address.path === shown.path;
			setFault(struckOut ? "access.struckOut" : typed ? undefined : "add.badAddress");
			if (!typed || struckOut) return undefined;
			if (typed.user !== undefined) separate(typed);
			const url = typed.address;
			return {
				access: {
					v: 1,
					url,
					...(user() !== "" && { user: user() }),
					...(password() !== "" && { password: password() }),
				},
				address: { ...url, path: displayPath(url.path) },
			};
		},
		/** It has done its work: it need not wait in the page for somebody to find it. */
		forgetPassword(): void {
			setPassword("");
		},
		clear(): void {
			for (const set of [setAddress, setUser, setPassword]) set("");
			setSplit(false);
			setFault(undefined);
		},
	};
}
export type TypedAccess = ReturnType<typeof typedAccess>;
