import { hostText } from "@mivisus/wire/address";
import { hostOf, isLinkLocalV6, type ServiceAddress, sameHost, serviceAt } from "./address.ts";
import { MAX_FOUND, MAX_FOUND_PER_HOST } from "./limits.ts";
import { type HeardAnswer, type SearchOptions, search } from "./search.ts";

/** A camera that answered. All but the host of its addresses is its own claim. */
export interface FoundCamera {
	/** Endpoint reference: what it calls itself in discovery, by which it is found again at another address. */
	device: string;
	/** For people. */
	name: string;
	maker?: string;
	hardware?: string;
	location?: string;
	/** Where it answers questions: the address that it was heard from. */
	address: { host: string; port: number };
	/** The same with path, as often as it offers it; the first is the one to ask. */
	xaddrs: ServiceAddress[];
}

/** Path that the ONVIF Core Specification prescribes, section 5.1.1. */
const DEVICE_PATH = "/onvif/device_service";
export const deviceService = (host: string, port = 80): ServiceAddress => ({
	scheme: "http",
	host,
	port,
	path: DEVICE_PATH,
});

/** Equal for equal references; cameras change the case of theirs with their firmware. */
export const deviceKey = (reference: string): string => reference.trim().toLowerCase();

/**
 * Looks for ONVIF cameras on every network of this machine, for {@link SEARCH_MS}. Each is given once, as soon as it has
 * answered; one that answers by IPv6 alone comes last, because its IPv4 address is the better one and may still turn up.
 * Two devices that claim one reference and do not name each other's address are both given: some makers give all their
 * cameras the same reference, and a liar must not hide a camera. Never throws; its sockets are closed when the loop over
 * it ends.
 */
export async function* discover(options: SearchOptions): AsyncGenerator<FoundCamera, void, void> {
	const stop = new AbortController();
	const signal = AbortSignal.any([options.signal, stop.signal]);
	const findings = new Findings();
	const ready: FoundCamera[] = [];
	let wake = () => {};
	let done = false;
	const searching = search({ ...options, signal }, (answer) => {
		const camera = findings.add(answer);
		if (camera) ready.push(camera);
		wake();
	}).then(() => {
		ready.push(...findings.byIpv6Alone());
		done = true;
		wake();
	});
	try {
		for (;;) {
			const next = ready.shift();
			if (next) yield next;
			else if (done) return;
			else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
	} finally {
		stop.abort();
		await searching;
	}
}

/** Tells new cameras from those that were heard before. */
class Findings {
	#count = 0;
	#byHost = new Map<string, number>();
	/** Cameras heard by IPv4, by their reference: the host of each, and the hosts that it names. */
	#ipv4 = new Map<string, { host: string; named: Set<string> }[]>();
	#ipv6 = new Map<string, HeardAnswer>();

	/** The camera behind `answer`, if it is to be given now. */
	add(answer: HeardAnswer): FoundCamera | undefined {
		const { host } = answer;
		const key = deviceKey(referenceOf(answer));
		if (host.includes(":")) {
			const before = this.#ipv6.get(key);
			const better = before ? isLinkLocalV6(before.host) && !isLinkLocalV6(host) : this.#hasRoom(host);
			if (better) this.#ipv6.set(key, answer);
			return undefined;
		}
		const named = new Set(answer.named.map(hostOf).filter((one) => one !== undefined));
		const twins = this.#ipv4.get(key) ?? [];
		const isKnown = twins.some((twin) => twin.host === host || (twin.named.has(host) && named.has(twin.host)));
		if (isKnown || !this.#hasRoom(host)) return undefined;
		this.#ipv4.set(key, [...twins, { host, named }]);
		return foundCamera(answer);
	}
	/** Those that were not heard by IPv4. */
	byIpv6Alone(): FoundCamera[] {
		return [...this.#ipv6].filter(([key]) => !this.#ipv4.has(key)).map(([, answer]) => foundCamera(answer));
	}
	/** Counts one more device of `host`, if the limits allow it. */
	#hasRoom(host: string): boolean {
		const ofHost = this.#byHost.get(host) ?? 0;
		if (this.#count >= MAX_FOUND || ofHost >= MAX_FOUND_PER_HOST) return false;
		this.#count += 1;
		this.#byHost.set(host, ofHost + 1);
		return true;
	}
}

/** A device that gives no reference is known by its address. */
const referenceOf = ({ device, host }: HeardAnswer): string => device ?? host;

function foundCamera(answer: HeardAnswer): FoundCamera {
	const { host, named, hardware, maker, location } = answer;
	const all = named.flatMap((text) => {
		const one = serviceAt(text, { host });
		// What it names at its own address knows the port; plain HTTP first, because no certificate could be checked.
		return one ? [{ one, rank: Number(sameHost(hostOf(text) ?? "", host)) * 2 + Number(one.scheme === "http") }] : [];
	});
	const ranked = all.toSorted((a, b) => b.rank - a.rank).map(({ one }) => one);
	const different = ranked.filter((one, index) => index === ranked.findIndex((other) => sameService(one, other)));
	const xaddrs = different.length > 0 ? different : [deviceService(host)];
	const { port } = xaddrs[0]!;
	return {
		device: referenceOf(answer),
		name: answer.name ?? hardware ?? maker ?? "Camera",
		...(maker === undefined ? {} : { maker }),
		...(hardware === undefined ? {} : { hardware }),
		...(location === undefined ? {} : { location }),
		address: { host, port },
		xaddrs,
	};
}

const sameService = (a: ServiceAddress, b: ServiceAddress) =>
	a.scheme === b.scheme && a.port === b.port && a.path === b.path;

/** One line for people, with the address, so not for a log. */
export function describeInWords({ name, maker, hardware, location, address }: FoundCamera): string {
	const made = [maker, hardware].filter((word) => word !== undefined && word !== name).join(" ");
	return `${name}${made ? ` (${made})` : ""}${location ? `, ${location}` : ""}, at ${hostText(address.host)}`;
}
