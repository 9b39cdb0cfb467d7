import { createHash } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** A picture that the device offers. */
export interface ScriptedProfile {
	token: string;
	/** As the service writes it: `H264`, `H265`, `JPEG`, `MPV4-ES`; without: a profile that encodes nothing. */
	encoding?: string;
	width?: number;
	height?: number;
	source?: string;
	/** What GetStreamUri says; by default a path of its own at the device's address. */
	uri?: string;
}

/** How an ONVIF device under test behaves. Everything left out is what a plain device does. */
export interface DeviceScript {
	/** Where it listens, by default 127.0.0.1; `fe80::1%eth0` for IPv6. Its HTTP side listens at the first. */
	addresses?: string[];
	reference?: string;
	scopes?: string[];
	/** XAddrs; by default its own address. */
	xaddrs?(own: string): string;
	/** Datagrams instead of the plain answer to a probe. */
	answers?(probe: { id: string; text: string; own: string }): (string | Buffer)[];
	/** Where it listens for probes; without, it hears none. */
	probePort?: number;
	httpPort?: number;
	/** Who may ask, and how it wants to be told; without: anybody. */
	auth?: { user: string; password: string; by: "digest" | "token" | "basic"; timeToo?: boolean };
	/** What its clock is ahead, ms. */
	clockAheadMs?: number;
	maker?: string;
	model?: string;
	/** Services that it has; by default both. */
	media?: { version: 1 | 2; profiles: ScriptedProfile[] }[];
	/** An answer of its own to a question over HTTP; false leaves it to the plain device. */
	http?(asked: Asked, response: ServerResponse): boolean;
}

/** A question over HTTP. */
export interface Asked {
	operation: string;
	path: string;
	/** Version of the media service that it went to. */
	media: 1 | 2 | undefined;
	/** How it was signed. */
	by: "nothing" | "digest" | "token" | "basic";
	text: string;
}

const GROUP = { 4: "239.255.255.250", 6: "ff02::c" } as const;
const MATCHES = "http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches";
export const H264: ScriptedProfile[] = [
	{ token: "main", encoding: "H264", width: 1920, height: 1080 },
	{ token: "sub", encoding: "H264", width: 640, height: 360 },
];

