import type { StreamAddress } from "@mivisus/wire/signed";
import type { BroadcastClock } from "../publish/media.ts";
import { CameraError } from "../rtsp/errors.ts";
import { type ServiceAddress, serviceAt, streamAt } from "./address.ts";
import { plainText } from "./answer.ts";
import { type Credentials, DEVICE, Device, DeviceFault } from "./device.ts";
import { deviceService, type FoundCamera } from "./discover.ts";
import { DESCRIBE_MS } from "./limits.ts";
import { choosePictures, type Profile, readProfiles } from "./profiles.ts";
import { escapeXml, findAll, textAt, type XmlElement } from "./xml.ts";

const MEDIA = {
	1: "http://www.onvif.org/ver10/media/wsdl",
	2: "http://www.onvif.org/ver20/media/wsdl",
} as const;

/** What a camera says of itself, and where its streams are. */
export interface Description {
	maker: string;
	model: string;
	/** What its clock is ahead of ours, ms. */
	clockOffsetMs: number;
	streams: { main: StreamAddress; sub?: StreamAddress };
	/** Everything it offers. */
	profiles: Profile[];
	/** Its lenses or channels, as {@link DescribeOptions.source} wants them; a plain camera has one. */
	sources: string[];
	/** Where it gives a still picture of the main stream. */
	snapshot?: ServiceAddress;
}
export interface DescribeOptions {
	signal: AbortSignal;
	clock: BroadcastClock;
	/** Which of several lenses or channels; by default the first. */
	source?: string | undefined;
}

/**
 * Asks a camera for its streams. All addresses in the answer are at the host that was asked. Rejects with CameraError in
 * words for its owner: unreachable, refused (the password was tried once), or nothing to show.
 */
export async function describe(
	camera: FoundCamera | { host: string; port?: number },
	credentials: Credentials,
	{ signal, clock, source }: DescribeOptions,
): Promise<Description> {
	const at = "xaddrs" in camera ? camera.xaddrs[0]! : deviceService(camera.host, camera.port);
	const timeout = AbortSignal.timeout(DESCRIBE_MS);
	const device = new Device({ credentials, clock, signal: AbortSignal.any([signal, timeout]) });
	try {
		return await inquire(device, at, clock, source);
	} catch (error) {
		if (timeout.aborted && !signal.aborted) {
			throw new CameraError("camera-unreachable", "The camera answers too slowly.");
		}
		if (!(error instanceof DeviceFault)) throw error;
		throw new CameraError("stream-unsupported", `The camera does not tell its streams by ONVIF: ${error.message}`);
	}
}

async function inquire(device: Device, at: ServiceAddress, clock: BroadcastClock, wanted: string | undefined) {
	device.clockOffsetMs = await clockOffset(device, at, clock);
	const about = await device.ask(at, { service: DEVICE, operation: "GetDeviceInformation" });
	let fault = new DeviceFault("it has no service for pictures");
	for (const media of await mediaServices(device, at)) {
		try {
			return {
				maker: plainText(textAt(about, "Manufacturer")) ?? "",
				model: plainText(textAt(about, "Model")) ?? "",
				clockOffsetMs: device.clockOffsetMs,
				...(await picturesOf(device, media, wanted)),
			};
		} catch (error) {
			// Some cameras offer the second service and cannot answer there; then they are asked by the first.
			fault = faultOrThrow(error);
		}
	}
	throw fault;
}

/** Asked without credentials (ONVIF Core, section 5.9.1), because they depend on it; where refused, by the HTTP date. */
async function clockOffset(device: Device, at: ServiceAddress, clock: BroadcastClock): Promise<number> {
	let answer: XmlElement | undefined;
	try {
		answer = await device.askAnonymously(at, { service: DEVICE, operation: "GetSystemDateAndTime" });
	} catch (error) {
		faultOrThrow(error);
	}
	const utc = answer && readDateAndTime(answer);
	return utc === undefined ? (device.httpClockOffsetMs ?? 0) : utc - clock.now();
}

