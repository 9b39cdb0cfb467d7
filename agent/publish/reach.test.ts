import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeCertificate } from "@mivisus/transport/certificate";
import { Http3Server } from "@mivisus/transport/http3/server";
import type { Session, SessionServer } from "@mivisus/transport/port";
import { TcpServer } from "@mivisus/transport/tcp/server";
import { toBase64Url } from "@mivisus/wire/ids";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RelayAccess } from "../worker-client.ts";
import { Reach } from "./reach.ts";

/** A UDP port where packets arrive and nothing ever answers: a network that swallows QUIC. */
let swallowing: Socket;
let swallowed = 0;
let tcp: TcpServer;
let nowMs = 1_000_000;
const sessions: Session[] = [];
const never = new AbortController().signal;

async function admitAll(server: SessionServer): Promise<void> {
	for (let request = await server.next(); request; request = await server.next()) sessions.push(await request.accept());
}
beforeEach(async () => {
	swallowed = 0;
	swallowing = createSocket("udp4").on("message", () => {
		swallowed += 1;
	});
	await new Promise<void>((bound) => swallowing.bind(0, "127.0.0.1", bound));
	const http = createServer();
	await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
	tcp = new TcpServer(http);
	void admitAll(tcp);
});
afterEach(() => {
	for (const session of sessions.splice(0)) session.close(0, "");
	swallowing.close();
	tcp.close();
});
const access = (udpPort: number, hash = ""): RelayAccess => ({
	token: "token",
	url: `https://127.0.0.1:${udpPort}/root`,
	tcpUrl: `ws://127.0.0.1:${tcp.port}/root`,
	certificateHashes: hash ? [hash] : [],
	untilMs: 0,
});

it("goes by TCP where UDP is swallowed, at once the next time, and tries UDP again after a while", async () => {
	const reach = new Reach(() => nowMs);
	const { port } = swallowing.address();
	const begun = performance.now();
	const first = await reach.connect(access(port), never);
	expect([first.transport, first.path, first.query.get("jwt")]).toEqual(["tcp", "/root", "token"]);
	expect(performance.now() - begun).toBeLessThan(3000);
	const heard = swallowed;
	expect(heard).toBeGreaterThan(0);

	const again = await reach.connect(access(port), never);
	expect(again.transport).toBe("tcp");
	nowMs += 600_001;
	const later = await reach.connect(access(port), never);
	expect(later.transport).toBe("tcp");
	expect(swallowed).toBeGreaterThan(heard);
	for (const session of [first, again, later]) session.close(0, "");
});
it("stays on UDP where it is open", async () => {
	const certificate = await makeCertificate({ hosts: ["127.0.0.1"] });
	const udp = await Http3Server.listen({ port: 0, ...certificate });
	void admitAll(udp);
	const session = await new Reach(() => nowMs).connect(access(udp.port, toBase64Url(certificate.sha256)), never);
	expect(session.transport).toBe("http3");
	session.close(0, "");
});
it("knows no other way where the service names none, and says why that one is closed", async () => {
	const { tcpUrl: _, ...udpAlone } = access((swallowing.address() as AddressInfo).port);
	const error = await new Reach(() => nowMs).connect(udpAlone, never).catch((e) => e);
	expect(error.message).toContain("no answer within 3 s");
	expect(error.message).not.toContain("token");
});
it("gives up when it is told to", async () => {
	const leaving = new AbortController();
	const connecting = new Reach(() => nowMs).connect(access(swallowing.address().port), leaving.signal);
	leaving.abort(new Error("gone"));
	await expect(connecting).rejects.toThrow("gone");
});
