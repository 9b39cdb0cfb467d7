import { describeInWords, discover, type FoundCamera } from "@mivisus/agent/discovery/discover";
import { createRefinder } from "@mivisus/agent/discovery/refind";
import { afterEach, describe, expect, it } from "vitest";
import { cable, cut, House, noNetworks } from "./networks.ts";
import { type DeviceScript, OnvifDevice, probeMatch } from "./onvif.ts";
import type { ToldDevice } from "./onvif-house.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

if (noNetworks) console.log(`not run: cameras on two real networks, because ${noNetworks}`);

describe.skipIf(noNetworks)("cameras on the networks of a house", () => {
	async function house(...networks: string[]) {
		const [cameras, agent] = await Promise.all([House.start("cameras"), House.start("agent")]);
		ends.push(() => Promise.all([cameras.stop(), agent.stop()]));
		const connect = (network: string) => {
			cable(cameras, agent, network);
			const number = network.slice(1);
			agent.address(network, `10.77.${number}.1`, `fe80::${number}:1`);
			cameras.address(network, `10.77.${number}.2`, `fe80::${number}:2`);
		};
		for (const network of networks) connect(network);
		const begin = async (device: ToldDevice) => {
			cameras.tell(device);
			await cameras.until((said) => said.some(({ began }) => began === device.reference));
		};
		const found = () => agent.said.flatMap(({ found }) => (found ? [found as FoundCamera] : []));
		const done = () => agent.until((said) => said.some(({ done }) => done));
		return { cameras, agent, connect, begin, found, done };
	}
	const hosts = (found: FoundCamera[]) => found.map(({ address }) => address.host).toSorted();

	it("A05: cameras are found on every network, each once, however often it answers", async () => {
		const { agent, begin, found, done } = await house("n1", "n2");
		await begin({ addresses: ["10.77.1.2"], reference: "urn:uuid:one", name: "Door" });
		await begin({ addresses: ["10.77.2.2"], reference: "urn:uuid:two", name: "Garden" });
		agent.tell({});
		await done();
		expect(found().map(({ name, device }) => [name, device])).toEqual(
			expect.arrayContaining([
				["Door", "urn:uuid:one"],
				["Garden", "urn:uuid:two"],
			]),
		);
		expect(hosts(found())).toEqual(["10.77.1.2", "10.77.2.2"]);
	});

	it("A05: a camera that stands on both networks and names both of its addresses is one camera", async () => {
		const { agent, begin, found, done } = await house("n1", "n2");
		await begin({
			addresses: ["10.77.1.2", "10.77.2.2"],
			reference: "urn:uuid:both",
			name: "Both",
			xaddrs: "http://10.77.1.2/onvif/device_service http://10.77.2.2/onvif/device_service",
		});
		agent.tell({});
		await done();
		expect(found()).toHaveLength(1);
		expect(found()[0]?.xaddrs).toHaveLength(1);
	});

	it("A05: two cameras to which their maker gave one reference are both found", async () => {
		const { agent, begin, found, done } = await house("n1", "n2");
		await begin({ addresses: ["10.77.1.2"], reference: "urn:uuid:same", name: "A" });
		await begin({ addresses: ["10.77.2.2"], reference: "urn:uuid:same", name: "B" });
		agent.tell({});
		await done();
		expect(hosts(found())).toEqual(["10.77.1.2", "10.77.2.2"]);
	});

	it("A05: a camera that speaks IPv6 only is found with the interface that it stands at, and can be asked", async () => {
		const { agent, begin, found, done } = await house("n1", "n2");
		await begin({ addresses: ["fe80::2:2%n2"], reference: "urn:uuid:six", name: "Six" });
		agent.tell({});
		await done();
		expect(found().map(({ name, address }) => [name, address])).toEqual([["Six", { host: "fe80::2:2%n2", port: 80 }]]);
		agent.tell({ describe: found()[0] });
		await agent.until((said) => said.some(({ described }) => described));
		const main = { scheme: "rtsp", host: "fe80::2:2%n2", port: 554, path: "/stream/main" };
		expect(agent.said.at(-1)).toMatchObject({ described: { streams: { main } } });
	});

	it("A05: a network that comes up while the agent looks is asked, too, and one that vanishes disturbs nothing", async () => {
		const { cameras, agent, connect, begin, found, done } = await house("n1");
		await begin({ addresses: ["10.77.1.2"], reference: "urn:uuid:one", name: "One" });
		agent.tell({});
		await agent.until(() => found().length === 1);
		cut(cameras, "n1");
		connect("n2");
		await begin({ addresses: ["10.77.2.2"], reference: "urn:uuid:two", name: "Two" });
		await done();
		expect(found().map(({ name }) => name)).toEqual(["One", "Two"]);
	});

	it("A05: a device that claims to be ten thousand hides no other and fills no memory", async () => {
		const { agent, begin, found, done } = await house("n1", "n2");
		await begin({ addresses: ["10.77.1.2"], reference: "urn:uuid:flood", name: "Flood", behaviour: "flood" });
		await begin({ addresses: ["10.77.2.2"], reference: "urn:uuid:real", name: "Real" });
		// One process plays both, and has ten thousand answers to give before it gives the other one.
		agent.tell({ patient: true });
		await done();
		expect(found().map(({ name }) => name)).toContain("Real");
		expect(found().length).toBeLessThanOrEqual(33);
		expect(agent.said.at(-1)?.["rssMiB"]).toBeLessThan(200);
	});

	it("A06: a camera with a new address is found again by its reference", async () => {
		const { agent, begin } = await house("n1", "n2");
		await begin({ addresses: ["10.77.2.2"], reference: "urn:uuid:moved", name: "Moved" });
		await begin({ addresses: ["10.77.1.2"], reference: "urn:uuid:other", name: "Other" });
		agent.tell({ device: "URN:UUID:moved" });
		await agent.until((said) => said.some(({ refound }) => refound === "10.77.2.2"));
	});

	it("A06: where two devices claim to be the one that is looked for, neither is believed", async () => {
		const { agent, begin } = await house("n1", "n2");
		await begin({ addresses: ["10.77.1.2"], reference: "urn:uuid:mine", name: "Camera" });
		await begin({ addresses: ["10.77.2.2"], reference: "urn:uuid:mine", name: "Liar" });
		agent.tell({ device: "urn:uuid:mine" });
		await agent.until((said) => said.some((one) => "refound" in one));
		expect(agent.said.at(-1)).toEqual({ refound: null });
	});
});