/** What a plain device answers to a probe. */
export function probeMatch(answer: { id: string; reference: string; scopes: string[]; xaddrs: string }): string {
	return `<?xml version="1.0" encoding="utf-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><SOAP-ENV:Header><wsa:MessageID>urn:uuid:00000000-0000-4000-8000-000000000001</wsa:MessageID><wsa:RelatesTo>uuid:${answer.id}</wsa:RelatesTo><wsa:Action>${MATCHES}</wsa:Action></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>${answer.reference}</wsa:Address></wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>${answer.scopes.join(" ")}</d:Scopes><d:XAddrs>${answer.xaddrs}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

/** An ONVIF device over real sockets that does what its script says; the test closes it. */
export class OnvifDevice {
	readonly asked: Asked[] = [];
	/** Probes it heard, repeats included. */
	readonly probes: string[] = [];
	readonly host: string;
	port = 0;
	#script: DeviceScript;
	#http: Server;
	#udp: UdpSocket[] = [];
	#nonce = 0;

	static async listen(script: DeviceScript): Promise<OnvifDevice> {
		const device = new OnvifDevice(script);
		await device.#listen();
		return device;
	}
	private constructor(script: DeviceScript) {
		this.#script = script;
		this.host = script.addresses?.[0] ?? "127.0.0.1";
		this.#http = createServer((request, response) => void this.#serve(request, response).catch(() => {}));
	}
	/** Its device service, as it would name it itself. */
	get own(): string {
		return `http://${this.#hostInUrl}:${this.port}/onvif/device_service`;
	}
	/** With its zone, which does not belong there: as real cameras write it. */
	get #hostInUrl(): string {
		return this.host.includes(":") ? `[${this.host}]` : this.host;
	}
	/** Operations that were asked for, in order. */
	get operations(): string[] {
		return this.asked.map(({ operation }) => operation);
	}
	async close(): Promise<void> {
		for (const socket of this.#udp) socket.close();
		this.#http.closeAllConnections();
		await new Promise((resolve) => this.#http.close(resolve));
	}
	async #listen(): Promise<void> {
		const { addresses = [this.host], probePort, httpPort = 0 } = this.#script;
		await new Promise<void>((resolve) => this.#http.listen(httpPort, this.host, resolve));
		this.port = (this.#http.address() as { port: number }).port;
		if (probePort === undefined) return;
		for (const family of [4, 6] as const) {
			const ours = addresses.filter((address) => address.includes(":") === (family === 6));
			if (ours.length === 0) continue;
			const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", reuseAddr: true, ipv6Only: family === 6 });
			this.#udp.push(socket);
			await new Promise<void>((resolve) => socket.bind(probePort, resolve));
			for (const address of ours) {
				socket.addMembership(GROUP[family], family === 4 ? address : `::%${address.split("%")[1]}`);
			}
			socket.on("message", (datagram, from) => {
				// Linux gives a group's datagrams to every socket of its port, whatever network that one joined on.
				if (ours.some((address) => networkOf(address) === networkOf(from.address))) {
					this.#hear(socket, datagram.toString(), from);
				}
			});
		}
	}
	#hear(socket: UdpSocket, text: string, from: RemoteInfo): void {
		const id = /MessageID>(?:uuid:)?([0-9a-f-]{36})</.exec(text)?.[1];
		if (id === undefined) return;
		this.probes.push(text);
		const { reference = `urn:uuid:${this.host}`, scopes = [], xaddrs, answers } = this.#script;
		const plain = { id, reference, scopes, xaddrs: xaddrs?.(this.own) ?? this.own };
		const datagrams = answers?.({ id, text, own: this.own }) ?? [probeMatch(plain)];
		for (const datagram of datagrams) socket.send(datagram, from.port, from.address, () => {});
	}
	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		let text = "";
		for await (const chunk of request) text += chunk;
		const path = request.url ?? "";
		const operation = /<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(text)?.[1] ?? "";
		const media = path === "/onvif/media" ? 1 : path === "/onvif/media2" ? 2 : undefined;
		const signed = request.headers.authorization ?? "";
		const by = /^digest /i.test(signed)
			? "digest"
			: signed
				? "basic"
				: text.includes("UsernameToken")
					? "token"
					: "nothing";
		const asked: Asked = { operation, path, media, by, text };
		this.asked.push(asked);
		if (this.#script.http?.(asked, response)) return;
		if (!this.#mayAsk(asked, signed)) return this.#refuse(response);
		const answer = this.#answer(asked);
		if (answer === undefined) return this.#fault(response, "ter:ActionNotSupported", "Optional Action Not Implemented");
		response.setHeader("Content-Type", "application/soap+xml; charset=utf-8");
		response.end(envelope(answer));
	}
	#mayAsk({ operation, by, text, path }: Asked, signed: string): boolean {
		const { auth } = this.#script;
		if (!auth || (operation === "GetSystemDateAndTime" && !auth.timeToo)) return true;
		if (by !== auth.by) return false;
		return by === "digest" ? digestFits(signed, path, auth) : by === "token" && this.#tokenFits(text, auth);
	}
	/** WS-UsernameToken Profile 1.0, section 3.1, with a time that may be five minutes off. */
	#tokenFits(text: string, { user, password }: { user: string; password: string }): boolean {
		const field = (name: string) => new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(text)?.[1] ?? "";
		const created = field("Created");
		const late = Math.abs(Date.parse(created) - Date.now() - (this.#script.clockAheadMs ?? 0));
		const secret = Buffer.concat([Buffer.from(field("Nonce"), "base64"), Buffer.from(created + password, "utf8")]);
		const wanted = createHash("sha1").update(secret).digest("base64");
		return field("Username") === escapeText(user) && field("Password") === wanted && late < 300_000;
	}
	#refuse(response: ServerResponse): void {
		const { auth } = this.#script;
		if (auth?.by === "token") {
			this.#fault(response, "ter:NotAuthorized", "Sender not authorized");
			return;
		}
		this.#nonce += 1;
		const challenge =
			auth?.by === "basic" ? 'Basic realm="cam"' : `Digest realm="cam", nonce="n${this.#nonce}", qop="auth"`;
		response.writeHead(401, { "WWW-Authenticate": challenge }).end();
	}
	#fault(response: ServerResponse, code: string, reason: string): void {
		response.writeHead(400, { "Content-Type": "application/soap+xml" });
		response.end(
			envelope(
				`<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`,
			),
		);
	}
	#answer({ operation, media, text }: Asked): string | undefined {
		const { maker = "Scripted", model = "One" } = this.#script;
		const services = this.#script.media ?? [{ version: 1, profiles: H264 }];
		const origin = this.own.slice(0, this.own.indexOf("/onvif"));
		const path = (version: number) => `/onvif/media${version === 2 ? "2" : ""}`;
		const ns = (version: number) => `http://www.onvif.org/ver${version}0/media/wsdl`;
		const profiles = services.find(({ version }) => version === media)?.profiles ?? [];
		const token = /ProfileToken>([^<]*)</.exec(text)?.[1] ?? "";
		const profile = profiles.find((one) => escapeText(one.token) === token);
		const uri = (kind: string) =>
			`<Uri>${escapeText(profile?.uri ?? `rtsp://${this.#hostInUrl}:554/${kind}/${token}`)}</Uri>`;
		const response = (inner: string) => `<t:${operation}Response xmlns:t="urn:any">${inner}</t:${operation}Response>`;
		switch (operation) {
			case "GetSystemDateAndTime":
				return response(dateAndTime(new Date(Date.now() + (this.#script.clockAheadMs ?? 0))));
			case "GetDeviceInformation":
				return response(`<tds:Manufacturer>${maker}</tds:Manufacturer><tds:Model>${model}</tds:Model>`);
			case "GetServices": {
				const service = (namespace: string, xaddr: string) =>
					`<tds:Service><tds:Namespace>${namespace}</tds:Namespace><tds:XAddr>${xaddr}</tds:XAddr></tds:Service>`;
				const media = services.map(({ version }) => service(ns(version), `${origin}${path(version)}`));
				return response([service("http://www.onvif.org/ver10/device/wsdl", this.own), ...media].join(""));
			}
			case "GetProfiles":
				return media && response(profiles.map(media === 1 ? profileOfMedia1 : profileOfMedia2).join(""));
			case "GetStreamUri":
				return profile && response(media === 1 ? `<MediaUri>${uri("stream")}</MediaUri>` : uri("stream"));
			case "GetSnapshotUri": {
				const still = `<Uri>${origin}/still/${token}</Uri>`;
				return profile && response(media === 1 ? `<MediaUri>${still}</MediaUri>` : still);
			}
			default:
				return undefined;
		}
	}
}

/** `10.77.1` of `10.77.1.2`; the interface of an IPv6 link-local address. */
const networkOf = (address: string) => address.split("%")[1] ?? address.slice(0, address.lastIndexOf("."));
const escapeText = (text: string) => text.replace(/[<>&"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const envelope = (body: string) =>
	`<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>${body}</s:Body></s:Envelope>`;

function dateAndTime(at: Date): string {
	const time = `<tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time>`;
	const date = `<tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date>`;
	return `<tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:UTCDateTime>${time}${date}</tt:UTCDateTime></tds:SystemDateAndTime>`;
}

const encoder = ({ encoding, width = 0, height = 0 }: ScriptedProfile) =>
	`<tt:Encoding>${encoding}</tt:Encoding><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution>`;
const sourceOf = ({ source = "source1" }: ScriptedProfile) => `<tt:SourceToken>${source}</tt:SourceToken>`;

const profileOfMedia1 = (profile: ScriptedProfile) =>
	`<trt:Profiles xmlns:trt="http://www.onvif.org/ver10/media/wsdl" token="${escapeText(profile.token)}"><tt:Name>${escapeText(profile.token)}</tt:Name><tt:VideoSourceConfiguration token="v">${sourceOf(profile)}</tt:VideoSourceConfiguration>${profile.encoding ? `<tt:VideoEncoderConfiguration token="e">${encoder(profile)}</tt:VideoEncoderConfiguration>` : ""}</trt:Profiles>`;

const profileOfMedia2 = (profile: ScriptedProfile) =>
	`<tr2:Profiles xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" token="${escapeText(profile.token)}"><tr2:Name>${escapeText(profile.token)}</tr2:Name>${profile.encoding ? `<tr2:Configurations><tr2:VideoSource token="v">${sourceOf(profile)}</tr2:VideoSource><tr2:VideoEncoder token="e">${encoder(profile)}</tr2:VideoEncoder></tr2:Configurations>` : ""}</tr2:Profiles>`;

/** Checks a digest (RFC 7616) by its words and not by the agent's code. */
function digestFits(header: string, path: string, { user, password }: { user: string; password: string }): boolean {
	const field = (name: string) => new RegExp(`[ ,]${name}="?([^",]*)`).exec(header)?.[1] ?? "";
	const h = (text: string) => createHash("md5").update(text, "utf8").digest("hex");
	const secret = `${h(`${user}:cam:${password}`)}:${field("nonce")}:${field("nc")}:${field("cnonce")}:auth`;
	return field("uri") === path && field("response") === h(`${secret}:${h(`POST:${path}`)}`);
}
