import { CameraSource } from "@mivisus/agent/camera";
import type { Step } from "@mivisus/agent/rtsp/trace";
import { HeldClock } from "@mivisus/agent/testing/held-clock";
import { afterEach, expect } from "vitest";
import { type Script, ScriptedCamera } from "./scripted.ts";
import { Witness } from "./witness.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

export interface Setting {
	transport?: "auto" | "tcp" | "udp";
	user?: string;
	password?: string;
	path?: string;
	host?: string;
	/** `rtsps`: the certificate that the owner accepted. */
	certificate?: string;
}
/** A scripted camera and a source that reads it. */
export async function watch(script: Script, setting: Setting = {}) {
	const { transport = "tcp", user, password, certificate, path = "/live", host = "127.0.0.1" } = setting;
	const camera = await ScriptedCamera.listen({ play: (peer) => peer.frames(peer.media.gop(10)), ...script });
	const clock = new HeldClock();
	const witness = new Witness();
	const url = { scheme: script.tls ? ("rtsps" as const) : ("rtsp" as const), host, port: camera.port, path };
	const access = {
		v: 1 as const,
		url,
		...(user === undefined ? {} : { user }),
		...(password === undefined ? {} : { password }),
		...(certificate === undefined ? {} : { certificate }),
	};
	const trace = (step: Step) => void witness.steps.push(step);
	const source = new CameraSource({ access, transport, clock, log: witness.log, trace, random: () => 0 });
	source.start(witness.listener);
	ends.push(
		() => camera.close(),
		() => source.stop(),
	);
	return { camera, clock, witness, source };
}
export const shows = async (script: Script, setting?: Setting) => {
	const watched = await watch(script, setting);
	await watched.witness.until(({ pictures }) => pictures.length >= 9);
	expect(watched.witness.states).toEqual(["waiting", "live"]);
	return watched;
};
/** The camera gives no picture: which state that is, and its words. */
export async function fails(script: Script, setting?: Setting) {
	const watched = await watch(script, setting);
	await watched.witness.until(({ states }) => states.length > 1);
	return { ...watched, state: watched.witness.states.at(-1), words: watched.witness.details.at(-1) ?? "" };
}
/** One challenge. */
export const digest = (realm = "cam", more = "") => `Digest realm="${realm}", nonce="abc"${more}`;
