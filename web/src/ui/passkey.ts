import {
	browserSupportsWebAuthn,
	startAuthentication,
	startRegistration,
	WebAuthnError,
} from "@simplewebauthn/browser";
import type { Problem, Result } from "../api/client.ts";

/** Whether this browser has passkeys, here. */
export const passkeysWork = (): boolean => browserSupportsWebAuthn() && isSecureContext;

type Asked = Result<{ options: { challenge: string } }>;
/** What came of asking the device: its answer, a problem, or nothing because the person thought better of it. */
export type DeviceAnswer = { answer: unknown } | { problem: Problem } | undefined;

async function ask(asked: Asked, use: (options: never) => Promise<unknown>): Promise<DeviceAnswer> {
	if (asked.kind === "problem") return { problem: asked.problem };
	if (asked.kind === "aborted") return undefined;
	try {
		return { answer: await use(asked.value.options as never) };
	} catch (error) {
		const { name } = error as Error;
		const cause = error instanceof WebAuthnError ? (error.cause as Error | undefined)?.name : undefined;
		if ([name, cause].some((each) => each === "NotAllowedError" || each === "AbortError")) return undefined;
		const known = name === "InvalidStateError" || cause === "InvalidStateError";
		return { problem: { code: known ? "passkey-exists" : "passkey-failed", status: 0, detail: "" } };
	}
}
/** Has the device answer for a passkey of its own. */
export const askDevice = (asked: Asked): Promise<DeviceAnswer> =>
	ask(asked, (optionsJSON) => startAuthentication({ optionsJSON }));
/** Has the device make a passkey. */
export const makePasskey = (asked: Asked): Promise<DeviceAnswer> =>
	ask(asked, (optionsJSON) => startRegistration({ optionsJSON }));