/** ms since 1970, or undefined where the answer holds no such time. */
export function readDateAndTime(answer: XmlElement): number | undefined {
	const field = (...names: string[]) => Number(textAt(answer, "UTCDateTime", ...names) || Number.NaN);
	const [year, month, day] = [field("Date", "Year"), field("Date", "Month"), field("Date", "Day")];
	const [hour, minute, second] = [field("Time", "Hour"), field("Time", "Minute"), field("Time", "Second")];
	// Later than that, a Date could not be written as a token wants it.
	const fits = year >= 1970 && year < 10_000;
	const ms = Date.UTC(year, month - 1, day, hour, minute, second);
	return fits && Number.isFinite(ms) ? ms : undefined;
}

interface MediaService {
	version: 1 | 2;
	at: ServiceAddress;
}

/** Media services, the newer one first: only it knows H.265. */
async function mediaServices(device: Device, at: ServiceAddress): Promise<MediaService[]> {
	const question = { service: DEVICE, operation: "GetServices", inner: "<IncludeCapability>false</IncludeCapability>" };
	try {
		const services = findAll(await device.ask(at, question), "Service");
		const found = ([2, 1] as const).flatMap((version) => {
			const service = services.find((one) => textAt(one, "Namespace") === MEDIA[version]);
			const own = service && serviceAt(textAt(service, "XAddr"), at);
			return own ? [{ version, at: own }] : [];
		});
		if (found.length > 0) return found;
	} catch (error) {
		faultOrThrow(error);
	}
	// Devices from before 2011 do not know that question.
	const inner = "<Category>Media</Category>";
	const capabilities = await device.ask(at, { service: DEVICE, operation: "GetCapabilities", inner });
	const own = serviceAt(textAt(capabilities, "Media", "XAddr"), at);
	return own ? [{ version: 1, at: own }] : [];
}

async function picturesOf(device: Device, media: MediaService, wanted: string | undefined) {
	const { version, at } = media;
	const inner = version === 2 ? "<Type>VideoSource</Type><Type>VideoEncoder</Type>" : "";
	const profiles = readProfiles(await device.ask(at, { service: MEDIA[version], operation: "GetProfiles", inner }));
	const sources = [...new Set(profiles.map(({ source }) => source))];
	const { main, sub } = choosePictures(profiles, wanted ?? sources[0] ?? "");
	if (!main) throw new DeviceFault("it offers no picture in H.264, H.265 or JPEG");
	const mainStream = await streamUri(device, media, main);
	const subStream = sub && (await streamUri(device, media, sub).catch(unlessOptional));
	const snapshot = await snapshotUri(device, media, main).catch(unlessOptional);
	const different = subStream && (subStream.path !== mainStream.path || subStream.port !== mainStream.port);
	return {
		streams: different ? { main: mainStream, sub: subStream } : { main: mainStream },
		profiles,
		sources,
		...(snapshot ? { snapshot } : {}),
	};
}

/** A camera without a second stream or a still picture is a camera all the same. */
const unlessOptional = (error: unknown): undefined => void faultOrThrow(error);

/** The camera cannot do that one thing; what concerns everything (no answer, a refused password) is thrown on. */
function faultOrThrow(error: unknown): DeviceFault {
	if (error instanceof DeviceFault) return error;
	if (error instanceof CameraError && error.code === "stream-unsupported") return new DeviceFault(error.message);
	throw error;
}

async function streamUri(device: Device, { version, at }: MediaService, { token }: Profile): Promise<StreamAddress> {
	const profile = `<ProfileToken>${escapeXml(token)}</ProfileToken>`;
	const schema = 'xmlns="http://www.onvif.org/ver10/schema"';
	const setup = `<StreamSetup><Stream ${schema}>RTP-Unicast</Stream><Transport ${schema}><Protocol>RTSP</Protocol></Transport></StreamSetup>`;
	const inner = version === 2 ? `<Protocol>RTSP</Protocol>${profile}` : `${setup}${profile}`;
	const answer = await device.ask(at, { service: MEDIA[version], operation: "GetStreamUri", inner });
	const stream = streamAt(textAt(answer, "Uri"), at.host);
	if (!stream) throw new DeviceFault("it names no address of its stream");
	return stream;
}

async function snapshotUri(device: Device, { version, at }: MediaService, { token }: Profile) {
	const inner = `<ProfileToken>${escapeXml(token)}</ProfileToken>`;
	const answer = await device.ask(at, { service: MEDIA[version], operation: "GetSnapshotUri", inner });
	return serviceAt(textAt(answer, "Uri"), at);
}
