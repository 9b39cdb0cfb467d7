import { displayPath } from "@mivisus/wire/address";
import type { CameraAccess } from "@mivisus/wire/signed";
import { createSignal } from "solid-js";
import type { Address } from "../api/answers.ts";
import type { Key } from "../i18n/index.ts";
import { formatAddress, parseAddress, type TypedAddress } from "../keys/address.ts";

/** The second stream as typed: a path belongs to the camera of the first one. User and password are the first one's. */
function secondStream(typed: string, first: Address): Address | undefined | "bad" {
	const text = typed.trim();
	if (text === "") return undefined;
	const whole = text.startsWith("/") ? formatAddress({ ...first, path: text }) : text;
	const parsed = parseAddress(whole);
	return parsed && parsed.user === undefined ? parsed.address : "bad";
}

/** What a person typed to reach a camera: it exists in this page until it is sealed, and nowhere else in clear. */
export function typedAccess(shown?: Address) {
	const [address, setAddress] = createSignal(shown ? formatAddress(shown) : "");
	const [user, setUser] = createSignal("");
	const [password, setPassword] = createSignal("");
	const [sub, setSub] = createSignal("");
	const [certificate, setCertificate] = createSignal("");
	const [split, setSplit] = createSignal(false);
	const [fault, setFault] = createSignal<Key>();
	const [subFault, setSubFault] = createSignal<Key>();
	const [certificateFault, setCertificateFault] = createSignal<Key>();

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
		/** The camera's second stream: an address, or a path on the same camera; empty where there is none. */
		sub,
		setSub(text: string): void {
			setSub(text);
			setSubFault(undefined);
		},
		subFault,
		/** SHA-256 of the camera's certificate, as people copy it: with or without colons. */
		certificate,
		setCertificate(text: string): void {
			setCertificate(text);
			setCertificateFault(undefined);
		},
		certificateFault,
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
			const second = typed && secondStream(sub(), typed.address);
			setSubFault(second === "bad" ? "add.badSub" : undefined);
			const fingerprint = certificate().replace(/[\s:]/g, "").toLowerCase();
			const odd = fingerprint !== "" && !/^[0-9a-f]{64}$/.test(fingerprint);
			setCertificateFault(odd ? "add.badCertificate" : undefined);
			if (!typed || struckOut || second === "bad" || odd) return undefined;
			if (typed.user !== undefined) separate(typed);
			const url = typed.address;
			return {
				access: {
					v: 1,
					url,
					...(second && { sub: second }),
					...(fingerprint !== "" && { certificate: fingerprint }),
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
			for (const set of [setAddress, setUser, setPassword, setSub, setCertificate]) set("");
			setSplit(false);
			for (const set of [setFault, setSubFault, setCertificateFault]) set(undefined);
		},
	};
}
export type TypedAccess = ReturnType<typeof typedAccess>;
