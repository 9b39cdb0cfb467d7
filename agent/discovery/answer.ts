import { randomUUID } from "node:crypto";
import { MAX_ANSWER_BYTES, MAX_DEVICE_LENGTH, MAX_MATCHES, MAX_NAME_LENGTH, MAX_SERVICE_ADDRESSES } from "./limits.ts";
import { find, findAll, parseXml, textAt, type XmlElement } from "./xml.ts";

/** A question to all devices at once. */
export interface Probe {
	/** Without prefix; answers carry it, too. */
	id: string;
	message: Buffer;
}

/**
 * The questions that find cameras (WS-Discovery of April 2005, which ONVIF prescribes): one by the type of the ONVIF Core
 * Specification, section 7.3, and one for any device, because newer cameras answer to another type and some mistake every
 * prefix but their own (openhab-addons#9022). Both go out as often as the specification says.
 */
export function createProbes(): Probe[] {
	return ['<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>', ""].map(
		(types) => {
			const id = randomUUID();
			const message = `<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<e:Header><w:MessageID>uuid:${id}</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe>${types}</d:Probe></e:Body>
</e:Envelope>`;
			return { id, message: Buffer.from(message) };
		},
	);
}

/** What one device says of itself. Everything in it is the device's own claim. */
export interface ProbeAnswer {
	/** Endpoint reference; undefined where the device gives none. */
	device: string | undefined;
	name: string | undefined;
	maker: string | undefined;
	hardware: string | undefined;
	location: string | undefined;
	/** Addresses as the device wrote them; not to be followed as they stand. */
	named: string[];
}

/** Ids of the probes that an answer names, and the devices in it that are cameras. */
export interface ParsedAnswer {
	relatesTo: string;
	cameras: ProbeAnswer[];
}

/** Reads one datagram; what it does not understand is left out. Never throws. */
export function parseAnswer(datagram: Uint8Array): ParsedAnswer {
	if (datagram.length > MAX_ANSWER_BYTES) return { relatesTo: "", cameras: [] };
	const root = parseXml(new TextDecoder().decode(datagram));
	const cameras = findAll(root, "ProbeMatch").slice(0, MAX_MATCHES).filter(isCamera).map(readMatch);
	return { relatesTo: textAt(root, "RelatesTo").toLowerCase(), cameras };
}

/** Printers and computers speak the same protocol. */
function isCamera(match: XmlElement): boolean {
	const types = textAt(match, "Types");
	return /\bNetworkVideo(Transmitter|Storage)\b/.test(types) || /\bonvif:\/\//i.test(textAt(match, "Scopes"));
}

function readMatch(match: XmlElement): ProbeAnswer {
	const reference = find(match, "EndpointReference");
	const device = reference && textAt(reference, "Address");
	const scopes = readScopes(textAt(match, "Scopes"));
	const first = (...kinds: string[]) => kinds.map((kind) => scopes.get(kind)?.[0]).find((value) => value);
	const places = (scopes.get("location") ?? []).map((place) =>
		place.replace(/^(country|city|building|floor|room)\//i, ""),
	);
	return {
		device: device && device.length <= MAX_DEVICE_LENGTH ? device : undefined,
		name: first("name"),
		maker: first("mfr", "manufacturer"),
		hardware: first("hardware"),
		location: plainText(places.map((place) => place.replaceAll("/", ", ")).join(", ")),
		named: textAt(match, "XAddrs").split(/\s+/).filter(Boolean).slice(0, MAX_SERVICE_ADDRESSES),
	};
}

/** `onvif://www.onvif.org/KIND/VALUE` (ONVIF Core, section 7.3.2.2), values decoded, by kind in lower case. */
function readScopes(text: string): Map<string, string[]> {
	const found = new Map<string, string[]>();
	for (const [, kind, value] of text.matchAll(/onvif:\/\/www\.onvif\.org\/([A-Za-z]+)\/(\S+)/gi)) {
		const plain = plainText(decode(value!));
		if (plain) found.set(kind!.toLowerCase(), [...(found.get(kind!.toLowerCase()) ?? []), plain]);
	}
	return found;
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** A text of a camera for people to read: on one line, of bounded length, without marks that turn other text around. */
export function plainText(text: string): string | undefined {
	const line = text
		.normalize("NFC")
		.replace(/[\p{C}\p{Z}\s]+/gu, " ")
		.trim();
	return [...line].slice(0, MAX_NAME_LENGTH).join("") || undefined;
}
