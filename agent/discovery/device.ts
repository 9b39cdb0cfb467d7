import { createHash, randomBytes } from "node:crypto";
import type { BroadcastClock } from "../publish/media.ts";
import { Authenticator } from "../rtsp/auth.ts";
import { CameraError } from "../rtsp/errors.ts";
import type { Secret } from "../rtsp/url.ts";
import type { ServiceAddress } from "./address.ts";
import { plainText } from "./answer.ts";
import { type HttpAnswer, post } from "./http.ts";
import { escapeXml, find, parseXml, textAt, type XmlElement } from "./xml.ts";

export const DEVICE = "http://www.onvif.org/ver10/device/wsdl";
const SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
const MESSAGE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0";

export interface Credentials {
	user?: string | undefined;
	password?: Secret | undefined;
}
/** A question to one of a device's services. */
export interface Question {
	/** Namespace of the service. */
	service: string;
	operation: string;
	/** XML inside of the operation's element. */
	inner?: string;
}

/** The device understood the question and does not answer it. The reason is the camera's own, cut to one line. */
export class DeviceFault extends Error {
	override name = "DeviceFault";
}

/**
 * Asks one ONVIF device. A question goes out without credentials first; if the device wants some, it says how: by HTTP
 * digest or by WS-UsernameToken (ONVIF Core, section 5.9.1). The password goes out once in that way, as a digest and never
 * in clear; once it was refused nothing is asked any more, because cameras lock out whoever tries on.
 */
export class Device {
	/** What the device's clock is ahead of ours, ms; a token is made by its clock. */
	clockOffsetMs = 0;
	#credentials: Credentials;
	#clock: BroadcastClock;
	#signal: AbortSignal;
	#digest: Authenticator;
	#by: "nothing" | "digest" | "token" = "nothing";
	/** Credentials were asked for, given and accepted: a later refusal does not mean that they are wrong. */
	#signedIn = false;
	#refused: CameraError | undefined;
	#dateMs: number | undefined;

	constructor(options: { credentials: Credentials; clock: BroadcastClock; signal: AbortSignal }) {
		this.#credentials = options.credentials;
		this.#clock = options.clock;
		this.#signal = options.signal;
		const { user, password } = options.credentials;
		const random = () => randomBytes(12).toString("hex");
		this.#digest = new Authenticator({ user, password, random, digestOnly: true });
	}
	/** What the clock of the device's HTTP server is ahead of ours, ms, by the last answer. */
	get httpClockOffsetMs(): number | undefined {
		return this.#dateMs === undefined ? undefined : this.#dateMs - this.#clock.now();
	}
	/** Rejects with DeviceFault where the device answers with a fault, with CameraError for everything else. */
	async ask(to: ServiceAddress, question: Question): Promise<XmlElement> {
		if (this.#refused) throw this.#refused;
		let answered = 0;
		for (;;) {
			const answer = await this.#send(to, question);
			const root = parseXml(answer.body);
			if (!isUnauthorized(answer, root)) {
				this.#signedIn ||= answered > 0;
				return understood(answer, root);
			}
			this.#signInAfter(answer, answered);
			answered += 1;
		}
	}
	/** The same without ever giving credentials; undefined where they are wanted. */
	async askAnonymously(to: ServiceAddress, question: Question): Promise<XmlElement | undefined> {
		const answer = await this.#send(to, question);
		const root = parseXml(answer.body);
		return isUnauthorized(answer, root) ? undefined : understood(answer, root);
	}
	/** Chooses how to sign the next try; throws where there is none. */
	#signInAfter({ status, challenges }: HttpAnswer, answered: number): void {
		if (this.#credentials.user === undefined) {
			throw this.#refuse(`The camera answered ${status}: it asks for a user and a password.`);
		}
		const wrong = `The camera answered ${status}: wrong user or password, or this user may not ask for its streams.`;
		if (this.#by === "token") throw this.#refuse(wrong);
		const outcome = this.#digest.challenge(challenges, answered);
		if (outcome === "retry") this.#by = "digest";
		else if (this.#by === "nothing" && answered === 0) this.#by = "token";
		else throw this.#refuse(wrong);
	}
	#refuse(message: string): Error {
		if (this.#signedIn) return new DeviceFault("its user may not ask that");
		this.#refused = new CameraError("camera-refused", message);
		return this.#refused;
	}
	async #send(to: ServiceAddress, { service, operation, inner = "" }: Question): Promise<HttpAnswer> {
		const header = this.#by === "token" ? `<s:Header>${this.#token()}</s:Header>` : "";
		const body = `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">${header}<s:Body><${operation} xmlns="${service}">${inner}</${operation}></s:Body></s:Envelope>`;
		const authorization = this.#by === "digest" ? this.#digest.authorization("POST", to.path) : undefined;
		const headers = {
			"Content-Type": `application/soap+xml; charset=utf-8; action="${service}/${operation}"`,
			...(authorization === undefined ? {} : { Authorization: authorization }),
		};
		const answer = await post(to, { headers, body }, this.#signal);
		this.#dateMs = answer.dateMs;
		return answer;
	}
	/** WS-UsernameToken Profile 1.0, section 3.1; every question has its own nonce. */
	#token(): string {
		const { user = "", password } = this.#credentials;
		const nonce = randomBytes(16);
		const created = new Date(this.#clock.now() + this.clockOffsetMs).toISOString();
		const digest = createHash("sha1")
			.update(nonce)
			.update(created)
			.update(password?.reveal() ?? "", "utf8")
			.digest("base64");
		return `<Security s:mustUnderstand="1" xmlns="${SECURITY}"><UsernameToken><Username>${escapeXml(user)}</Username><Password Type="${PROFILE}#PasswordDigest">${digest}</Password><Nonce EncodingType="${MESSAGE}#Base64Binary">${nonce.toString("base64")}</Nonce><Created xmlns="${UTILITY}">${created}</Created></UsernameToken></Security>`;
	}
}

/** By HTTP, or by a fault: cameras send it with 200, 400, 401, 403 and 500, under several names. */
function isUnauthorized({ status }: HttpAnswer, root: XmlElement): boolean {
	if (status === 401) return true;
	const fault = find(root, "Fault");
	if (!fault) return status === 403;
	const words = `${codesOf(fault)} ${reasonOf(fault)}`;
	return /not\s*authori[sz]ed|unauthori[sz]ed|FailedAuthentication|FailedCheck|InvalidSecurity/i.test(words);
}

function understood({ status }: HttpAnswer, root: XmlElement): XmlElement {
	if (status >= 300 && status < 400) {
		throw new CameraError("stream-unsupported", "The camera points to another address. Please enter that one instead.");
	}
	const fault = find(root, "Fault");
	if (fault) throw new DeviceFault(plainText(reasonOf(fault) || codesOf(fault)) ?? "no reason given");
	const body = find(root, "Body");
	if (status !== 200 || !body) {
		const message = `What answers at the camera's address does not speak ONVIF (it answered ${status}).`;
		throw new CameraError("stream-unsupported", message);
	}
	return body;
}

const codesOf = (fault: XmlElement): string => {
	const code = find(fault, "Code");
	return code ? `${textAt(code, "Value")} ${textAt(code, "Subcode", "Value")}` : textAt(fault, "faultcode");
};
const reasonOf = (fault: XmlElement): string => textAt(fault, "Reason", "Text") || textAt(fault, "faultstring");