describe("answers of cameras over loopback", () => {
	/** Runs three times as fast as the machine's: a look takes five seconds. */
	const clock = {
		now: Date.now,
		after: (ms: number, callback: () => void) => {
			const timer = setTimeout(callback, ms / 3);
			return () => clearTimeout(timer);
		},
	};
	const interfaces = () => [{ family: 4 as const, address: "127.0.0.1", multicast: "127.0.0.1" }];
	let port = 20_000 + Math.floor(Math.random() * 20_000);

	async function device(script: DeviceScript) {
		const device = await OnvifDevice.listen({ probePort: port, ...script });
		ends.push(() => device.close());
		return device;
	}
	/** What a look finds until `count` cameras are there. */
	async function look(count: number): Promise<FoundCamera[]> {
		const found: FoundCamera[] = [];
		for await (const camera of discover({ signal: new AbortController().signal, clock, interfaces, port })) {
			found.push(camera);
			if (found.length === count) break;
		}
		port += 1;
		return found;
	}

	it("A05: a plain camera's names are decoded, and its own words say where it stands", async () => {
		const scopes = [
			"name/Front%20door%E2%80%AE",
			"hardware/DS-2CD",
			"location/country/france",
			"mfr/Acme",
			"location/city/Le%20Mans",
		];
		const { port: http } = await device({
			reference: "urn:uuid:1",
			scopes: scopes.map((scope) => `onvif://www.onvif.org/${scope}`),
		});
		const [camera] = await look(1);
		expect(camera).toEqual({
			device: "urn:uuid:1",
			name: "Front door",
			maker: "Acme",
			hardware: "DS-2CD",
			location: "france, Le Mans",
			address: { host: "127.0.0.1", port: http },
			xaddrs: [{ scheme: "http", host: "127.0.0.1", port: http, path: "/onvif/device_service" }],
		});
		expect(describeInWords(camera!)).toBe("Front door (Acme DS-2CD), france, Le Mans, at 127.0.0.1");
	});

	it.each<[string, NonNullable<DeviceScript["answers"]>]>([
		["is cut off", (probe) => [plain(probe).slice(0, plain(probe).indexOf("</d:XAddrs>"))]],
		["closes its elements wrongly", (probe) => [plain(probe).replaceAll("</d:Types>", "</Types>")]],
		["uses a prefix that it never declared", (probe) => [plain(probe).replaceAll("wsa:", "nowhere:")]],
		["ends with zeros", (probe) => [`${plain(probe)}\0\0\0`]],
		["comes after one that is no XML at all", (probe) => [Buffer.alloc(1400, 0xff), "", "<", plain(probe)]],
		["comes after one that is too long", (probe) => [Buffer.alloc(60_000, 0x3c), plain(probe)]],
		[
			"names an old address first",
			(probe) => [plain(probe).replace("<d:XAddrs>", "<d:XAddrs>http://192.168.9.9:81/old ")],
		],
		[
			"names no readable address",
			(probe) => [plain(probe).replace(/<d:XAddrs>.*<\/d:XAddrs>/, "<d:XAddrs>:// http://[</d:XAddrs>")],
		],
		["names no question", (probe) => [plain(probe).replace(/<wsa:RelatesTo>.*<\/wsa:RelatesTo>/, "")]],
	])("A05: a camera is found whose answer %s", async (_, answers) => {
		await device({ answers });
		const found = await look(1);
		expect(found.map(({ device, address }) => [device, address.host])).toEqual([["urn:uuid:7", "127.0.0.1"]]);
	});

	it("A05: printers and computers, which answer the same question, are no cameras", async () => {
		await device({
			answers: (probe) => [
				plain(probe)
					.replaceAll("urn:uuid:7", "urn:uuid:printer")
					.replace("dn:NetworkVideoTransmitter", "wprt:PrintDeviceType"),
				plain(probe),
			],
		});
		expect((await look(1)).map(({ device }) => device)).toEqual(["urn:uuid:7"]);
	});

	it("A05: a look that is broken off ends at once and leaves nothing open", async () => {
		const abort = new AbortController();
		const looking = discover({ signal: abort.signal, clock, interfaces, port }).next();
		abort.abort();
		expect(await looking).toEqual({ done: true, value: undefined });
	});

	it("the question is repeated as SOAP-over-UDP says: three times, each with the same id", async () => {
		const camera = await device({ answers: () => [] });
		for await (const _ of discover({ signal: new AbortController().signal, clock, interfaces, port })) break;
		const ids = camera.probes.map((text) => /uuid:([0-9a-f-]{36})/.exec(text)?.[1]);
		expect(ids).toHaveLength(6);
		expect(new Set(ids).size).toBe(2);
	});

	it("A06: an answer to a question that we never asked does not move a camera", async () => {
		await device({ answers: (probe) => [plain({ ...probe, id: "00000000-0000-4000-8000-00000000dead" })] });
		const refind = createRefinder({ clock, interfaces, port });
		expect(await refind("urn:uuid:7", new AbortController().signal)).toBeUndefined();
	});

	const plain = ({ id, own }: { id: string; own: string }) =>
		probeMatch({ id, reference: "urn:uuid:7", scopes: [], xaddrs: own });
});
